import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { environment } from '../../core/model/environment.ts';
import { type Kind, kinds, makeApp, ofType, resourcesOf } from './synth.ts';

const apps = Object.fromEntries(kinds.map((kind) => [kind, makeApp(kind)])) as Record<Kind, ReturnType<typeof makeApp>>;
const stackOf = (kind: Kind) => apps[kind].tenants[0] ?? expect.fail('there is no tenant');
const resources = (kind: Kind) => resourcesOf(stackOf(kind));
const template = (kind: Kind) => Template.fromStack(stackOf(kind));
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
      const [tidy, ...passing] = bucket.LifecycleConfiguration.Rules;
      expect(tidy).toMatchObject({
        Status: 'Enabled',
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      });
      expect(passing.every((passage: { ExpirationInDays: number }) => passage.ExpirationInDays === 90)).toBe(true);
      const prefixes = passing.map((passage: { Prefix?: string }) => passage.Prefix);
      const isStaging = JSON.stringify(bucket.BucketName).includes('staging');
      expect(prefixes).toEqual(isStaging ? [undefined] : ['rejects/', 'receipts/', 'aws/', 'work/']);
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
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 5,
      MaximumRecordAgeInSeconds: 86_400,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Rejects'), 'Arn'] } },
      },
    });
  });

  it('leaves out of the mapping what the stream manager and the operator set, so that no deployment sets it back', () => {
    template(kind).hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      StartingPosition: 'TRIM_HORIZON',
      ParallelizationFactor: Match.absent(),
      Enabled: Match.absent(),
    });
  });

  it('invokes tick each minute by a rule, and never again for a minute that has passed', () => {
    const made = resources(kind);
    const rules = ofType(made, 'AWS::Events::Rule');
    const [id] =
      Object.entries(made).find(
        ([, each]) => each.Properties?.Environment && each.Properties.FunctionName.endsWith('-tick'),
      ) ?? [];
    const arn = { 'Fn::GetAtt': [id, 'Arn'] };
    expect(rules.map(({ Properties }) => Properties)).toMatchObject([
      {
        Name: `${stackOf(kind).stackName}-tick`,
        ScheduleExpression: 'rate(1 minute)',
        State: 'ENABLED',
        Targets: [{ Arn: arn, RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 } }],
      },
    ]);
    template(kind).hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: id },
      MaximumEventAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
    });
    const ruleId = Object.entries(made).find(([, { Type }]) => Type === 'AWS::Events::Rule')?.[0];
    template(kind).hasResourceProperties('AWS::Lambda::Permission', {
      FunctionName: arn,
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [ruleId, 'Arn'] },
    });
    expect(properties(kind, 'AWS::Lambda::Permission')).toHaveLength(1);
  });

  it('lets ingest-object send to the queue that invokes it, and no other function of ours loop', () => {
    const loops = properties(kind, 'AWS::Lambda::Function').map((each) => [each.FunctionName, each.RecursiveLoop]);
    const { stackName } = stackOf(kind);
    expect(loops.toSorted()).toEqual([
      [`${stackName}-ingest-object`, 'Allow'],
      [`${stackName}-ingest-stream`, undefined],
      [`${stackName}-tick`, undefined],
    ]);
  });

  it('gives each function a role of its own, without a managed policy and without a wildcard for all', () => {
    const roles = ofType(resources(kind), 'AWS::IAM::Role');
    expect(roles).toHaveLength(3);
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
      expect('SLUICE_QUEUE_URL' in variables).toBe(!FunctionName.endsWith('stream'));
      expect('SLUICE_STAGING_BUCKET' in variables).toBe(!FunctionName.endsWith('stream'));
      expect('SLUICE_STREAM' in variables).toBe(!FunctionName.endsWith('object'));
      expect('SLUICE_MAPPING' in variables).toBe(FunctionName.endsWith('tick'));
    }
  });

  it('prints where to send files and messages', () => {
    expect(Object.keys(template(kind).toJSON().Outputs)).toEqual(
      expect.arrayContaining(['StagingBucket', 'RejectsBucket', 'StreamName', 'QueueUrl', 'DeadLettersUrl']),
    );
  });
});
