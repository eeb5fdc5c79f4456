import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { functionsOf, platformFunctions } from '../../core/model/bundle.ts';
import { tenants } from '../../tenants/index.ts';
import { makeApp, ofType, resourcesOf } from './synth.ts';

const { app, platform, tenants: stacks } = makeApp('local', { bundled: true });
const folder = app.synth().directory;

/** What IAM calls the requests that our code sends. */
const actions: Record<string, readonly string[]> = {
  // Only ingest-object names versions: test/infra/isolation.test.ts.
  HeadObject: ['s3:GetObject'],
  GetObject: ['s3:GetObject'],
  DeleteObject: ['s3:DeleteObject'],
  PutObject: ['s3:PutObject'],
  ListObjectsV2: ['s3:ListBucket'],
  ListObjectVersions: ['s3:ListBucketVersions'],
  DescribeStreamSummary: ['kinesis:DescribeStreamSummary'],
  GetSecretValue: ['secretsmanager:GetSecretValue'],
  ChangeMessageVisibility: ['sqs:ChangeMessageVisibility'],
  SendMessage: ['sqs:SendMessage'],
  PutEvents: ['events:PutEvents'],
  ...Object.fromEntries(
    ['GetRecords', 'GetShardIterator', 'ListShards', 'UpdateShardCount'].map((name) => [name, [`kinesis:${name}`]]),
  ),
  Invoke: ['lambda:InvokeFunction'],
  GetEventSourceMapping: ['lambda:GetEventSourceMapping'],
  UpdateEventSourceMapping: ['lambda:UpdateEventSourceMapping'],
};

/** The requests in our own parts of a bundle: esbuild puts the file's name before each part. */
const requestsIn = (file: string): string[] => {
  const parts = readFileSync(file, 'utf8').split(/^\/\/ (?=\S+\.\w+$)/m);
  const ours = parts.filter((part) => /^(?:\.\.\/)*(?:\S*\/)?(?:adapters|core|functions)\/\S+\.ts\n/.test(part));
  return [
    ...new Set(
      ours.flatMap((part) =>
        [...part.matchAll(/(?:new (\w+)Command\d*|\bpaginate(\w+))\(/g)].map(([, one, all]) => one ?? all ?? ''),
      ),
    ),
  ];
};

/** The store of objects is one file, and so is the world of the functions: each bundle holds requests that its function has no use for. */
const neverSent: Record<string, readonly string[]> = {
  'ingest-object.ts': ['ListObjectVersions'],
  'ingest-stream.ts': ['ListObjectsV2', 'ListObjectVersions', 'PutEvents'],
};

const known = [...platformFunctions, ...tenants.flatMap(({ id }) => functionsOf(id))];
const needless = (name: string): readonly string[] =>
  neverSent[known.find((each) => each.name === name)?.entry ?? ''] ?? [];

interface Bundle {
  readonly name: string;
  readonly file: string;
  readonly architecture: string;
  /** Folders of tenants whose code is inside. */
  readonly tenants: readonly string[];
  /** Actions that the function's role allows. */
  readonly allowed: readonly string[];
}

const bundlesOf = (stack: Stack): Bundle[] => {
  const resources = resourcesOf(stack);
  return ofType(resources, 'AWS::Lambda::Function').map(({ Properties }) => {
    const asset = join(folder, `asset.${Properties.Code.S3Key.replace('.zip', '')}`);
    const map = JSON.parse(readFileSync(join(asset, 'index.mjs.map'), 'utf8')) as { sources: string[] };
    const inside = map.sources.map((source) => /\/tenants\/([^/]+)\//.exec(source)?.[1]);
    return {
      name: Properties.FunctionName,
      file: join(asset, 'index.mjs'),
      architecture: Properties.Architectures[0],
      tenants: [...new Set(inside.filter((each) => each !== undefined))],
      allowed: resources[Properties.Role['Fn::GetAtt'][0]]?.Properties.Policies.flatMap(
        ({ PolicyDocument }: { PolicyDocument: { Statement: { Action: string | string[] }[] } }) =>
          PolicyDocument.Statement.flatMap(({ Action }) => Action),
      ),
    };
  });
};

const all = [platform, ...stacks].flatMap(bundlesOf);

describe('the bundle of a tenant’s function', () => {
  it.each(tenants.map(({ id }) => id))('holds the code of %s and of nobody else', (id) => {
    const own = all.filter(({ name }) => name.startsWith(`sluice-${id}-`));
    expect(own.map((bundle) => bundle.tenants)).toEqual([[id], [id], [id]]);
  });

  it('is made for two tenants at least, so that the tests above mean something', () => {
    expect(stacks.length).toBeGreaterThan(1);
  });
});

describe('every bundle', () => {
  it.each(all)('of $name is a module with a handler that loads without any package beside it', ({ file }) => {
    const program = `const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)}); process.stdout.write(typeof handler);`;
    const env = { PATH: process.env.PATH, AWS_REGION: 'eu-central-1' };
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { env, encoding: 'utf8' });
    expect(said).toBe('function');
  });

  it.each(all)('of $name has 3 MB at most, so that a cold start does not read for long', ({ file }) => {
    expect(statSync(file).size).toBeLessThan(3_000_000);
  });

  it('is for the machine’s own processor, on which the emulator runs it', () => {
    const own = process.arch === 'arm64' ? 'arm64' : 'x86_64';
    expect(all.map(({ architecture }) => architecture)).toEqual(all.map(() => own));
  });

  it.each(all)(
    'of $name sends only requests that its role allows: the emulator would not mind',
    ({ name, file, allowed }) => {
      const inside = requestsIn(file);
      expect(inside, 'the exceptions are still needed').toEqual(expect.arrayContaining([...needless(name)]));
      const requests = inside.filter((request) => !needless(name).includes(request));
      expect(requests).toContain('GetSecretValue');
      for (const request of requests)
        expect(allowed).toEqual(expect.arrayContaining([...(actions[request] ?? [request])]));
    },
  );

  it('is one that `sluice dev` knows how to replace', () => {
    expect(all.map(({ name }) => name).toSorted()).toEqual(known.map(({ name }) => name).toSorted());
  });

  it('of the platform knows every tenant’s tables', () => {
    expect(bundlesOf(platform).map((bundle) => bundle.tenants.toSorted())).toEqual([
      tenants.map(({ id }) => id).toSorted(),
    ]);
  });
});
