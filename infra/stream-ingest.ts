import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { EventSourceMapping, MetricType, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { environment } from '../core/model/environment.ts';
import { BATCH_SIZE, type StreamSettings } from '../core/model/tenant.ts';
import { acknowledge, arnOf, wildcard } from './acknowledge.ts';
import { allow, SluiceFunction } from './function.ts';
import { dataRemoval } from './removal.ts';
import type { TenantParts } from './tenant-parts.ts';

/**
 * Attempts after the first. `ingest-stream` waits for the database inside an invocation, up to its time of five minutes, so that these last for half an hour of an
 * outage. What is given up even so, or because the function dies on a message, `tick` has loaded again: more attempts would only hold the shard up.
 */
const RETRIES = 5;

/** Lambda's own limit for the age of a record. */
const OLDEST_HOURS = 168;

/** Messages: stream → `ingest-stream`. What cannot be loaded after all attempts lies whole in the rejects bucket. */
export class StreamIngest extends Construct {
  readonly stream: Stream;
  readonly function: SluiceFunction;
  readonly mapping: EventSourceMapping;

  constructor(scope: Construct, id: string, parts: TenantParts, settings: StreamSettings) {
    super(scope, id);
    const { names, functions, key, rejects, target } = parts;

    this.stream = new Stream(this, 'Stream', {
      streamName: names.stream,
      streamMode: StreamMode.PROVISIONED,
      shardCount: settings.shards,
      retentionPeriod: Duration.hours(settings.retentionHours),
      encryption: StreamEncryption.KMS,
      encryptionKey: key,
      removalPolicy: dataRemoval(target),
    });
    acknowledge(this.stream, 'AwsSolutions-KDS3', 'on purpose the tenant’s key and not one that the account shares');

    this.function = new SluiceFunction(this, 'Ingest', {
      ...parts.function,
      deployed: functions.ingestStream,
      description: `Loads the messages of tenant ${parts.tenantId}`,
      timeout: Duration.minutes(5),
      memoryMiB: 512,
      environment: {
        ...parts.environment,
        [environment.stream]: this.stream.streamName,
        [environment.rejectsBucket]: rejects.bucketName,
      },
      allow: [
        allow(
          [
            'kinesis:DescribeStream',
            'kinesis:DescribeStreamSummary',
            'kinesis:GetRecords',
            'kinesis:GetShardIterator',
            'kinesis:ListShards',
          ],
          this.stream.streamArn,
        ),
        // Lambda writes failed records under this role, and chooses the prefix.
        allow(['s3:PutObject'], `${rejects.bucketArn}/rejects/*`, `${rejects.bucketArn}/aws/lambda/*`),
        allow(['s3:GetObject'], `${rejects.bucketArn}/rejects/*`),
        allow(['s3:ListBucket'], rejects.bucketArn),
        allow(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn),
        ...parts.allow,
      ],
    });
    const { role } = this.function;
    wildcard(role, `Resource::${arnOf(rejects)}/rejects/*`, 'rejections are named after the run');
    wildcard(role, `Resource::${arnOf(rejects)}/aws/lambda/*`, 'Lambda names failed records after mapping and shard');

    this.mapping = new EventSourceMapping(this, 'FromStream', {
      target: this.function.handler,
      eventSourceArn: this.stream.streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      // To begin with, like the stream's shards: the stream manager goes on from there. What it has set is not in the template at
      // all, or is set again within a minute of a deployment that has changed this resource (docs/scaling.md).
      batchSize: settings.batchSize ?? BATCH_SIZE,
      maxBatchingWindow: Duration.seconds(1),
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: RETRIES,
      // No less than the stream keeps: a record that is too old is discarded without a single attempt.
      maxRecordAge: Duration.hours(Math.min(settings.retentionHours, OLDEST_HOURS)),
      // CDK's own S3 destination would let the function read and delete in the whole bucket.
      onFailure: { bind: () => ({ destination: rejects.bucketArn }) },
      ...(target.kind !== 'local' && { metricsConfig: { metrics: [MetricType.EVENT_COUNT] } }),
    });
  }
}
