import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { composeEnv } from '../../local/docker.ts';
import { versions } from '../../local/settings.ts';
import { repositoryRoot, sandbox } from './sandbox.ts';

const text = readFileSync(join(repositoryRoot, 'local', 'compose.yaml'), 'utf8');
/** The file with its variables as `docker compose config` would show them. */
const withVariables = (env: Record<string, string>): string =>
  text.replace(/\$\{(\w+):-([^}]*)\}/g, (_all, name: string, fallback: string) => env[name] ?? fallback);

/** The part of the compose specification that we use, strictly: any other key, or a value of another kind, is refused. */
const service = z.strictObject({
  image: z.string().regex(/^[\w./-]+:[\w.-]+$/),
  entrypoint: z.array(z.string()).optional(),
  environment: z.record(z.string().regex(/^[A-Z_]+$/), z.string()),
  ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/, 'a port of the loopback address')),
  volumes: z.array(z.string().regex(/^[^:]+:\/[^:]+$/)),
  networks: z.array(z.string()),
});
const schema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
  services: z.strictObject({ localstack: service, cassandra: service }),
  networks: z.strictObject({ stack: z.strictObject({ name: z.string() }) }),
});

const composed = async () => {
  const settings = (await sandbox()).settings();
  return { settings, file: schema.parse(parse(withVariables(composeEnv(settings)))) };
};

describe('the compose file', () => {
  it('is well formed by hand, with its defaults', () => {
    const file = schema.parse(parse(withVariables({})));
    expect(file.services.localstack.ports).toEqual(['127.0.0.1:4566:4566']);
    expect(file.services.cassandra.ports).toEqual(['127.0.0.1:9042:9042']);
  });

  it('uses no variable that is not set for it', async () => {
    const { settings } = await composed();
    const names = [...text.matchAll(/\$\{(\w+)/g)].map((match) => match[1]);
    expect(Object.keys(composeEnv(settings))).toEqual(expect.arrayContaining(names));
  });

  it('runs the versions that the processes run', async () => {
    const { file } = await composed();
    expect(file.services.localstack.image).toBe(`localstack/localstack:${versions.localstack}`);
    expect(file.services.cassandra.image).toBe(`cassandra:${versions.cassandra.replace(/\.\d+$/, '')}`);
  });

  it('listens on the ports of the settings, on the loopback address only', async () => {
    const { settings, file } = await composed();
    const { localstackPort: port } = settings;
    expect(file.services.localstack.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    expect(file.services.localstack.environment.GATEWAY_LISTEN).toBe(`0.0.0.0:${port}`);
    expect(file.services.cassandra.ports).toEqual([`127.0.0.1:${settings.cassandraPort}:9042`]);
  });

  it('lets LocalStack start functions on the network on which Cassandra is', async () => {
    const { file } = await composed();
    expect(file.services.localstack.environment.LAMBDA_DOCKER_NETWORK).toBe(file.networks.stack.name);
    expect(file.services.localstack.volumes).toContain('/var/run/docker.sock:/var/run/docker.sock');
    expect(file.services.cassandra.networks).toEqual(['stack']);
  });

  it('keeps the state in the state folder', async () => {
    const { settings, file } = await composed();
    expect(file.services.cassandra.volumes).toEqual([`${settings.stateDir}/data/cassandra:/var/lib/cassandra`]);
  });

  it('asks for passwords and limits rows as the process does', async () => {
    const { file } = await composed();
    const script = file.services.cassandra.entrypoint?.at(-1) ?? '';
    const process = parse(readFileSync(join(repositoryRoot, 'local', 'cassandra', 'cassandra.yaml'), 'utf8'));
    expect(script).toContain(`s/AllowAllAuthenticator/${process.authenticator}/`);
    expect(script).toContain(`s/AllowAllAuthorizer/${process.authorizer}/`);
    expect(script).toContain(`max_mutation_size: ${process.max_mutation_size}`);
  });
});
