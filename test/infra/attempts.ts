import { expect } from 'vitest';
import { account, isAllowed, type Request, region, type World } from './policies.ts';

/** What is tried on a resource of each type: all that would hurt, not only what our functions do. */
const attempts: Record<string, Record<string, readonly string[]>> = {
  'AWS::S3::Bucket': {
    '': ['s3:ListBucket', 's3:ListBucketVersions', 's3:PutBucketPolicy', 's3:PutBucketNotification', 's3:DeleteBucket'],
    '/flights/a.csv': [
      's3:GetObject',
      's3:GetObjectVersion',
      's3:PutObject',
      's3:DeleteObject',
      's3:DeleteObjectVersion',
    ],
    '/rejects/a.ndjson': ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
    '/receipts/a.json': ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
    '/manifests/a.ndjson': ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
    '/aws/lambda/a': ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
  },
  'AWS::SQS::Queue': {
    '': [
      'SendMessage',
      'ReceiveMessage',
      'DeleteMessage',
      'ChangeMessageVisibility',
      'PurgeQueue',
      'SetQueueAttributes',
    ].map((action) => `sqs:${action}`),
  },
  'AWS::Kinesis::Stream': {
    '': [
      'GetRecords',
      'GetShardIterator',
      'DescribeStreamSummary',
      'PutRecord',
      'MergeShards',
      'UpdateShardCount',
      'DeleteStream',
    ].map((action) => `kinesis:${action}`),
  },
  'AWS::KMS::Key': {
    '': ['Decrypt', 'Encrypt', 'GenerateDataKey', 'CreateGrant', 'PutKeyPolicy', 'ScheduleKeyDeletion'].map(
      (action) => `kms:${action}`,
    ),
  },
  'AWS::SecretsManager::Secret': {
    '': ['GetSecretValue', 'PutSecretValue', 'PutResourcePolicy', 'DeleteSecret'].map(
      (action) => `secretsmanager:${action}`,
    ),
  },
  'AWS::Logs::LogGroup': { ':log-stream:a': ['logs:PutLogEvents', 'logs:GetLogEvents', 'logs:DeleteLogStream'] },
  'AWS::Lambda::Function': { '': ['lambda:InvokeFunction', 'lambda:UpdateFunctionCode', 'lambda:GetFunction'] },
  'AWS::Lambda::EventSourceMapping': {
    '': ['GetEventSourceMapping', 'UpdateEventSourceMapping', 'DeleteEventSourceMapping'].map(
      (action) => `lambda:${action}`,
    ),
  },
  'AWS::Events::Rule': { '': ['events:PutRule', 'events:PutTargets', 'events:DisableRule', 'events:DeleteRule'] },
  'AWS::IAM::Role': { '': ['iam:PassRole', 'iam:PutRolePolicy'] },
  'AWS::Cassandra::Table': { '': ['cassandra:Select', 'cassandra:Modify', 'cassandra:Alter', 'cassandra:Drop'] },
};

/** Everything tried by one role on the resources of one stack. */
export const triedOn = (world: World, by: string, stack: string): Request[] =>
  Object.entries(world.resources)
    .filter(([path]) => path.startsWith(`${stack}/`))
    .flatMap(([, { type, arn }]) =>
      Object.entries(attempts[type] ?? {}).flatMap(([below, actions]) =>
        actions.map((action) => ({ by, action, on: `${arn.replace(/:\*$/, '')}${below}` })),
      ),
    );

export async function allowedOf(world: World, requests: readonly Request[]): Promise<string[]> {
  const answers = await Promise.all(
    requests.map(async (request) => ((await isAllowed(world, request)) ? request : [])),
  );
  return answers.flat().map(({ action, on }) => `${action} ${shorten(on)}`);
}

export const shorten = (arn: string): string =>
  arn.replace(`${region}:${account}:`, '').replace('arn:aws:', '').replaceAll(`-${account}-${region}`, '');

/** What the roles of each tenant may do with anything outside of their own stack. */
export async function trespasses(world: World, stacks: readonly string[]): Promise<string[]> {
  const found = Object.keys(world.roles).flatMap((role) => {
    const own = ownerOf(role, stacks);
    return own.startsWith('sluice-platform')
      ? []
      : stacks.filter((stack) => stack !== own).map((stack) => ({ role, stack }));
  });
  const all = await Promise.all(found.map(({ role, stack }) => allowedOf(world, triedOn(world, role, stack))));
  return all.flat();
}

const ownerOf = (role: string, stacks: readonly string[]): string =>
  stacks.find((stack) => role.includes(`role/${stack}-`)) ?? 'sluice-platform';

export const roleOf = (world: World, part: string): string =>
  Object.keys(world.roles).find((role) => role.includes(part)) ?? expect.fail(`no role ${part}`);

export const resourceIn = (world: World, prefix: string) =>
  Object.entries(world.resources).find(([path]) => path.startsWith(prefix) && !path.includes('DeadLetters'))?.[1] ??
  expect.fail(`no resource ${prefix}`);

export const arnIn = (world: World, prefix: string): string => resourceIn(world, prefix).arn;
