import { mergeLatency, noLatency, quantile } from '../model/latency.ts';
import { addCounts, type Counts, noCounts } from '../model/row.ts';
import type { FeedTally } from '../model/run.ts';

/** Least, mean and greatest, and what 95 of 100 do not exceed: within 5 %, null where some were counted before that was kept. */
export interface MessageSpread {
  readonly min: number;
  readonly average: number;
  readonly p95: number | null;
  readonly max: number;
}

/** What the ledger knows of messages, of whatever feeds, shards and minutes. */
export interface MessageFigures {
  readonly bytes: number;
  /** `read` is how many messages there were. */
  readonly counts: Counts;
  /** Milliseconds from a message's arrival on the stream to the database's answer; null when there was none. */
  readonly milliseconds: MessageSpread | null;
  /** Milliseconds that the database took for the rows of a message's batch, on average; null when it was not asked. */
  readonly databaseMilliseconds: number | null;
  /** How often the database put a row, or a change of the ledger, off. */
  readonly throttles: number;
  /** Of the rejected ones those that found no room in the tenant's quota. */
  readonly overQuota: number;
}

export function figuresOf(tallies: readonly FeedTally[]): MessageFigures {
  const counts = noCounts();
  const latency = noLatency();
  const database = { messages: 0, sum: 0, throttles: 0 };
  let bytes = 0;
  let overQuota = 0;
  for (const tally of tallies) {
    addCounts(counts, tally.counts);
    mergeLatency(latency, tally.latency);
    bytes += tally.bytes;
    overQuota += tally.overQuota?.messages ?? 0;
    database.messages += tally.database?.messages ?? 0;
    database.sum += tally.database?.sum ?? 0;
    database.throttles += tally.database?.throttles ?? 0;
  }
  const { min, max, sum } = latency;
  const { read } = counts;
  return {
    bytes,
    counts,
    milliseconds: read === 0 ? null : { min, average: sum / read, p95: quantile(latency, 0.95, read), max },
    databaseMilliseconds: database.messages === 0 ? null : database.sum / database.messages,
    throttles: database.throttles,
    overQuota,
  };
}
