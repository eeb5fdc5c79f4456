import { setTimeout as wait } from 'node:timers/promises';
import {
  DescribeStreamSummaryCommand,
  KinesisClient,
  type KinesisClientConfig,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { KinesisStreamEvent } from 'aws-lambda';
import { TransientError } from '../core/model/errors.ts';
import type { Message } from '../core/model/run.ts';

/** A client over HTTP/1.1: the SDK would talk HTTP/2 to Kinesis, which LocalStack hangs up on after some calls. */
export const kinesisClient = (config: KinesisClientConfig = {}): KinesisClient =>
  new KinesisClient({ requestHandler: new NodeHttpHandler(), ...config });

/** The records of an event, in the order of the shard; what an aggregated one holds is the pipeline's to find out. */
export const messagesOf = (event: KinesisStreamEvent): Message[] =>
  event.Records.map(({ eventID, kinesis }) => ({
    position: kinesis.sequenceNumber,
    // eventID is "<shard>:<sequence number>"; the event has no other place for the shard.
    shard: eventID.slice(0, eventID.lastIndexOf(':')),
    arrivedAt: new Date(kinesis.approximateArrivalTimestamp * 1000),
    data: Buffer.from(kinesis.data, 'base64'),
  }));

/** Name and creation time of a stream: made anew under the same name it is another stream, with positions of its own. */
export async function streamIdentity(client: KinesisClient, name: string): Promise<string> {
  try {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
    const created = StreamDescriptionSummary?.StreamCreationTimestamp;
    if (!created) throw new Error('Kinesis gave no creation time');
    return `${name}@${created.toISOString()}`;
  } catch (cause) {
    throw new TransientError('SLU-5002', `describing the stream ${name}: ${(cause as Error).message}`, { cause });
  }
}

/** A message on its way to a stream; those with one key keep their order. */
export interface Outgoing {
  readonly key: string;
  readonly data: string;
}

/** PutRecords takes at most 500 records. */
const PUT_RECORDS = 500;

/**
 * Puts messages on a stream. Kinesis may take some records of a call and throttle others: those are sent again, with growing pauses,
 * at most `tries` times; then it throws a `TransientError` that says how many are missing.
 */
export async function putMessages(
  client: KinesisClient,
  stream: string,
  messages: readonly Outgoing[],
  tries = 8,
): Promise<void> {
  for (let start = 0; start < messages.length; start += PUT_RECORDS) {
    let pending = messages.slice(start, start + PUT_RECORDS);
    for (let attempt = 0; pending.length > 0; attempt++) {
      if (attempt === tries) {
        throw new TransientError('SLU-5002', `the stream ${stream} does not take ${pending.length} messages`);
      }
      if (attempt > 0) await wait(50 * 2 ** attempt);
      const Records = pending.map(({ key, data }) => ({ PartitionKey: key, Data: Buffer.from(data) }));
      const answer = await client.send(new PutRecordsCommand({ StreamName: stream, Records }));
      const refused = answer.Records ?? [];
      pending = pending.filter((_, index) => refused[index]?.ErrorCode !== undefined);
    }
  }
}
