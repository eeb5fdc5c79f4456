import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { type DeployedFunction, tenantFunctions } from '../core/model/bundle.ts';
import { environment } from '../core/model/environment.ts';
import { namesOf } from '../core/model/names.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { bundling } from '../local/replace-code.ts';
import { pathsOf, type Settings } from '../local/settings.ts';
import { versionOf } from '../tenants/version.ts';
import type { Command } from './process.ts';

/** Ours: the functions as they are deployed, each in a process of its own. */

export const tenantsFolder = join(import.meta.dirname, 'tenants');

/** MiB of memory that infra gives to the functions that load; V8 gets its shares of it as Lambda's own runtime hands them out. */
const MEMORY = 512;
const flags = [
  `--max-old-space-size=${Math.floor(MEMORY * 0.9)}`,
  `--max-semi-space-size=${Math.floor(MEMORY * 0.05)}`,
];

export interface Bundle {
  readonly tenant: Tenant;
  readonly file: string;
  /** Without the map of its sources, which no process reads unless it fails. */
  readonly bytes: number;
}

/** Bundles a function of a tenant as CDK does; `plugins` may have it measure itself. */
export async function bundled(
  settings: Settings,
  tenant: Tenant,
  which: keyof ReturnType<typeof tenantFunctions>,
  plugins: Plugin[] = [],
): Promise<Bundle> {
  const { id } = tenant;
  const deployed: DeployedFunction = tenantFunctions(id)[which];
  const folder = [which, id, ...plugins.map(({ name }) => name)].join('-');
  const file = join(pathsOf(settings).tmp, folder, 'index.mjs');
  const versions = { [id]: versionOf(id, tenantsFolder) };
  const options = bundling(settings.root, deployed, versions, join(tenantsFolder, id, 'tenant.ts'));
  await build({ ...options, outfile: file, plugins });
  return { tenant, file, bytes: statSync(file).size };
}

/** What a handler took for one event, in milliseconds, and what of it its parts did (`timers`). */
export interface Invocation {
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  readonly ms: number;
  readonly bookkeeping?: number;
  readonly parsing?: number;
  readonly sink?: number;
}

/** Where the function finds its database and what stands for AWS. */
export interface World {
  readonly cassandraPort: number;
  readonly aws: string;
}

interface Task {
  /** A file with an event on each line; absent: the messages of the tenant's queue. */
  readonly events?: string;
  /** Where a line for each invocation goes; nowhere when absent. */
  readonly times?: string;
  /** Milliseconds from the begin of an invocation to that of the next, at least. */
  readonly every?: number;
  /** Functions that handle them at one time, each in a process of its own; 1 when absent. */
  readonly functions?: number;
}

/** The command that has a bundle handle events, one after the other. */
export function invocation(
  { tenant, file }: Bundle,
  { events = 'queue', times = '', every = 0, functions = 1 }: Task,
  world: World,
): Command {
  const invoke = join(import.meta.dirname, 'clients', 'invoke.mjs');
  const args = [...flags, invoke, file, events, times, ...(every > 0 ? [String(every)] : [])];
  const env = environmentOf(tenant, world);
  if (functions === 1) return { file: 'node', args, env };
  const numbers = Array.from({ length: functions }, (_, index) => index);
  const all = `${numbers.map((each) => `"$@" & p${each}=$!`).join('; ')}; ${numbers.map((each) => `wait $p${each}`).join(' && ')}`;
  return { file: 'sh', args: ['-c', all, 'functions', 'node', ...args], env };
}

/** Empty when the process ended before it handled anything. */
export const readTimes = (file: string): Invocation[] =>
  (existsSync(file) ? readFileSync(file, 'utf8') : '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Invocation);

/** As the CDK app sets it for the local target. */
const environmentOf = ({ id }: Tenant, { cassandraPort, aws }: World) => {
  const names = namesOf(id);
  return {
    NODE_OPTIONS: '--enable-source-maps',
    AWS_ENDPOINT_URL: aws,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    [environment.tenant]: id,
    [environment.target]: 'local',
    [environment.contactPoints]: '127.0.0.1',
    [environment.port]: String(cassandraPort),
    [environment.datacenter]: 'datacenter1',
    [environment.secret]: names.secret,
    [environment.stagingBucket]: names.staging,
    [environment.rejectsBucket]: names.rejects,
    [environment.queueUrl]: `${aws}/000000000000/${names.queue}`,
    [environment.stream]: names.stream,
  };
};

/** What S3 puts on the queue when an object has come. */
export const notification = (bucket: string, key: string, versionId: string): string =>
  JSON.stringify({
    Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object: { key, versionId } } }],
  });

/**
 * Has the functions note, in `globalThis.benchTimes`, for how long some of their parts were at work, with one thing or several: the ledger and the registry together, the sink, and the
 * parsing of messages. For shares alone, never for rates.
 */
export const timers: Plugin = {
  name: 'timers',
  setup(build) {
    build.onLoad({ filter: /./, namespace: 'timed' }, ({ path, pluginData: { made } }) => ({
      resolveDir: dirname(path),
      loader: 'js',
      contents: `${TIMED} export * from ${JSON.stringify(`./${basename(path)}`)}; ${made}`,
    }));
    const time = (importer: string, path: string, made: string) =>
      build.onResolve({ filter: new RegExp(`/${path}$`) }, ({ importer: from, path: asked }) =>
        from.endsWith(importer)
          ? { path: join(dirname(from), asked), namespace: 'timed', pluginData: { made } }
          : undefined,
      );
    const port = (name: string, path: string, maker: string) =>
      time(
        'functions/world.ts',
        `adapters/cassandra/${path}`,
        `import { ${maker} as real } from './${path}';
        export const ${maker} = (...args) => Object.fromEntries(
          Object.entries(real(...args)).map(([key, part]) => [key, typeof part === 'function' ? timed('${name}', part) : part]));`,
      );
    port('bookkeeping', 'ledger.ts', 'cassandraLedger');
    port('bookkeeping', 'registry.ts', 'cassandraRegistry');
    port('sink', 'sink.ts', 'cassandraSink');
    time(
      'core/pipeline/settle-messages.ts',
      'route.ts',
      `import { route as real } from './route.ts';
      export const route = (...args) => {
        const end = begin('parsing');
        try { return real(...args); } finally { end(); }
      };`,
    );
  },
};

/** What notes how long a part is at work. */
const TIMED = `
  const begin = (name) => {
    const part = ((globalThis.benchParts ??= {})[name] ??= { busy: 0, began: 0 });
    if (part.busy++ === 0) part.began = performance.now();
    return () => {
      if (--part.busy > 0) return;
      globalThis.benchTimes[name] = (globalThis.benchTimes[name] ?? 0) + performance.now() - part.began;
    };
  };
  const timed = (name, work) => async (...args) => {
    const end = begin(name);
    try { return await work(...args); } finally { end(); }
  };
`;
