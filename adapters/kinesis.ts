import { DescribeStreamSummaryCommand, KinesisClient, type KinesisClientConfig } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { KinesisStreamEvent } from 'aws-lambda';
import { TransientError } from '../core/model/errors.ts';
import type { Message } from '../core/model/run.ts';

/** A client over HTTP/1.1: the SDK would talk HTTP/2 to Kinesis, which LocalStack hangs up on after some calls. */
export const kinesisClient = (config: KinesisClientConfig = {}): KinesisClient =>
  new KinesisClient({ requestHandler: new NodeHttpHandler(), ...config });

/** The records of an event, in the order of the shard; what an aggregated one holds is the pipeline's to find out. */
export const messagesOf = (event: Pick<KinesisStreamEvent, 'Records'>): Message[] =>
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
