import { comparePositions } from '../model/position.ts';
import type { StreamRun } from '../model/run.ts';
import type { Acknowledged, StreamFound, Waiting } from '../model/stream.ts';
import type { LedgerReader, StreamManager } from '../ports.ts';
import type { StreamState } from './stream-state.ts';

/** How late a stream is, and what has to be known to tell it the next time. */
export interface Lag {
  readonly acknowledged: readonly Acknowledged[];
  /** When the oldest message arrived that is not acknowledged, in milliseconds since 1970; null when none waits. */
  readonly oldest: number | null;
}

const HOUR = 3_600_000;
/** Hours of arrival that are read when messages wait for long. */
const MOST_HOURS = 6;

/** Runs of the messages that arrived from a moment on, whole hours of them; without replays, which come from elsewhere. */
export async function runsSince(
  reader: Pick<LedgerReader, 'streamRunsIn'>,
  from: number,
  now: number,
  mostHours = MOST_HOURS,
): Promise<StreamRun[]> {
  const last = Math.floor(now / HOUR);
  const first = Math.max(last - mostHours, Math.floor(from / HOUR));
  const hours = Array.from({ length: last - first + 1 }, (_, index) => new Date((first + index) * HOUR));
  const runs = await Promise.all(hours.map((hour) => reader.streamRunsIn(hour)));
  return runs.flat().filter(({ replay }) => replay === undefined);
}

/**
 * The ledger knows what is acknowledged, Kinesis what is not: it is asked for the first message behind the last that was acknowledged. With several
 * batches of a shard at a time an older one may still be on its way: the lag is then too small by as much as these batches are apart.
 */
export async function lagOf(
  manager: Pick<StreamManager, 'waiting'>,
  state: StreamState,
  found: StreamFound,
  runs: readonly StreamRun[],
  now: number,
): Promise<Lag> {
  const acknowledged = further(state, found, runs, now);
  const waiting = await manager.waiting(acknowledged);
  const drained = new Set(waiting.filter((each) => each.drained).map(({ shard }) => shard));
  return { acknowledged: acknowledged.filter(({ shard }) => !drained.has(shard)), oldest: oldestOf(waiting) };
}

/** Seconds that the oldest message waits. */
export const secondsOf = ({ oldest }: Lag, now: number): number =>
  oldest === null ? 0 : Math.max(0, Math.round((now - oldest) / 1000));

/** How far the shards are acknowledged, with those that have been opened since the last look: what is in them came after it. */
function further(
  { acknowledged, decidedUpTo }: StreamState,
  { open }: StreamFound,
  runs: readonly StreamRun[],
  now: number,
): Acknowledged[] {
  const newest = new Map<string, string>();
  for (const { shard, feeds } of runs) {
    for (const { newest: position } of Object.values(feeds)) {
      if (position !== undefined && isLater(position, newest.get(shard))) newest.set(shard, position);
    }
  }
  const known = new Set(acknowledged.map(({ shard }) => shard));
  const since = Math.min(decidedUpTo, now);
  const opened = open.filter((shard) => !known.has(shard)).map((shard) => ({ shard, position: null, since }));
  return [...acknowledged, ...opened].map((each) => {
    const position = newest.get(each.shard);
    return position !== undefined && isLater(position, each.position) ? { ...each, position } : each;
  });
}

const isLater = (position: string, than: string | null | undefined): boolean =>
  !than || comparePositions(position, than) > 0;

function oldestOf(waiting: readonly Waiting[]): number | null {
  const times = waiting.flatMap(({ arrivedAt }) => (arrivedAt ? [arrivedAt.getTime()] : []));
  return times.length === 0 ? null : Math.min(...times);
}
