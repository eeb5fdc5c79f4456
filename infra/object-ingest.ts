import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { type CfnFunction, EventSourceMapping, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Aws, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { environment } from '../core/model/environment.ts';
import { MAX_RECEIVES } from '../core/model/redelivery.ts';
import { arnOf, wildcard } from './acknowledge.ts';
import { announcing } from './announcing.ts';
import { allow, listing, SluiceFunction } from './function.ts';
import type { TenantParts } from './tenant-parts.ts';

/**
 * Files: staging bucket → queue → `ingest-object`. The queue is what stands between a burst of uploads and the database, and
 * what brings a file back when the world was broken.
 */
export class ObjectIngest extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly function: SluiceFunction;

  constructor(scope: Construct, id: string, parts: TenantParts) {
    super(scope, id);
    const { names, functions, key, staging, rejects, target } = parts;
    const timeout = target.kind === 'local' ? Duration.minutes(5) : Duration.minutes(15);

    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...encrypted(key),
      queueName: names.deadLetters,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      ...encrypted(key),
      queueName: names.queue,
      // AWS advises six times: an attempt that is still running must not meet its own message again.
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds()),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
    notify(staging, names.staging, this.queue);
    const below = (folder: string) => `${rejects.bucketArn}/${folder}/*`;
    const readAgain = ['rejects', 'manifests', 'work'];
    const written = ['rejects', 'receipts', 'manifests', 'work'];
    const { fromBytes, partBytes, sliceSeconds } = target.largeFiles ?? {};

    this.function = new SluiceFunction(this, 'Ingest', {
      ...parts.function,
      deployed: functions.ingestObject,
      description: `Loads the files of tenant ${parts.tenantId}`,
      timeout,
      memoryMiB: 512,
      environment: {
        ...parts.environment,
        [environment.stagingBucket]: staging.bucketName,
        [environment.rejectsBucket]: rejects.bucketName,
        [environment.queueUrl]: this.queue.queueUrl,
        ...(fromBytes && { [environment.fromBytes]: String(fromBytes) }),
        ...(partBytes && { [environment.partBytes]: String(partBytes) }),
        ...(sliceSeconds && { [environment.sliceSeconds]: String(sliceSeconds) }),
      },
      allow: [
        allow(['s3:GetObject', 's3:GetObjectVersion'], `${staging.bucketArn}/*`),
        // Without it S3 says "denied" of an object that is gone, and the run could not say why it failed.
        allow(['s3:ListBucket'], staging.bucketArn),
        allow(['s3:PutObject'], ...written.map(below)),
        // What a run wrote comes back: rejections when they are replayed, the keys when a new version replaces the old one, how far a part has come.
        allow(['s3:GetObject'], ...readAgain.map(below)),
        listing(rejects, readAgain),
        allow(
          [
            'sqs:ReceiveMessage',
            'sqs:DeleteMessage',
            'sqs:ChangeMessageVisibility',
            'sqs:GetQueueAttributes',
            'sqs:SendMessage',
          ],
          this.queue.queueArn,
        ),
        announcing(parts.names.events),
        allow(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn),
        ...parts.allow,
      ],
    });
    const { role } = this.function;
    wildcard(role, `Resource::${arnOf(staging)}/*`, 'the tenant names its files; the bucket holds nothing else');
    for (const folder of written)
      wildcard(role, `Resource::${arnOf(rejects)}/${folder}/*`, 'what a run writes is named after the run');
    // The end of a file wakes the next one that waits, and a large one is handed on, through the queue that invokes this very function; after sixteen such
    // steps Lambda would take it for a loop. Each step settles a window of records at the least, so that the size of a file bounds them.
    (this.function.handler.node.defaultChild as CfnFunction).recursiveLoop = RecursiveLoop.ALLOW;

    new EventSourceMapping(this, 'FromQueue', {
      target: this.function.handler,
      eventSourceArn: this.queue.queueArn,
      batchSize: 1,
      reportBatchItemFailures: true,
      // Files that load at the same time; the emulator has no such limit.
      ...(target.kind !== 'local' && { maxConcurrency: 10 }),
    });
  }
}

const encrypted = (key: Key) => ({
  encryption: QueueEncryption.KMS,
  encryptionMasterKey: key,
  enforceSSL: true,
});

/**
 * Through the bucket's own property: CDK's notification is a custom resource, which the emulator does not run. S3 tries the
 * queue when the bucket is made, so the policy comes first, and names the bucket without referring to it.
 */
function notify(bucket: Bucket, bucketName: string, queue: Queue): void {
  (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
    queueConfigurations: [{ event: 's3:ObjectCreated:*', queue: queue.queueArn }],
  };
  const statement = allow(['sqs:SendMessage'], queue.queueArn);
  statement.sid = 'StagingBucketSends';
  statement.addPrincipals(new ServicePrincipal('s3.amazonaws.com'));
  statement.addConditions({
    StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
    ArnEquals: { 'aws:SourceArn': `arn:${Aws.PARTITION}:s3:::${bucketName}` },
  });
  const { policyDependable } = queue.addToResourcePolicy(statement);
  if (policyDependable) bucket.node.addDependency(policyDependable);
}
