import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  readonly file: string;
  /** Without the map of its sources, which no process reads unless it fails. */
  readonly bytes: number;
}

/** Bundles a function of the tenant as CDK does; `plugins` may change what it measures of itself. */
export async function bundled(
  settings: Settings,
  { id }: Tenant,
  which: keyof ReturnType<typeof tenantFunctions>,
  plugins: Plugin[] = [],
): Promise<Bundle> {
  const deployed: DeployedFunction = tenantFunctions(id)[which];
  // Each in a folder of its own, with the map beside it.
  const file = join(
    pathsOf(settings).tmp,
    `${which}-${id}${plugins.map(({ name }) => `-${name}`).join('')}`,
    'index.mjs',
  );
  const versions = { [id]: versionOf('bench', tenantsFolder) };
  const options = bundling(settings.root, deployed, versions, join(tenantsFolder, id, 'tenant.ts'));
  await build({ ...options, outfile: file, plugins });
  return { file, bytes: statSync(file).size };
}

/** The command that has a bundle handle some events, one after the other. */
export function invocation(
  settings: Settings,
  tenant: Tenant,
  bundle: Bundle,
  events: readonly object[],
  world: World,
): Command {
  const { tmp } = pathsOf(settings);
  mkdirSync(tmp, { recursive: true });
  const file = join(tmp, `events-${tenant.id}.json`);
  writeFileSync(file, JSON.stringify(events));
  const invoke = join(import.meta.dirname, 'clients', 'invoke.mjs');
  return { file: 'node', args: [...flags, invoke, bundle.file, file], env: environmentOf(tenant, world) };
}

/** Where the function finds its database and what stands for AWS. */
export interface World {
  readonly cassandraPort: number;
  readonly aws: string;
}

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

/** What Lambda hands to the function when an object has come. */
export const objectEvent = (bucket: string, key: string, versionId: string): object => ({
  Records: [
    {
      messageId: versionId,
      receiptHandle: versionId,
      body: JSON.stringify({
        Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object: { key, versionId } } }],
      }),
      attributes: { ApproximateReceiveCount: '1' },
      messageAttributes: {},
      eventSource: 'aws:sqs',
      awsRegion: 'us-east-1',
    },
  ],
});
