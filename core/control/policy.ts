import type { Settings } from '../model/stream.ts';
import { BATCH_SIZE, type StreamSettings, type StreamThresholds } from '../model/tenant.ts';

/** How a tenant's stream is watched and scaled: its profile with every figure that it leaves out. */
export interface Policy {
  readonly periodMinutes: number;
  /** What the profile begins with; the manager goes on from there. */
  readonly first: Pick<Settings, 'shards' | 'batchSize'>;
  /** False: the stream is watched, and nothing is changed. */
  readonly manages: boolean;
  readonly least: Settings;
  readonly most: Settings;
  readonly thresholds: Required<StreamThresholds>;
  readonly raiseAfter: number;
  readonly lowerAfter: number;
  readonly coolDownMinutes: number;
}

/** A shard takes 1,000 records and 1 MB a second (Kinesis Data Streams, "Quotas and limits"). */
export const SHARD = { messages: 1000, bytes: 1_000_000 } as const;

/** Share of what a shard takes at which there should be more of them: the keys of messages never spread evenly. */
const FULL = 0.7;

export function policyOf({ shards, batchSize = BATCH_SIZE, periodMinutes = 1, ...stream }: StreamSettings): Policy {
  const { thresholds = {}, scaling } = stream;
  const { minShards = shards, maxShards = shards, maxParallel = 1, maxBatch = batchSize } = scaling ?? {};
  return {
    periodMinutes,
    first: { shards, batchSize },
    manages: scaling !== undefined,
    least: { shards: minShards, parallel: 1, batchSize },
    most: { shards: maxShards, parallel: maxParallel, batchSize: maxBatch },
    thresholds: {
      averageMilliseconds: 10_000,
      lagSeconds: 60,
      messagesPerShard: FULL * SHARD.messages * 60,
      bytesPerShard: FULL * SHARD.bytes * 60,
      databaseMilliseconds: 2000,
      ...thresholds,
    },
    raiseAfter: scaling?.raiseAfter ?? 2,
    lowerAfter: scaling?.lowerAfter ?? 10,
    coolDownMinutes: scaling?.coolDownMinutes ?? 5,
  };
}
