import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  NoSuchBucket,
  S3Client,
} from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { App } from 'aws-cdk-lib/core';
import { canLogin, connect } from '../../adapters/cassandra/client.ts';
import { cassandraRegistry } from '../../adapters/cassandra/registry.ts';
import { applyRole, applySchema, replicationOf } from '../../adapters/cassandra/schema.ts';
import { readCredentials } from '../../adapters/secrets.ts';
import { registerProfile } from '../../core/control/registration.ts';
import { namesOf, platformNames } from '../../core/model/names.ts';
import { keyspaces, type Tenant } from '../../core/model/tenant.ts';
import { sources } from '../../infra/sources.ts';
import { addStacks } from '../../infra/stacks.ts';
import { localCassandraLogin } from '../../local/cassandra.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings, localAwsEnv } from '../../local/settings.ts';
import { stackStatus } from '../../local/status.ts';
import { versionOf } from '../../tenants/version.ts';
import { run } from './user.ts';

/**
 * Deploys a tenant that is in no list, by the project's own stack and schema, beside those that are; `tenantsFolder` holds
 * `<id>/tenant.ts`. What it answers takes the tenant away again, with all its data.
 */
export async function deployGuest(
  tenant: Tenant,
  tenantsFolder: string,
  settingsOfApp: Readonly<Record<string, unknown>> = {},
): Promise<() => Promise<void>> {
  const settings = loadSettings();
  const { way } = await stackStatus(settings);
  const assembly = await mkdtemp(join(tmpdir(), 'sluice-guest-'));
  const names = namesOf(tenant.id);
  const address = { contactPoints: ['127.0.0.1'], port: settings.cassandraPort, datacenter: 'datacenter1' };

  const { context } = JSON.parse(await readFile(join(sources.root, 'cdk.json'), 'utf8')) as { context: object };
  const place =
    way === 'docker'
      ? { cassandraContactPoint: 'cassandra', cassandraPort: 9042 }
      : { cassandraContactPoint: '127.0.0.1', cassandraPort: settings.cassandraPort };
  const app = new App({ outdir: assembly, context: { ...context, target: 'local', ...place, ...settingsOfApp } });
  addStacks(app, [tenant], { ...sources, tenants: tenantsFolder });
  app.synth();

  // The schema comes first, as `sluice deploy` has it applied before anything is sent.
  const cdk = async (...args: string[]) => {
    const env = { ...localAwsEnv(settings), CDK_DISABLE_CLI_TELEMETRY: 'true', NO_COLOR: '1' };
    const common = [`--app=${assembly}`, '--no-notices', '--no-version-reporting', '--method=direct'];
    const program = join(settings.root, 'node_modules', '.bin', 'cdklocal');
    const { exit, stdout, stderr } = await run(program, [...args, ...common], env);
    if (exit !== 0) throw new Error(`cdk ${args.join(' ')}: exit ${exit}\n${stdout}\n${stderr}`);
  };
  await cdk('deploy', names.stack, '--exclusively', '--require-approval=never');

  const secrets = new SecretsManagerClient(clientOptions(settings));
  const cassandra = connect(address, localCassandraLogin);
  const known = (role: { username: string; password: string }) => canLogin(address, role);
  const role = await readCredentials(secrets, names.secret);
  await applySchema(cassandra, tenant, role, known, replicationOf('local', 'datacenter1'));
  const registry = cassandraRegistry(cassandra, keyspaces(tenant.id).ops);
  await registerProfile(registry, tenant, versionOf(tenant.id, tenantsFolder), new Date());
  const operator = await readCredentials(secrets, platformNames.operatorSecret);
  await applyRole(cassandra, operator, known, Object.values(keyspaces(tenant.id)), ['SELECT']);
  secrets.destroy();

  return async () => {
    await emptyBuckets([names.staging, names.rejects]);
    await deleteStack(names.stack);
    for (const keyspace of Object.values(keyspaces(tenant.id))) {
      await cassandra.execute(`DROP KEYSPACE IF EXISTS "${keyspace}"`);
    }
    await cassandra.execute(`DROP ROLE IF EXISTS "${role.username}"`);
    await cassandra.shutdown();
    await rm(assembly, { recursive: true, force: true });
  };
}

/** Deletes all versions of all objects; a bucket that is gone is empty. */
export async function emptyBuckets(buckets: readonly string[]): Promise<void> {
  const s3 = new S3Client({ ...clientOptions(loadSettings()), forcePathStyle: true });
  const listed = (Bucket: string): Promise<Partial<ListObjectVersionsCommandOutput>> =>
    s3.send(new ListObjectVersionsCommand({ Bucket })).catch((error: unknown) => {
      if (error instanceof NoSuchBucket) return {};
      throw error;
    });
  for (const Bucket of buckets) {
    for (;;) {
      const { Versions = [], DeleteMarkers = [] } = await listed(Bucket);
      const all = [...Versions, ...DeleteMarkers];
      if (all.length === 0) break;
      for (const { Key, VersionId } of all) await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
  }
  s3.destroy();
}

async function deleteStack(StackName: string): Promise<void> {
  const client = new CloudFormationClient(clientOptions(loadSettings()));
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
  const StackId = Stacks?.[0]?.StackId;
  await client.send(new DeleteStackCommand({ StackName }));
  await waitUntilStackDeleteComplete({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { StackName: StackId });
  client.destroy();
}
