import { type Policy, policyOf } from '../../core/control/policy.ts';
import type { Measures } from '../../core/control/stream-state.ts';
import type { Settings } from '../../core/model/stream.ts';
import type { StreamSettings } from '../../core/model/tenant.ts';

/** A stream that the manager may change, unless a test says otherwise. */
export const policyWith = (changes: Partial<StreamSettings> = {}): Policy =>
  policyOf({
    shards: 2,
    retentionHours: 24,
    feed: 'readings',
    scaling: { minShards: 1, maxShards: 16, maxParallel: 8, maxBatch: 2000 },
    ...changes,
  });

export const START = Date.parse('2026-01-02T03:00:00Z');
export const MINUTE = 60_000;

export const found: Settings = { shards: 2, parallel: 1, batchSize: 500 };

/** A minute without anything remarkable. */
export const measured = (minute: number, changes: Partial<Measures> = {}): Measures => ({
  from: START + minute * MINUTE,
  minutes: 1,
  messages: 1000,
  bytes: 100_000,
  rejects: 0,
  averageMilliseconds: 500,
  p95Milliseconds: 900,
  maxMilliseconds: 1500,
  databaseMilliseconds: 40,
  throttles: 0,
  lagSeconds: 0,
  progress: true,
  actual: found,
  consuming: true,
  resharding: false,
  ...changes,
});
