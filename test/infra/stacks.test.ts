import { readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
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
      expect(each.DeletionPolicy).toBe(kind === 'local' ? 'Delete' : 'RetainExceptOnCreate');
    }
  });
});

describe('the local target', () => {
  it('has no custom resource, because the emulator reports success and does nothing', () => {
    const types = everyStack.filter(([kind]) => kind === 'local').flatMap(([, , made]) => Object.values(made));
    expect(types.filter(({ Type }) => /^Custom::|CustomResource$/.test(Type))).toEqual([]);
  });

  it('hands the guard for Keyspaces to the functions when it is asked for', () => {
    for (const keyspacesGuard of ['0', '1']) {
      const [stack] = makeApp('local', { context: { keyspacesGuard } }).tenants;
      for (const { Properties } of ofType(resourcesOf(stack ?? expect.fail()), 'AWS::Lambda::Function')) {
        expect(Properties.Environment.Variables.SLUICE_KEYSPACES_GUARD).toBe(keyspacesGuard === '1' ? '1' : undefined);
      }
    }
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
    expect(functions).toHaveLength(1 + 3 * tenants.length);
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

  it('watch dead letters, late messages, failed records, alerts of the monitor and failing functions', () => {
    expect(alarms.map(({ MetricName }) => MetricName).toSorted()).toEqual([
      'ApproximateNumberOfMessagesVisible',
      'Errors',
      'Errors',
      'Errors',
      'IteratorAge',
      'OnFailureDestinationDeliveredEventCount',
      'StreamAlerts',
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
