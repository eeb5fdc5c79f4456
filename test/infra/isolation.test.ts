import type { EventBridgeClient, PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import { eventBridgeAnnouncements } from '../../adapters/announcements.ts';
import { ledgerTables } from '../../core/model/ledger-tables.ts';
import type { Receipt } from '../../core/model/receipt.ts';
import { tenants } from '../../tenants/index.ts';
import { allowedOf, arnIn, resourceIn, roleOf, shorten, trespasses, triedOn } from './attempts.ts';
import { account, isAllowed, type Request, region, type World, worldOf } from './policies.ts';
import { kinds, makeApp } from './synth.ts';

const worlds = kinds.map((kind) => {
  const { platform, tenants } = makeApp(kind);
  const stacks = [platform, ...tenants];
  return { kind, world: worldOf(stacks), stacks: stacks.map(({ stackName }) => stackName) };
});

describe.each(worlds)('on target $kind', ({ kind, world, stacks }) => {
  it('a tenant’s functions reach nothing of another tenant and nothing of the platform', async () => {
    expect(stacks.length).toBeGreaterThan(2);
    expect(await trespasses(world, stacks)).toEqual([]);
  });

  it('ingest-object may do what it needs in its own stack, and no more', async () => {
    const requests = triedOn(world, roleOf(world, 'sluice-aviation-Objects'), 'sluice-aviation');
    expect((await allowedOf(world, requests)).toSorted()).toEqual(
      [
        ...databaseOf(kind),
        'kms:Decrypt kms:key/sluice-aviation-Key961B73FD',
        'kms:GenerateDataKey kms:key/sluice-aviation-Key961B73FD',
        'logs:PutLogEvents logs:log-group:/aws/lambda/sluice-aviation-ingest-object:log-stream:a',
        's3:GetObject s3:::sluice-aviation-rejects/manifests/a.ndjson',
        's3:GetObject s3:::sluice-aviation-rejects/rejects/a.ndjson',
        's3:GetObject s3:::sluice-aviation-staging/aws/lambda/a',
        's3:GetObject s3:::sluice-aviation-staging/flights/a.csv',
        's3:GetObject s3:::sluice-aviation-staging/manifests/a.ndjson',
        's3:GetObject s3:::sluice-aviation-staging/receipts/a.json',
        's3:GetObject s3:::sluice-aviation-staging/rejects/a.ndjson',
        's3:GetObjectVersion s3:::sluice-aviation-staging/flights/a.csv',
        's3:ListBucket s3:::sluice-aviation-staging',
        's3:PutObject s3:::sluice-aviation-rejects/manifests/a.ndjson',
        's3:PutObject s3:::sluice-aviation-rejects/receipts/a.json',
        's3:PutObject s3:::sluice-aviation-rejects/rejects/a.ndjson',
        'sqs:ChangeMessageVisibility sqs:sluice-aviation-objects',
        'sqs:DeleteMessage sqs:sluice-aviation-objects',
        'sqs:ReceiveMessage sqs:sluice-aviation-objects',
        'sqs:SendMessage sqs:sluice-aviation-objects',
      ].toSorted(),
    );
  });

  it('ingest-stream may do what it needs in its own stack, and no more', async () => {
    const requests = triedOn(world, roleOf(world, 'sluice-aviation-Messages'), 'sluice-aviation');
    expect((await allowedOf(world, requests)).toSorted()).toEqual(
      [
        ...databaseOf(kind),
        'kinesis:DescribeStreamSummary kinesis:stream/sluice-aviation',
        'kinesis:GetRecords kinesis:stream/sluice-aviation',
        'kinesis:GetShardIterator kinesis:stream/sluice-aviation',
        'kms:Decrypt kms:key/sluice-aviation-Key961B73FD',
        'kms:GenerateDataKey kms:key/sluice-aviation-Key961B73FD',
        'logs:PutLogEvents logs:log-group:/aws/lambda/sluice-aviation-ingest-stream:log-stream:a',
        's3:GetObject s3:::sluice-aviation-rejects/rejects/a.ndjson',
        's3:ListBucket s3:::sluice-aviation-rejects',
        's3:PutObject s3:::sluice-aviation-rejects/aws/lambda/a',
        's3:PutObject s3:::sluice-aviation-rejects/rejects/a.ndjson',
      ].toSorted(),
    );
  });

  it('tick may do what it needs in its own stack, and no more', async () => {
    const requests = triedOn(world, roleOf(world, 'sluice-aviation-Tick'), 'sluice-aviation');
    expect((await allowedOf(world, requests)).toSorted()).toEqual(
      [
        ...databaseOf(kind),
        'kinesis:DescribeStreamSummary kinesis:stream/sluice-aviation',
        'kinesis:GetRecords kinesis:stream/sluice-aviation',
        'kinesis:GetShardIterator kinesis:stream/sluice-aviation',
        'kinesis:UpdateShardCount kinesis:stream/sluice-aviation',
        'kms:Decrypt kms:key/sluice-aviation-Key961B73FD',
        'kms:GenerateDataKey kms:key/sluice-aviation-Key961B73FD',
        // It changes the mapping as well, of its own function: the next test.
        `lambda:GetEventSourceMapping ${shorten(arnIn(world, 'sluice-aviation/MessagesFromStream'))}`,
        'lambda:InvokeFunction lambda:function:sluice-aviation-ingest-stream',
        'logs:PutLogEvents logs:log-group:/aws/lambda/sluice-aviation-tick:log-stream:a',
        's3:DeleteObject s3:::sluice-aviation-rejects/aws/lambda/a',
        's3:GetObject s3:::sluice-aviation-rejects/aws/lambda/a',
        's3:ListBucketVersions s3:::sluice-aviation-staging',
        's3:PutObject s3:::sluice-aviation-rejects/receipts/a.json',
        'sqs:SendMessage sqs:sluice-aviation-objects',
      ].toSorted(),
    );
  });

  it('tick changes how its own function reads its own stream, and points the mapping at no other function', async () => {
    const update = (tenant: string, stack: string, of: string): Request => ({
      by: roleOf(world, `sluice-${tenant}-Tick`),
      action: 'lambda:UpdateEventSourceMapping',
      on: arnIn(world, `${stack}/MessagesFromStream`),
      context: { 'lambda:FunctionArn': arnIn(world, of) },
    });
    const own = 'sluice-aviation/MessagesIngestFunction';
    expect(await isAllowed(world, update('aviation', 'sluice-aviation', own))).toBe(true);
    expect(await isAllowed(world, update('aviation', 'sluice-aviation', 'sluice-aviation/ObjectsIngestFunction'))).toBe(
      false,
    );
    expect(await isAllowed(world, update('aviation', 'sluice-wildlife', own))).toBe(false);
    expect(await isAllowed(world, update('wildlife', 'sluice-aviation', own))).toBe(false);
  });

  it.each([
    ['aws/lambda/', true],
    ['rejects/flights/2026-01-01/a/', true],
    ['manifests/a.ndjson', false],
    ['', false],
  ])('tick lists what was given up or rejected, and nothing else in the rejects bucket: "%s"', async (prefix, may) => {
    const list: Request = {
      by: roleOf(world, 'sluice-aviation-Tick'),
      action: 's3:ListBucket',
      on: arnIn(world, 'sluice-aviation/Rejects'),
      context: { 's3:prefix': prefix },
    };
    expect(await isAllowed(world, list)).toBe(may);
  });

  it.each([
    ['rejects/flights/2026-01-01/a/', true],
    ['manifests/a.ndjson', true],
    ['aws/lambda/', false],
    ['', false],
  ])(
    'ingest-object lists what a run wrote for itself, and nothing else in the rejects bucket: "%s"',
    async (prefix, may) => {
      const list: Request = {
        by: roleOf(world, 'sluice-aviation-Objects'),
        action: 's3:ListBucket',
        on: arnIn(world, 'sluice-aviation/Rejects'),
        context: { 's3:prefix': prefix },
      };
      expect(await isAllowed(world, list)).toBe(may);
    },
  );

  it('only the two that end files put events on the default bus, and only receipts', async () => {
    const put = (part: string, source: string[], bus = 'default'): Request => ({
      by: roleOf(world, `sluice-aviation-${part}`),
      action: 'events:PutEvents',
      on: `arn:aws:events:${region}:${account}:event-bus/${bus}`,
      ...(source.length > 0 && { context: { 'events:source': source } }),
    });
    const { Source = '' } = await announced();
    for (const part of ['Objects', 'Tick']) {
      expect(await isAllowed(world, put(part, [Source]))).toBe(true);
      expect(await isAllowed(world, put(part, [Source, 'shop']))).toBe(false);
      expect(await isAllowed(world, put(part, ['shop']))).toBe(false);
      expect(await isAllowed(world, put(part, ['sluice.wildlife']))).toBe(false);
      expect(await isAllowed(world, put(part, []))).toBe(false);
      expect(await isAllowed(world, put(part, [Source], 'other'))).toBe(false);
    }
    expect(await isAllowed(world, put('Messages', [Source]))).toBe(false);
  });

  it('nobody reaches a bucket or a queue without TLS', async () => {
    const insecure = { 'aws:SecureTransport': 'false' };
    const requests = triedOn(world, roleOf(world, 'sluice-aviation-Objects'), 'sluice-aviation')
      .filter(({ action }) => /^(s3|sqs):/.test(action))
      .map((request) => ({ ...request, context: insecure }));
    expect(await allowedOf(world, requests)).toEqual([]);
  });

  it('only the tenant’s own staging bucket, in this account, puts messages into its queue', async () => {
    const send = (bucket: string, from = account): Request => ({
      by: 's3.amazonaws.com',
      action: 'sqs:SendMessage',
      on: arnIn(world, 'sluice-aviation/ObjectsQueue'),
      context: { 'aws:SourceAccount': from, 'aws:SourceArn': arnIn(world, bucket) },
    });
    expect(await isAllowed(world, send('sluice-aviation/Staging'))).toBe(true);
    expect(await isAllowed(world, send('sluice-aviation/Rejects'))).toBe(false);
    expect(await isAllowed(world, send('sluice-wildlife/Staging'))).toBe(false);
    expect(await isAllowed(world, send('sluice-aviation/Staging', '222222222222'))).toBe(false);
  });

  it('S3 uses the tenant’s key for this account only, because the queue that it notifies is encrypted', async () => {
    const use = (from: string, action: string): Request => ({
      by: 's3.amazonaws.com',
      action,
      on: arnIn(world, 'sluice-aviation/Key'),
      context: { 'aws:SourceAccount': from },
    });
    expect(await isAllowed(world, use(account, 'kms:GenerateDataKey'))).toBe(true);
    expect(await isAllowed(world, use('222222222222', 'kms:GenerateDataKey'))).toBe(false);
    expect(await isAllowed(world, use(account, 'kms:ScheduleKeyDeletion'))).toBe(false);
  });

  it.each([
    ['role', 's3:GetObject', (planted: World) => roleOf(planted, 'sluice-aviation-Objects')],
    ['Staging', 's3:GetObject', undefined],
    ['ObjectsQueue', 'sqs:ReceiveMessage', undefined],
    ['Key', 'kms:Decrypt', undefined],
  ])('a wildcard that is planted in the policy of a %s is found', async (where, action, role) => {
    const planted = structuredClone(world);
    const wide = { Effect: 'Allow', Action: action, Resource: '*' };
    if (role) planted.roles[role(planted)]?.[0]?.Statement.push(wide);
    else resourceIn(planted, `sluice-wildlife/${where}`).policy?.Statement.push({ ...wide, Principal: { AWS: '*' } });
    const found = await trespasses(planted, stacks);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((each) => each.startsWith(`${action} `))).toBe(true);
  });
});

