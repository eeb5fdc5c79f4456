import { readFileSync } from 'node:fs';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { environment } from '../../core/model/environment.ts';
import { ledgerTables } from '../../core/model/ledger-tables.ts';
import { tenants } from '../../tenants/index.ts';
import { type Kind, kinds, makeApp, ofType, type Resource, resourcesOf } from './synth.ts';

const apps = Object.fromEntries(kinds.map((kind) => [kind, makeApp(kind)])) as Record<Kind, ReturnType<typeof makeApp>>;
const stackOf = (kind: Kind) => apps[kind].tenants[0] ?? expect.fail('there is no tenant');
const resources = (kind: Kind) => resourcesOf(stackOf(kind));
const template = (kind: Kind) => Template.fromStack(stackOf(kind));
const everyStack = kinds.flatMap((kind) =>
  [apps[kind].platform, ...apps[kind].tenants].map((stack) => [kind, stack.stackName, resourcesOf(stack)] as const),
);

const properties = (kind: Kind, type: string) => ofType(resources(kind), type).map(({ Properties }) => Properties);

describe.each(kinds)('a tenant’s stack on target %s', (kind) => {
  it('keeps every bucket versioned, private, under the tenant’s key, and tidies it up', () => {
    const buckets = properties(kind, 'AWS::S3::Bucket');
    expect(buckets).toHaveLength(2);
    for (const bucket of buckets) {
      expect(bucket.VersioningConfiguration.Status).toBe('Enabled');
      expect(Object.values(bucket.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
      const [rule] = bucket.BucketEncryption.ServerSideEncryptionConfiguration;
      expect(rule.ServerSideEncryptionByDefault.SSEAlgorithm).toBe('aws:kms');
      expect(rule.ServerSideEncryptionByDefault.KMSMasterKeyID['Fn::GetAtt'][0]).toMatch(/^Key/);
      expect(bucket.LifecycleConfiguration.Rules).toMatchObject([
        {
          Status: 'Enabled',
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          ExpirationInDays: 90,
          NoncurrentVersionExpiration: { NoncurrentDays: 30 },
        },
      ]);
    }
  });

  it('admits no request to a bucket or a queue without TLS', () => {
    const policies = [...properties(kind, 'AWS::S3::BucketPolicy'), ...properties(kind, 'AWS::SQS::QueuePolicy')];
    expect(policies).toHaveLength(4);
    for (const { PolicyDocument } of policies) {
      expect(PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });

  it('rotates the tenant’s key', () => {
    expect(properties(kind, 'AWS::KMS::Key')).toMatchObject([{ EnableKeyRotation: true }]);
  });

  it('encrypts queues and stream with the tenant’s key', () => {
    for (const queue of properties(kind, 'AWS::SQS::Queue')) {
      expect(queue.KmsMasterKeyId['Fn::GetAtt'][0]).toMatch(/^Key/);
    }
    template(kind).hasResourceProperties('AWS::Kinesis::Stream', {
      StreamEncryption: { EncryptionType: 'KMS', KeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] } },
    });
  });

  it('gives a file five attempts, each undisturbed by the next, before it is a dead letter', () => {
    const functions = properties(kind, 'AWS::Lambda::Function');
    const { Timeout } = functions.find(({ FunctionName }) => FunctionName.endsWith('ingest-object'));
    template(kind).hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 6 * Timeout,
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
    });
    expect(Timeout).toBe(kind === 'local' ? 300 : 900);
  });

  it('lets the staging bucket notify the queue, whose policy is there first', () => {
    const bucket = Object.values(resources(kind)).find((each) => each.Properties?.NotificationConfiguration);
    expect(bucket?.Properties.NotificationConfiguration.QueueConfigurations).toMatchObject([
      { Event: 's3:ObjectCreated:*' },
    ]);
    expect(bucket?.DependsOn?.some((id) => /^ObjectsQueuePolicy/.test(id))).toBe(true);
  });

  it('takes one file at a time from the queue, and can give it back alone', () => {
    template(kind).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: kind === 'local' ? Match.absent() : { MaximumConcurrency: 10 },
    });
  });

  it('gives up on a message in the end, and keeps it whole', () => {
    template(kind).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 500,
      MaximumBatchingWindowInSeconds: 1,
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 15,
      MaximumRecordAgeInSeconds: 86_400,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Rejects'), 'Arn'] } },
      },
    });
  });

  it('gives each function a role of its own, without a managed policy and without a wildcard for all', () => {
    const roles = ofType(resources(kind), 'AWS::IAM::Role');
    expect(roles).toHaveLength(2);
    expect(properties(kind, 'AWS::IAM::Policy')).toEqual([]);
    for (const { Properties } of roles) {
      expect(Properties.ManagedPolicyArns).toBeUndefined();
      for (const statement of Properties.Policies[0].PolicyDocument.Statement) {
        const onlyLambda = JSON.stringify(statement.Action).includes('ec2:');
        if (!onlyLambda) expect([statement.Resource].flat()).not.toContain('*');
        expect(JSON.stringify(statement.Action)).not.toContain('*');
      }
    }
  });

  it('tells the functions who they are and where everything is', () => {
    for (const { Environment, FunctionName } of properties(kind, 'AWS::Lambda::Function')) {
      const { NODE_OPTIONS, ...variables } = Environment.Variables;
      const known = new Set<string>(Object.values(environment));
      expect(Object.keys(variables).filter((name) => !known.has(name))).toEqual([]);
      expect(NODE_OPTIONS).toBe('--enable-source-maps');
      expect(variables).toMatchObject({ SLUICE_TENANT: stackOf(kind).stackName.slice(7), SLUICE_TARGET: kind });
      expect('SLUICE_CASSANDRA_SECRET' in variables).toBe(kind !== 'keyspaces');
      expect('SLUICE_QUEUE_URL' in variables).toBe(FunctionName.endsWith('object'));
      expect('SLUICE_STREAM' in variables).toBe(FunctionName.endsWith('stream'));
    }
  });

  it('prints where to send files and messages', () => {
    expect(Object.keys(template(kind).toJSON().Outputs)).toEqual(
      expect.arrayContaining(['StagingBucket', 'RejectsBucket', 'StreamName', 'QueueUrl', 'DeadLettersUrl']),
    );
  });
});

