import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import tenant from 'sluice-tenant';
import { asksToCancel, deliveriesOf } from '../adapters/deliveries.ts';
import { TransientError } from '../core/model/errors.ts';
import { cancelFile, ingestFile } from '../core/pipeline/file.ts';
import { comeBackLater, holding, nextTry, timesReceived } from './visibility.ts';
import { fileWorldOf, givenBack, guarded, logger } from './world.ts';

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
  const files = await fileWorldOf(tenant, context);
  for (const delivery of deliveriesOf(record.body)) {
    const owner = `${context.awsRequestId} ${delivery.object.versionId}`;
    const work = asksToCancel(record.body) ? cancelFile : ingestFile;
    const run = await work(delivery, { ...files, owner, nextTry: () => nextTry(record) });
    logger.info('run', { run: { ...run, firstRejections: run.firstRejections.length } });
    // Another attempt holds the run. A message that comes for the first time is a duplicate; one that comes again may be the holder's own. A run with a plan goes on by others.
    if (run.state === 'running' && run.plan === null && timesReceived(record) > 1) {
      throw new TransientError('SLU-5003', `another attempt holds the run ${run.id}`);
    }
  }
}
