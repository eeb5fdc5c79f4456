import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import tenant from 'sluice-tenant';
import { objectsOf } from '../adapters/s3-events.ts';
import { TransientError } from '../core/model/errors.ts';
import { isSettled } from '../core/model/run.ts';
import { ingestFile } from '../core/pipeline/file.ts';
import { comeBackLater, holding, timesReceived } from './visibility.ts';
import { givenBack, guarded, logger, worldOf } from './world.ts';

/** Loads the objects that S3's notifications name; a delivery that fails for a passing reason comes again, later each time. */
export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(guarded())
  .handler(async (event, context) => {
    const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
    for (const record of event.Records) {
      try {
        await holding(record, () => ingest(record, context));
      } catch (error) {
        await comeBackLater(record);
        if (!(error instanceof TransientError)) throw error;
        await givenBack(error, { message: record.messageId });
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
    // Another attempt holds the run. A message that comes for the first time is a duplicate; one that comes again may be the holder's own.
    if (!isSettled(run.state) && timesReceived(record) > 1) {
      throw new TransientError('SLU-5003', `another attempt holds the run ${run.id}`);
    }
  }
}
