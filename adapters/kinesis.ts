import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import type { KinesisStreamEvent } from 'aws-lambda';
import { TransientError } from '../core/model/errors.ts';
import type { Message } from '../core/model/run.ts';

/** The records of an event, in the order of the shard. */
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
