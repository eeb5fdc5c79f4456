import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Batches {
  /** NDJSON: each line is a message. */
  readonly file: string;
  /** Messages of one event, 10,000 at most, as Lambda hands them over. */
  readonly size: number;
  /** No more than so many events. */
  readonly most?: number;
  readonly stream: string;
  /** Where in the stream the first message is, in messages; it arrived that much after `from`. */
  readonly at?: number;
  /** Milliseconds since 1970. */
  readonly from: number;
}

/** What a shard takes in a second, by Kinesis's own limit. */
const PER_SECOND = 1000;

/** Writes the events that Lambda hands over for the messages of one full shard, an event on each line. Answers how many messages are in them. */
export async function kinesisEvents(to: string, batches: Batches): Promise<number> {
  const { file, size, stream, from, at = 0, most = Number.POSITIVE_INFINITY } = batches;
  let written = 0;
  async function* lines() {
    let records: object[] = [];
    let events = 0;
    const event = () => `${JSON.stringify({ Records: records })}\n`;
    for await (const line of createInterface({ input: createReadStream(file) })) {
      if (events === most) return;
      records.push(recordOf(line, at + written++, stream, from));
      if (records.length < size) continue;
      yield event();
      events++;
      records = [];
    }
    if (records.length > 0) yield event();
  }
  await pipeline(Readable.from(lines()), createWriteStream(to));
  return written;
}

function recordOf(line: string, number: number, stream: string, from: number): object {
  const sequenceNumber = String(FIRST + BigInt(number) * STEP);
  return {
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: String(number % 100),
      sequenceNumber,
      data: Buffer.from(line).toString('base64'),
      approximateArrivalTimestamp: (from + (number * 1000) / PER_SECOND) / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `shardId-000000000000:${sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: 'arn:aws:iam::000000000000:role/bench',
    awsRegion: 'us-east-1',
    eventSourceARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`,
  };
}

/** The length is that of real sequence numbers; they grow evenly, as those of a busy shard nearly do. */
const FIRST = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;
const STEP = 16n;
