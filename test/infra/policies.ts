import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import type { Stack } from 'aws-cdk-lib/core';
import { type Resource, resourcesOf } from './synth.ts';

/** Any account and region will do: the templates name none. */
export const account = '111111111111';
export const region = 'eu-central-1';

export type Policy = { Version: string; Statement: Record<string, unknown>[] };

/** What the synthesized templates say about access once CloudFormation has filled in the names. */
export interface World {
  /** The policies of each role, by the role's ARN. */
  readonly roles: Record<string, Policy[]>;
  /** Buckets, queues, keys and everything else that can be reached, by stack and id in the template. */
  readonly resources: Record<string, { readonly type: string; readonly arn: string; policy?: Policy }>;
}

export function worldOf(stacks: readonly Stack[]): World {
  const world: World = { roles: {}, resources: {} };
  for (const stack of stacks) {
    const resources = resourcesOf(stack);
    const name = namer(stack.stackName, resources);
    for (const [id, { Type, Properties }] of Object.entries(resources)) {
      if (!(Type in arns)) continue;
      const arn = name.arn(id);
      world.resources[`${stack.stackName}/${id}`] = {
        type: Type,
        arn,
        ...(Type === 'AWS::KMS::Key' && { policy: name.resolve(Properties.KeyPolicy) as Policy }),
      };
      if (Type === 'AWS::IAM::Role') {
        world.roles[arn] = Properties.Policies.map((each: { PolicyDocument: unknown }) =>
          name.resolve(each.PolicyDocument),
        );
      }
    }
    for (const { Type, Properties } of Object.values(resources)) {
      const policy = () => name.resolve(Properties.PolicyDocument) as Policy;
      const at = (id: string) => world.resources[`${stack.stackName}/${id}`] ?? {};
      if (Type === 'AWS::S3::BucketPolicy') Object.assign(at(Properties.Bucket.Ref), { policy: policy() });
      if (Type === 'AWS::SQS::QueuePolicy') Object.assign(at(Properties.Queues[0].Ref), { policy: policy() });
      if (Type === 'AWS::IAM::Policy') {
        for (const { Ref } of Properties.Roles) world.roles[name.arn(Ref)]?.push(policy());
      }
    }
  }
  return world;
}

type Named = (property: (name: string) => string | undefined, unique: string) => string;

const arns: Record<string, Named> = {
  'AWS::S3::Bucket': (the) => `arn:aws:s3:::${the('BucketName')}`,
  'AWS::SQS::Queue': (the) => `arn:aws:sqs:${region}:${account}:${the('QueueName')}`,
  'AWS::Kinesis::Stream': (the) => `arn:aws:kinesis:${region}:${account}:stream/${the('Name')}`,
  'AWS::KMS::Key': (_, unique) => `arn:aws:kms:${region}:${account}:key/${unique}`,
  'AWS::SecretsManager::Secret': (the) => `arn:aws:secretsmanager:${region}:${account}:secret:${the('Name')}-AbC123`,
  'AWS::Logs::LogGroup': (the) => `arn:aws:logs:${region}:${account}:log-group:${the('LogGroupName')}:*`,
  'AWS::Lambda::Function': (the) => `arn:aws:lambda:${region}:${account}:function:${the('FunctionName')}`,
  'AWS::Lambda::EventSourceMapping': (_, unique) =>
    `arn:aws:lambda:${region}:${account}:event-source-mapping:${unique}`,
  'AWS::Events::Rule': (the) => `arn:aws:events:${region}:${account}:rule/${the('Name')}`,
  'AWS::IAM::Role': (the, unique) => `arn:aws:iam::${account}:role/${the('RoleName') ?? unique}`,
  'AWS::Cassandra::Table': (the) =>
    `arn:aws:cassandra:${region}:${account}:/keyspace/${the('KeyspaceName')}/table/${the('TableName')}`,
};

const pseudo: Record<string, string> = {
  'AWS::AccountId': account,
  'AWS::Region': region,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Does what CloudFormation does with the functions of a template; throws at one that it does not know. */
function namer(stack: string, resources: Record<string, Resource>) {
  const arn = (id: string): string => {
    const { Type, Properties } = resources[id] ?? {};
    const make = Type && arns[Type];
    if (!make) throw new Error(`no ARN is known for ${stack}/${id}`);
    return make((name) => resolve(Properties[name]) as string | undefined, `${stack}-${id}`);
  };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const [[key, argument] = ['', undefined], ...more] = Object.entries(value);
    if (more.length === 0 && key === 'Ref') return pseudo[argument as string] ?? reference(argument as string);
    if (more.length === 0 && key === 'Fn::GetAtt') return attribute(argument as [string, string]);
    if (more.length === 0 && key === 'Fn::Join')
      return (resolve((argument as [string, unknown])[1]) as string[]).join(argument[0]);
    if (key.startsWith('Fn::')) throw new Error(`${key} is not known here`);
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each)]));
  };
  const attribute = ([id, name]: [string, string]) => (name === 'Arn' ? arn(id) : `${id}.${name}`);
  const reference = (id: string) => {
    if (resources[id]?.Type === 'AWS::SecretsManager::Secret') return arn(id);
    return resources[id]?.Type === 'AWS::Lambda::EventSourceMapping' ? `${stack}-${id}` : id;
  };
  return { arn, resolve };
}

export interface Request {
  /** ARN of a role, or a service. */
  readonly by: string;
  readonly action: string;
  readonly on: string;
  readonly context?: Readonly<Record<string, string | string[]>>;
}

/** Whether AWS would let the request through, as the policies of the world stand. */
export async function isAllowed(world: World, { by, action, on, context }: Request): Promise<boolean> {
  const owner = Object.values(world.resources).find(
    ({ arn }) => on === arn || on.startsWith(`${arn.replace(/:\*$/, '')}/`),
  );
  const simulation: Simulation = {
    request: {
      principal: by,
      action,
      resource: { resource: on, accountId: account },
      contextVariables: { 'aws:SecureTransport': 'true', ...context },
    },
    identityPolicies: (world.roles[by] ?? []).map((policy, index) => ({ name: String(index), policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(owner?.policy && { resourcePolicy: owner.policy }),
  };
  const answer = await runSimulation(JSON.parse(plainKeys(JSON.stringify(simulation))), {});
  if (answer.resultType !== 'single') throw new Error(`${by} ${action} ${on}: ${JSON.stringify(answer)}`);
  const { ignoredContextKeys = [] } = answer.result;
  if (ignoredContextKeys.length > 0) throw new Error(`${action} does not look at ${ignoredContextKeys}`);
  return answer.overallResult === 'Allowed';
}

/**
 * The simulator knows the keys of an encryption context by their general name only; and AWS' reference of actions, which it follows, has no resource
 * for UpdateShardCount, although AWS' own samples name the stream: it is taken for SplitShard, of which it consists.
 */
const plainKeys = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how the simulator spells it
    .replaceAll(/kms:EncryptionContext:\w+/g, () => 'kms:EncryptionContext:${EncryptionContextKey}')
    .replaceAll('kinesis:UpdateShardCount', 'kinesis:SplitShard');
