import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import tenant from 'sluice-tenant';
import { objectsOf } from '../adapters/s3-events.ts';
import { environment } from '../core/model/environment.ts';
import { TransientError } from '../core/model/errors.ts';
import { ingestFile } from '../core/pipeline/file.ts';
import { givenBack, guarded, logger, queue, requireEnv, worldOf } from './world.ts';

/** Loads the objects that S3's notifications name; a delivery that fails for a passing reason comes again, later each time. */
export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(guarded())
  .handler(async (event, context) => {
    const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
    for (const record of event.Records) {
      try {
        await ingest(record, context);
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        await givenBack(error, { message: record.messageId });
        await comeBackLater(record);
        batchItemFailures.push({ itemIdentifier: record.messageId });
      }
    }
    return { batchItemFailures };
  });

async function ingest(record: SQSRecord, context: Context): Promise<void> {
  const world = await worldOf(tenant, context);
  for (const object of objectsOf(record.body)) {
    const run = await ingestFile(object, { ...world, owner: `${context.awsRequestId} ${object.versionId}` });
    logger.info('run', { run: { ...run, firstRejections: run.firstRejections.length } });
  }
}

/** 5 s, doubling up to five minutes: the queue's own timeout is made for a function that died, and far too long here. */
async function comeBackLater({ receiptHandle, attributes }: SQSRecord): Promise<void> {
  const seconds = Math.min(300, 5 * 2 ** (Number(attributes.ApproximateReceiveCount) - 1));
  const QueueUrl = requireEnv(environment.queueUrl);
  await queue.send(
    new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds }),
  );
}
