/**
 * Milliseconds between the arrival of messages and the answer of the database: exact extremes and sum, and a histogram for quantiles. Two of
 * them merge without loss, and the size is bounded, whatever has been observed.
 */
export interface Latency {
  min: number;
  max: number;
  sum: number;
  /** Messages by bucket, empty buckets left out; absent in runs that were counted before there were buckets. */
  buckets?: Record<string, number>;
}

/**
 * Relative error of a quantile: 5 %. Bucket i holds the values above GAMMA^(i-1) up to GAMMA^i, and is told as the value in its middle, which is
 * off by this share at most (Masson, Rim, Lee: DDSketch, VLDB 2019, section 2.1). A week in milliseconds is in bucket 203: no more can be.
 */
export const RELATIVE_ERROR = 0.05;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);

/** Values below a millisecond count as one. */
const bucketOf = (milliseconds: number): number => Math.ceil(Math.log(Math.max(1, milliseconds)) / LOG_GAMMA);

const middleOf = (bucket: number): number => (2 * GAMMA ** bucket) / (GAMMA + 1);

export const noLatency = (): Latency => ({ min: Number.POSITIVE_INFINITY, max: 0, sum: 0, buckets: {} });

/** Adds one value, in place. */
export function observe(latency: Latency, milliseconds: number): void {
  latency.min = Math.min(latency.min, milliseconds);
  latency.max = Math.max(latency.max, milliseconds);
  latency.sum += milliseconds;
  addTo(latency, bucketOf(milliseconds), 1);
}

/** Adds `more` to `total`, in place. */
export function mergeLatency(total: Latency, more: Latency): void {
  total.min = Math.min(total.min, more.min);
  total.max = Math.max(total.max, more.max);
  total.sum += more.sum;
  for (const [bucket, count] of Object.entries(more.buckets ?? {})) addTo(total, bucket, count);
}

function addTo(latency: Latency, bucket: number | string, count: number): void {
  latency.buckets ??= {};
  latency.buckets[bucket] = (latency.buckets[bucket] ?? 0) + count;
}

/**
 * The value that the share `q` of all `count` values does not exceed, within the relative error; null when the buckets do not hold them all, because some
 * were counted before there were buckets.
 */
export function quantile({ min, max, buckets = {} }: Latency, q: number, count: number): number | null {
  const sorted = Object.entries(buckets)
    .map(([bucket, held]) => [Number(bucket), held] as const)
    .sort(([a], [b]) => a - b);
  if (count === 0 || sorted.reduce((sum, [, held]) => sum + held, 0) < count) return null;
  let seen = 0;
  for (const [bucket, held] of sorted) {
    seen += held;
    if (seen >= q * count) return Math.min(max, Math.max(min, middleOf(bucket)));
  }
  return max;
}