describe('in a VPC', () => {
  const { world } = worlds.find(({ kind }) => kind === 'cassandra') ?? expect.fail();
  const remove = (context: Record<string, string>): Request => ({
    by: roleOf(world, 'sluice-aviation-Objects'),
    action: 'ec2:DeleteNetworkInterface',
    on: `arn:aws:ec2:${region}:${account}:network-interface/eni-0123456789abcdef0`,
    context,
  });

  it('Lambda manages network interfaces under the function’s role, and the function’s code cannot', async () => {
    const own = arnIn(world, 'sluice-aviation/ObjectsIngestFunction');
    expect(await isAllowed(world, remove({}))).toBe(true);
    expect(await isAllowed(world, remove({ 'lambda:SourceFunctionArn': own }))).toBe(false);
  });
});

describe.each(worlds.filter(({ kind }) => kind !== 'keyspaces'))(
  'on target $kind, apply-schema',
  ({ world, stacks }) => {
    const by = roleOf(world, 'role/sluice-apply-schema');

    it('reads the passwords of all tenants, and nothing else of theirs', async () => {
      for (const stack of stacks.filter((name) => name !== 'sluice-platform')) {
        const id = stack.replace('sluice-', '');
        expect(await allowedOf(world, triedOn(world, by, stack))).toEqual([
          `secretsmanager:GetSecretValue secretsmanager:secret:sluice/${id}/cassandra-AbC123`,
        ]);
      }
    });

    it('uses a tenant’s key for that password only', async () => {
      const decrypt = (context: Record<string, string>): Request => ({
        by,
        action: 'kms:Decrypt',
        on: arnIn(world, 'sluice-aviation/Key'),
        context,
      });
      const via = { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` };
      const password = { 'kms:EncryptionContext:SecretARN': arnIn(world, 'sluice-aviation/CassandraRole') };
      const other = { 'kms:EncryptionContext:SecretARN': arnIn(world, 'sluice-wildlife/CassandraRole') };
      expect(await isAllowed(world, decrypt({ ...via, ...password }))).toBe(true);
      expect(await isAllowed(world, decrypt({ ...via, ...other }))).toBe(false);
      expect(await isAllowed(world, decrypt(password))).toBe(false);
    });
  },
);

/** The event that the functions really send. */
async function announced(): Promise<PutEventsRequestEntry> {
  const sent: PutEventsRequestEntry[] = [];
  const client = {
    send: async ({ input }: { input: { Entries: PutEventsRequestEntry[] } }) => sent.push(...input.Entries),
  };
  await eventBridgeAnnouncements(client as unknown as EventBridgeClient).announce({
    tenant: 'aviation',
    object: 's3://a/b',
  } as Receipt);
  return sent[0] ?? expect.fail('nothing was sent');
}

/** Where the rows go: by a password of its own, or on Keyspaces by the role itself. */
const databaseOf = (kind: string): string[] => {
  if (kind !== 'keyspaces')
    return ['secretsmanager:GetSecretValue secretsmanager:secret:sluice/aviation/cassandra-AbC123'];
  const data =
    tenants.find(({ id }) => id === 'aviation')?.feeds.map(({ table }) => `aviation/table/${table.name}`) ?? [];
  const tables = [...new Set(data), ...ledgerTables.map(({ name }) => `aviation_ops/table/${name}`)];
  return ['cassandra:Select', 'cassandra:Modify'].flatMap((action) =>
    tables.map((table) => `${action} cassandra:/keyspace/${table}`),
  );
};
