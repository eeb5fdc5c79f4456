/** Milliseconds: the smallest, the mean, the 95th percentile and the largest of what was measured. */
export interface Spread {
  readonly min: number;
  readonly average: number;
  /** Out of a histogram: at most 1 % off. */
  readonly p95: number;
  readonly max: number;
}

/** Each bucket is 2 % wider than the one before, so that its middle is within 1 % of all that is in it. */
const WIDTH = Math.log(1.02);
/** Milliseconds; what is shorter is in the first bucket, what is longer than an hour in the last. */
const SHORTEST = 0.01;
const LONGEST = 3_600_000;
const BUCKETS = Math.ceil(Math.log(LONGEST / SHORTEST) / WIDTH) + 1;

/** Gathers times in memory that does not grow with their number. */
export function spread() {
  const buckets = new Float64Array(BUCKETS);
  let count = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = 0;

  return {
    add(milliseconds: number): void {
      const index = Math.floor(Math.log(Math.max(SHORTEST, milliseconds) / SHORTEST) / WIDTH);
      buckets[Math.min(BUCKETS - 1, index)] = (buckets[Math.min(BUCKETS - 1, index)] as number) + 1;
      count++;
      sum += milliseconds;
      min = Math.min(min, milliseconds);
      max = Math.max(max, milliseconds);
    },

    /** Null when nothing was measured. */
    get(): Spread | null {
      if (count === 0) return null;
      let index = 0;
      for (let seen = 0; index < BUCKETS; index++) {
        seen += buckets[index] as number;
        if (seen >= count * 0.95) break;
      }
      const middle = SHORTEST * Math.exp((index + 0.5) * WIDTH);
      return { min, average: sum / count, p95: Math.min(max, Math.max(min, middle)), max };
    },
  };
}
