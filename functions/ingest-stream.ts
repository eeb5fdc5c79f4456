import middy from '@middy/core';
import type { Context, KinesisStreamBatchResponse } from 'aws-lambda';
import tenant from 'sluice-tenant';
import { messagesOf } from '../adapters/kinesis.ts';
import { type LoaderEvent, orderOf } from '../adapters/orders.ts';
import { TransientError } from '../core/model/errors.ts';
import type { OrderAnswer } from '../core/model/order.ts';
import { ingestMessages } from '../core/pipeline/messages.ts';
import { serve } from '../core/pipeline/orders.ts';
import { givenBack, guarded, logger, patientWorldOf, streamOf } from './world.ts';

/**
 * Loads the messages of a Kinesis batch; when something is down the batch comes again from its first message. `tick` and the operator's commands ask it
 * for messages that were given up or rejected.
 */
export const handler = middy<LoaderEvent, KinesisStreamBatchResponse | OrderAnswer>()
  .use(guarded())
  .handler(async (event, context) => {
    const order = orderOf(event);
    if (order) return serve(order, await open(context));
    const messages = messagesOf({ Records: event.Records ?? [] });
    const [first] = messages;
    if (!first) return { batchItemFailures: [] };
    try {
      const ingested = await ingestMessages(messages, await open(context));
      const { overQuota, reason } = ingested;
      if (overQuota > 0) logger.warn('over the quota', { shard: first.shard, count: overQuota, reason });
      logger.info('messages', { shard: first.shard, records: messages.length, ...ingested });
      return { batchItemFailures: [] };
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      await givenBack(error, { shard: first.shard, count: messages.length });
      return { batchItemFailures: [{ itemIdentifier: first.position }] };
    }
  });

async function open(context: Context) {
  const world = await patientWorldOf(tenant, context);
  return { ...world, stream: await world.patiently(streamOf) };
}