describe.each(everyStack)('on target %s, stack %s', (kind, name, made) => {
  it('keeps logs for a month', () => {
    for (const { Properties } of ofType(made, 'AWS::Logs::LogGroup')) expect(Properties.RetentionInDays).toBe(30);
    const functions = ofType(made, 'AWS::Lambda::Function');
    for (const { Properties } of functions) expect(Properties.LoggingConfig.LogGroup).toBeDefined();
  });

  it('refers to no other stack', () => {
    expect(JSON.stringify(made)).not.toMatch(/Fn::ImportValue|Fn::GetStackOutput/);
  });

  it('names no tenant but its own', () => {
    const others = tenants.map(({ id }) => id).filter((id) => name !== 'sluice-platform' && name !== `sluice-${id}`);
    for (const other of others) expect(JSON.stringify(made)).not.toContain(other);
  });

  it('keeps data on AWS when the stack goes, and nothing locally', () => {
    const holdsData = ({ Type }: Resource) => /S3::Bucket$|Kinesis::Stream$|KMS::Key$|Cassandra::/.test(Type);
    for (const each of Object.values(made).filter(holdsData)) {
      expect(each.DeletionPolicy).toBe(kind === 'local' ? 'Delete' : 'Retain');
    }
  });
});

describe('the local target', () => {
  it('has no custom resource, because the emulator reports success and does nothing', () => {
    const types = everyStack.filter(([kind]) => kind === 'local').flatMap(([, , made]) => Object.values(made));
    expect(types.filter(({ Type }) => /^Custom::|CustomResource$/.test(Type))).toEqual([]);
  });

  it('has no alarms', () => {
    expect(properties('local', 'AWS::CloudWatch::Alarm')).toEqual([]);
  });

  it('knows the database’s superuser, and is the only one that does', () => {
    const knows = everyStack.filter(([, , made]) => JSON.stringify(made).includes('\\"password\\":\\"cassandra\\"'));
    expect(knows.map(([kind, name]) => [kind, name])).toEqual([['local', 'sluice-platform']]);
  });
});

describe('the cassandra target', () => {
  it('has the schema applied after the tenant’s password is made and before its functions are', () => {
    const made = Object.entries(resources('cassandra'));
    const [schema, resource] = made.find(([, { Type }]) => Type === 'Custom::SluiceSchema') ?? expect.fail();
    expect(resource.DependsOn?.some((id) => id.startsWith('CassandraRole'))).toBe(true);
    for (const [, { Type, DependsOn }] of made) {
      if (Type === 'AWS::Lambda::Function') expect(DependsOn).toContain(schema);
    }
  });

  it('runs every function of ours in the given subnets', () => {
    const functions = everyStack
      .filter(([kind]) => kind === 'cassandra')
      .flatMap(([, , made]) => ofType(made, 'AWS::Lambda::Function'))
      .filter(({ Properties }) => Properties.FunctionName !== 'sluice-schema-provider');
    expect(functions).toHaveLength(1 + 2 * tenants.length);
    for (const { Properties } of functions) {
      expect(Properties.VpcConfig.SecurityGroupIds).toEqual(['sg-0123456789abcdef0']);
    }
  });
});

