/** Figures of several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** Null for no values. */
export function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => sorted[index] as number;
  const half = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1), rounds: sorted.length };
}

/** The value below which a share of all values lies, by the nearest rank; NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** A value that was measured in one round. */
export interface InRound {
  readonly round: number;
  readonly value: number;
}

/**
 * How many times the one is the other, round by round: a machine's speed drifts from round to round, and within one both have met the same. Rounds in which
 * only one was measured do not count; null when there is none with both.
 */
export function ratio(ones: readonly InRound[], others: readonly InRound[]): Spread | null {
  const byRound = new Map(others.map(({ round, value }) => [round, value]));
  return spread(
    ones.flatMap(({ round, value }) => (byRound.has(round) ? [value / (byRound.get(round) as number)] : [])),
  );
}
