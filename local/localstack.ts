import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { downloadsOf } from './install.ts';
import { kinesisFolder, placeKinesis } from './kinesis.ts';
import type { Part } from './part.ts';
import { childEnv, endpointUrl, pathsOf, type Settings } from './settings.ts';

export const localstackPart = (settings: Settings): Part => {
  const paths = pathsOf(settings);
  return {
    name: 'localstack',
    address: endpointUrl(settings),
    ports: [{ port: settings.localstackPort, setting: 'SLUICE_LOCALSTACK_PORT' }],
    logFile: join(paths.logs, 'localstack.log'),
    pidFile: join(paths.run, 'localstack.json'),
    statePath: paths.localstackData,
    persists: false,
    startDeadlineMs: 90_000,
    stopGraceMs: 10_000,
    // Kinesis is a process with a session of its own, which a killed LocalStack leaves behind.
    orphanMark: kinesisFolder(settings),
    downloads: downloadsOf(settings).localstack,
    lacks: async () => [],
    probe: () => probeLocalstack(endpointUrl(settings)),
    command: async () => {
      for (const folder of [paths.localstackData, paths.tmp, paths.cache]) mkdirSync(folder, { recursive: true });
      placeKinesis(settings);
      return {
        file: join(paths.venv, 'bin', 'python'),
        args: ['-m', 'localstack.runtime.main'],
        cwd: paths.localstackData,
        env: localstackEnv(settings),
      };
    },
  };
};

/** A healthy front door is not enough: the call goes through to a service that has to load first. */
const probeLocalstack = async (url: string): Promise<string | null> => {
  try {
    const health = await fetch(`${url}/_localstack/health`, { signal: AbortSignal.timeout(3000) });
    if (!health.ok) return `health check: ${health.status}`;
    const body: unknown = await health.json();
    if (typeof body !== 'object' || body === null || !('services' in body)) return 'something else answers on the port';
    const headers = {
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const call = await fetch(url, {
      method: 'POST',
      headers,
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      signal: AbortSignal.timeout(20_000),
    });
    return call.ok && (await call.text()).includes('000000000000') ? null : `sts:GetCallerIdentity: ${call.status}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return cause instanceof Error ? cause.message || cause.name : String(cause);
  }
};

const localstackEnv = (settings: Settings): Record<string, string> => {
  const paths = pathsOf(settings);
  return {
    ...childEnv(settings),
    GATEWAY_LISTEN: `127.0.0.1:${settings.localstackPort}`,
    // The usual host name has to be looked up in the DNS; queue URLs with the address work without a network.
    LOCALSTACK_HOST: `127.0.0.1:${settings.localstackPort}`,
    SQS_ENDPOINT_STRATEGY: 'path',
    LAMBDA_RUNTIME_EXECUTOR: 'process',
    // CloudFormation looks at what is still pending only every 5 s, in sequence: let functions and streams be ready at
    // once. The first deployment takes 30 s less.
    LAMBDA_SYNCHRONOUS_CREATE: '1',
    KINESIS_LATENCY: '0',
    SLUICE_LAMBDA_NODE: join(paths.nodeBin, 'node'),
    // Without these it may take this machine for its own container and write to /var/lib.
    OVERRIDE_IN_DOCKER: '0',
    FILESYSTEM_ROOT: paths.localstackData,
    TMPDIR: paths.tmp,
    // The plugin loader's cache: one per checkout, because the executor is.
    XDG_CACHE_HOME: paths.cache,
    // Nothing that would call home or wait for a network.
    DISABLE_EVENTS: '1',
    SKIP_SSL_CERT_DOWNLOAD: '1',
    DNS_ADDRESS: '0',
    PYTHONUNBUFFERED: '1',
  };
};
