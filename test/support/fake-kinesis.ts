import type { PutRecordsCommand, PutRecordsCommandOutput } from '@aws-sdk/client-kinesis';
import { type Random, randomOf } from '../../core/faults/random.ts';

/** How often each thing goes wrong, from 0 to 1. */
export interface Odds {
  /** A record of a call is throttled, or fails for a reason of Kinesis' own, while those beside it are taken. */
  readonly throttled?: number;
  readonly failed?: number;
  /** A whole call is refused for now: too much, the key service is busy, or an error of the server. */
  readonly callThrottled?: number;
  readonly keysThrottled?: number;
  readonly callFailed?: number;
  /** Kinesis has stored what it takes of the call, and nobody hears of it. */
  readonly lost?: number;
}

export interface FakeStream {
  readonly seed?: number;
  readonly shards?: number;
  /** What a shard takes in a second; absent: all that comes. */
  readonly recordsPerSecond?: number;
  readonly odds?: Odds;
  /** Longest time of a call, in milliseconds. */
  readonly slowness?: number;
}

export interface Stored {
  readonly key: string;
  readonly text: string;
  readonly shard: string;
  readonly sequenceNumber: string;
}

const failure = (name: string, status?: number) =>
  Object.assign(new Error(`${name}, as arranged`), { name, $metadata: status ? { httpStatusCode: status } : {} });

/** A stream of Kinesis as its API describes it, which goes wrong as often as it is told to. Time is that of the timers. */
export function fakeKinesis({ seed = 1, shards = 1, recordsPerSecond, odds = {}, slowness = 20 }: FakeStream = {}) {
  const random: Random = randomOf(seed);
  const stored: Stored[] = [];
  const calls: { records: number; bytes: number; at: number }[] = [];
  const used = new Map<string, number>();
  let open = 0;
  let mostOpen = 0;
  let broken: Error | undefined;

  const shardOf = (key: string) => [...key].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) % shards;

  const takes = (shard: number): boolean => {
    if (recordsPerSecond === undefined) return true;
    const second = `${shard} ${Math.floor(performance.now() / 1000)}`;
    used.set(second, (used.get(second) ?? 0) + 1);
    return (used.get(second) as number) <= recordsPerSecond;
  };

  const chance = (name: keyof Odds) => random.chance(odds[name] ?? 0);
  const refusal = (code: string) => ({ ErrorCode: code, ErrorMessage: `${code}, as arranged` });

  const answerTo = (key: string, data: Uint8Array) => {
    const shard = shardOf(key);
    if (chance('throttled') || !takes(shard)) return refusal('ProvisionedThroughputExceededException');
    if (chance('failed')) return refusal('InternalFailure');
    const sequenceNumber = String(stored.length + 1);
    const record = { key, text: Buffer.from(data).toString(), shard: `shard-${shard}`, sequenceNumber };
    stored.push(record);
    return { ShardId: record.shard, SequenceNumber: sequenceNumber };
  };

  const client = {
    async send(
      { input }: PutRecordsCommand,
      options?: { abortSignal?: AbortSignal },
    ): Promise<PutRecordsCommandOutput> {
      const records = (input.Records ?? []).map(({ PartitionKey = '', Data = new Uint8Array() }) => ({
        key: PartitionKey,
        data: Data,
      }));
      const bytes = records.reduce((sum, { key, data }) => sum + Buffer.byteLength(key) + data.byteLength, 0);
      calls.push({ records: records.length, bytes, at: performance.now() });
      mostOpen = Math.max(mostOpen, ++open);
      try {
        await new Promise((resolve, reject) => {
          setTimeout(resolve, random.next() * slowness);
          options?.abortSignal?.addEventListener('abort', () => reject(failure('AbortError')), { once: true });
        });
        if (broken) throw broken;
        if (chance('callThrottled')) throw failure('ProvisionedThroughputExceededException', 400);
        if (chance('keysThrottled')) throw failure('KMSThrottlingException', 400);
        if (chance('callFailed')) throw failure('InternalFailureException', 500);
        const answers = records.map(({ key, data }) => answerTo(key, data));
        if (chance('lost')) throw failure('TimeoutError');
        return { Records: answers, FailedRecordCount: 0, $metadata: {} };
      } finally {
        open--;
      }
    },
  };

  return {
    client,
    stored,
    calls,
    mostOpen: () => mostOpen,
    /** From now on every call fails so; undefined mends it. */
    break: (name?: string, status?: number) => {
      broken = name === undefined ? undefined : failure(name, status);
    },
  };
}
