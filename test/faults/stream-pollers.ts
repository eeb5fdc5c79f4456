import { randomUUID } from 'node:crypto';
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { KinesisStreamBatchResponse } from 'aws-lambda';
import { FAILED_PREFIX } from '../../adapters/failed-batches.ts';
import { kinesisClient } from '../../adapters/kinesis.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import { until } from '../support/user.ts';
import { emulatorPolls } from './mappings.ts';

/** A record as Lambda hands it to a function, as far as ours looks at it. */
interface Given {
  readonly eventID: string;
  readonly kinesis: {
    readonly sequenceNumber: string;
    readonly data: string;
    readonly approximateArrivalTimestamp: number;
  };
}

/** Records of a shard that go one batch after another. */
interface Lane {
  /** Attempts at a batch. */
  readonly most: number;
  readonly waiting: Given[];
}

interface Options {
  readonly stream: string;
  readonly functionName: string;
  readonly rejectsBucket: string;
  readonly batchSize: number;
  /** As many batches of one shard go on side by side, and share its keys between them: how often each is tried. */
  readonly attempts: readonly number[];
}

const laneOf = (key: string, lanes: number) => [...key].reduce((sum, char) => sum + char.charCodeAt(0), 0) % lanes;

/**
 * What Lambda does between a stream and a function, in place of the emulator's poller, which has one batch at a time and does not halve: batches of each shard side by
 * side, each key in its order; one that fails comes again in halves, and one that fails too often is put into the rejects bucket.
 */
export async function openStreamPollers(options: Options) {
  const { stream, functionName, rejectsBucket, batchSize, attempts } = options;
  const clients = clientOptions(loadSettings());
  const kinesis = kinesisClient(clients);
  const s3 = new S3Client({ ...clients, forcePathStyle: true });
  // An invocation is not tried again by the client: the batch comes again.
  const lambda = new LambdaClient({ ...clients, maxAttempts: 1 });
  const seen: Given[] = [];
  const told = { deaths: 0, halved: 0, givenUp: 0 };
  const mapping = await emulatorPolls(lambda, functionName, false);
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: stream }));
  const shards = await Promise.all(
    Shards.map(async ({ ShardId = '' }) => {
      const from = { StreamName: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
      const { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(from));
      return { id: ShardId, next: ShardIterator, lanes: attempts.map((most): Lane => ({ most, waiting: [] })) };
    }),
  );
  const lanes = shards.flatMap((shard) => shard.lanes);

  async function readOn(shard: (typeof shards)[number]): Promise<void> {
    const answer = await kinesis.send(new GetRecordsCommand({ ShardIterator: shard.next }));
    shard.next = answer.NextShardIterator;
    for (const { SequenceNumber = '', Data, ApproximateArrivalTimestamp, PartitionKey = '' } of answer.Records ?? []) {
      const given = {
        eventID: `${shard.id}:${SequenceNumber}`,
        kinesis: {
          sequenceNumber: SequenceNumber,
          data: Buffer.from(Data as Uint8Array).toString('base64'),
          approximateArrivalTimestamp: (ApproximateArrivalTimestamp as Date).getTime() / 1000,
        },
      };
      seen.push(given);
      shard.lanes[laneOf(PartitionKey, shard.lanes.length)]?.waiting.push(given);
    }
  }

  /** How many of the first records are done with; fewer than all when the function has failed. */
  async function invoke(records: readonly Given[]): Promise<number> {
    const input = { FunctionName: functionName, Payload: JSON.stringify({ Records: records }) };
    // A function that is killed may take the answer with it.
    const answer = await lambda.send(new InvokeCommand(input)).catch(() => null);
    if (!answer || answer.FunctionError !== undefined) {
      told.deaths++;
      return 0;
    }
    const text = answer.Payload?.transformToString() ?? '';
    const { batchItemFailures } = JSON.parse(text) as KinesisStreamBatchResponse;
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const first = records.findIndex(({ kinesis: { sequenceNumber } }) => failed.has(sequenceNumber));
    return first < 0 ? records.length : first;
  }

  async function deliver(records: readonly Given[], most: number, attempt = 1): Promise<void> {
    const left = records.slice(await invoke(records));
    if (left.length === 0) return;
    if (attempt >= most) return giveUp(left);
    const half = Math.ceil(left.length / 2);
    if (left.length > 1) told.halved++;
    for (const part of [left.slice(0, half), left.slice(half)])
      if (part.length > 0) await deliver(part, most, attempt + 1);
  }

  async function giveUp(Records: readonly Given[]): Promise<void> {
    told.givenUp++;
    const [shard] = (Records[0] as Given).eventID.split(':');
    const timestamp = new Date().toISOString();
    const time = timestamp.slice(0, 19).replaceAll(':', '.');
    const day = timestamp.slice(0, 10).replaceAll('-', '/');
    const Key = `${FAILED_PREFIX}${mapping}/${shard}/${day}/${time}-${randomUUID()}`;
    const said = { requestContext: { condition: 'RetryAttemptsExhausted' }, timestamp, payload: { Records } };
    await s3.send(new PutObjectCommand({ Bucket: rejectsBucket, Key, Body: JSON.stringify(said) }));
  }

  const handBack = () => emulatorPolls(lambda, functionName, true);

  return {
    /** All records that were read, in the order of their shards. */
    seen,
    told,
    /** Reads the stream until so many records were read of it. */
    read: (count: number) =>
      until(`${count} records on the stream`, async () => {
        await Promise.all(shards.map(readOn));
        return seen.length >= count ? true : undefined;
      }),
    waiting: () => lanes.map(({ waiting }) => waiting.length),
    /** One batch of each lane, side by side, until it is loaded or given up. */
    async deliverEach(): Promise<void> {
      await Promise.all(
        lanes.map(async ({ most, waiting }) => {
          const batch = waiting.splice(0, batchSize);
          if (batch.length > 0) await deliver(batch, most);
        }),
      );
    },
    /** Lets the emulator poll again, which begins at the horizon. */
    handBack,
    /** The emulator keeps a mapping that is off when its stack goes, and then takes no new one. */
    async close(): Promise<void> {
      await handBack();
      for (const client of [kinesis, s3, lambda]) client.destroy();
    },
  };
}
