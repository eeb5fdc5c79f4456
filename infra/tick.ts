import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Aws, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { environment } from '../core/model/environment.ts';
import { arnOf, wildcard } from './acknowledge.ts';
import { announcing } from './announcing.ts';
import { allow, listing, SluiceFunction } from './function.ts';
import type { ObjectIngest } from './object-ingest.ts';
import type { StreamIngest } from './stream-ingest.ts';
import type { TenantParts } from './tenant-parts.ts';

/** The folder of the batches that Lambda has given up. */
const FAILED = 'aws/lambda';

/** The next tick comes anyway, and an old one has nothing to do that it would not: none is tried again, and none waits. */
const onlyNow = { retryAttempts: 0, maxEventAge: Duration.minutes(1) };

/**
 * `tick`: each minute it releases files that waited, resumes runs whose attempt died, looks for objects whose event was lost, and measures and scales
 * the stream. Messages that were given up or kept it has loaded by `ingest-stream`, which may die of them in its place.
 * By a rule and not by EventBridge Scheduler, which the emulator takes and never fires. Two ticks may overlap: what they do
 * may be done twice, and a reserved concurrency of one would fail the deployment in a new account, which has none to spare.
 */
export class Tick extends Construct {
  readonly function: SluiceFunction;

  constructor(scope: Construct, id: string, parts: TenantParts, { queue }: ObjectIngest, messages: StreamIngest) {
    super(scope, id);
    const { names, functions, key, staging, rejects } = parts;
    this.function = new SluiceFunction(this, 'Look', {
      ...parts.function,
      deployed: functions.tick,
      description: `Looks after the waiting, dead and lost files of tenant ${parts.tenantId}, and after its stream`,
      timeout: Duration.minutes(2),
      memoryMiB: 256,
      environment: {
        ...parts.environment,
        [environment.stagingBucket]: staging.bucketName,
        [environment.rejectsBucket]: rejects.bucketName,
        [environment.queueUrl]: queue.queueUrl,
        [environment.stream]: messages.stream.streamName,
        [environment.mapping]: messages.mapping.eventSourceMappingId,
      },
      allow: [
        allow(['s3:ListBucketVersions'], staging.bucketArn),
        allow(['s3:PutObject'], `${rejects.bucketArn}/receipts/*`),
        // Batches that Lambda has given up, to have them loaded again; and the names of messages that are kept.
        listing(rejects, [FAILED, 'rejects']),
        allow(['s3:GetObject', 's3:DeleteObject'], `${rejects.bucketArn}/${FAILED}/*`),
        allow(['kinesis:DescribeStreamSummary'], messages.stream.streamArn),
        allow(['lambda:InvokeFunction'], messages.function.handler.functionArn),
        allow(['sqs:SendMessage'], queue.queueArn),
        ...managing(messages),
        announcing(parts.names.events),
        allow(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn),
        ...parts.allow,
      ],
    });
    const { handler, role } = this.function;
    wildcard(role, `Resource::${arnOf(rejects)}/receipts/*`, 'receipts are named after the run');
    wildcard(role, `Resource::${arnOf(rejects)}/${FAILED}/*`, 'Lambda names failed records after mapping and shard');
    handler.configureAsyncInvoke(onlyNow);

    new Rule(this, 'EachMinute', {
      ruleName: names.tick,
      description: `Invokes ${functions.tick.name} each minute`,
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(handler, onlyNow)],
    });
  }
}

/**
 * Looking at the tenant's own stream and mapping, and changing how many shards and how large batches there are. A mapping can be pointed at another
 * function: the condition holds it to the one that it has.
 */
function managing({ stream, mapping, function: { handler } }: StreamIngest) {
  const place = `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:event-source-mapping`;
  const ownMapping = `${place}:${mapping.eventSourceMappingId}`;
  const update = allow(['lambda:UpdateEventSourceMapping'], ownMapping);
  update.addConditions({ ArnEquals: { 'lambda:FunctionArn': handler.functionArn } });
  return [
    allow(
      [
        'kinesis:DescribeStreamSummary',
        'kinesis:GetRecords',
        'kinesis:GetShardIterator',
        'kinesis:ListShards',
        'kinesis:UpdateShardCount',
      ],
      stream.streamArn,
    ),
    allow(['lambda:GetEventSourceMapping'], ownMapping),
    update,
  ];
}
