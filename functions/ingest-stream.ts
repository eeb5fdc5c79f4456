import middy from '@middy/core';
import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import tenant from 'sluice-tenant';
import { messagesOf, streamIdentity } from '../adapters/kinesis.ts';
import { environment } from '../core/model/environment.ts';
import { TransientError } from '../core/model/errors.ts';
import { ingestMessages } from '../core/pipeline/messages.ts';
import { givenBack, guarded, kinesis, logger, requireEnv, worldOf } from './world.ts';

let stream: Promise<string> | undefined;

/** Loads the messages of a Kinesis batch; when something is down the batch comes again from its first message. */
export const handler = middy<KinesisStreamEvent, KinesisStreamBatchResponse>()
  .use(guarded())
  .handler(async (event, context) => {
    const messages = messagesOf(event);
    const [first] = messages;
    if (!first) return { batchItemFailures: [] };
    try {
      const world = await worldOf(tenant, context);
      stream ??= streamIdentity(kinesis, requireEnv(environment.stream));
      const identity = await world.patiently(() => stream as Promise<string>);
      const ingested = await ingestMessages(messages, { ...world, stream: identity });
      const { overQuota, reason } = ingested;
      if (overQuota > 0) logger.warn('over the quota', { shard: first.shard, count: overQuota, reason });
      logger.info('messages', { shard: first.shard, records: messages.length, ...ingested });
      return { batchItemFailures: [] };
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      stream = undefined;
      await givenBack(error, { shard: first.shard, count: messages.length });
      return { batchItemFailures: [{ itemIdentifier: first.position }] };
    }
  });