describe('the keyspaces target', () => {
  it('declares the tenant’s tables and the ledger, each with the write times of its rows', () => {
    const declared = properties('keyspaces', 'AWS::Cassandra::Table');
    const feeds = new Set(tenants[0]?.feeds.map(({ table }) => table.name));
    expect(declared.map(({ TableName }) => TableName).toSorted()).toEqual(
      [...feeds, ...ledgerTables.map(({ name }) => name)].toSorted(),
    );
    for (const table of declared) {
      expect(table).toMatchObject({
        ClientSideTimestampsEnabled: true,
        PointInTimeRecoveryEnabled: true,
        BillingMode: { Mode: 'ON_DEMAND' },
        EncryptionSpecification: { EncryptionType: 'CUSTOMER_MANAGED_KMS_KEY' },
      });
      expect(table.DefaultTimeToLive).toBeUndefined();
    }
  });

  it('keeps the columns’ types and the order of the keys', () => {
    template('keyspaces').hasResourceProperties('AWS::Cassandra::Table', {
      TableName: 'runs',
      PartitionKeyColumns: [
        { ColumnName: 'feed', ColumnType: 'text' },
        { ColumnName: 'day', ColumnType: 'date' },
      ],
      ClusteringKeyColumns: [{ Column: { ColumnName: 'run_id', ColumnType: 'text' }, OrderBy: 'ASC' }],
    });
  });

  it('needs neither passwords nor a function that applies a schema', () => {
    const made = everyStack.filter(([kind]) => kind === 'keyspaces').flatMap(([, , each]) => Object.values(each));
    expect(made.filter(({ Type }) => /SecretsManager|^Custom::/.test(Type))).toEqual([]);
  });

  it('connects to the region’s own endpoint', () => {
    const [first] = properties('keyspaces', 'AWS::Lambda::Function');
    expect(first.Environment.Variables).toMatchObject({
      SLUICE_CASSANDRA_PORT: '9142',
      SLUICE_CASSANDRA_DATACENTER: { Ref: 'AWS::Region' },
      SLUICE_CASSANDRA_CONTACT_POINTS: {
        'Fn::Join': ['', ['cassandra.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]],
      },
    });
  });
});

describe('the alarms on AWS', () => {
  const alarms = properties('keyspaces', 'AWS::CloudWatch::Alarm');

  it('watch dead letters, late messages, failed records and failing functions', () => {
    expect(alarms.map(({ MetricName }) => MetricName).toSorted()).toEqual([
      'ApproximateNumberOfMessagesVisible',
      'Errors',
      'Errors',
      'IteratorAge',
      'OnFailureDestinationDeliveredEventCount',
    ]);
  });

  it('each name a section of the runbook that exists', () => {
    const runbook = readFileSync('docs/runbook.md', 'utf8');
    const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, text]) => text?.toLowerCase().replaceAll(' ', '-'));
    for (const { AlarmDescription } of alarms) {
      expect(headings).toContain(/docs\/runbook\.md#([\w-]+)$/.exec(AlarmDescription)?.[1]);
    }
  });

  it('notify the topic that the operator gives', () => {
    const topic = 'arn:aws:sns:eu-central-1:111111111111:on-call';
    const [stack] = makeApp('keyspaces', { context: { alarmTopic: topic } }).tenants;
    for (const { Properties } of ofType(resourcesOf(stack ?? expect.fail()), 'AWS::CloudWatch::Alarm')) {
      expect(Properties.AlarmActions).toEqual([topic]);
    }
  });
});

describe('the app', () => {
  it('refuses on AWS a tenant whose bucket name would be too long', () => {
    const [tenant] = tenants;
    const long = { ...(tenant ?? expect.fail()), id: 'a'.repeat(21) };
    expect(() => makeApp('keyspaces', { tenants: [long] })).toThrow(/an id has at most 20 characters\n {2}tenant a+:/);
    expect(() => makeApp('local', { tenants: [long] })).not.toThrow();
  });
});
