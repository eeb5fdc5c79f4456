import { mergeLatency, noLatency, observe } from './latency.ts';
import { comparePositions } from './position.ts';
import { addBroken } from './quality.ts';
import { addCounts, type Counts, noCounts } from './row.ts';
import {
  type FeedTally,
  type MessageTotals,
  SAMPLE_SIZE,
  type SettledMessage,
  type Stamp,
  type StreamRun,
  type StreamSlot,
} from './run.ts';

/** Identifies a stream run to people: the minute of arrival and the shard; of a replay, those of its request, and what it replays. */
export const streamRunId = ({ shard, minute, replay }: StreamSlot): string => {
  const digits = minute.toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-');
  const id = `stream.${digits}.${shard.replace('shardId-', '')}`;
  if (!replay) return id;
  const [, of] = replay.of.split('.');
  return `${id}.r${of}.${replay.requestedAt.getTime().toString(36)}`;
};

export const emptyStreamRun = (slot: StreamSlot, now: Date): StreamRun => ({
  ...slot,
  id: streamRunId(slot),
  feeds: {},
  startedAt: now,
  endedAt: now,
  firstRejections: [],
});

/** A stream run with more messages counted in; each must be new to it. */
export function addMessages(run: StreamRun, messages: readonly SettledMessage[], now: Date): StreamRun {
  const feeds: Record<string, FeedTally> = structuredClone(run.feeds);
  const firstRejections = [...run.firstRejections];
  for (const message of messages) {
    const { position, feed, outcome, broken, bytes, latency, database, throttles = 0, overQuota: over } = message;
    feeds[feed] ??= { counts: noCounts(), bytes: 0, latency: noLatency() };
    const tally = feeds[feed] as FeedTally;
    tally.counts.read++;
    tally.counts[kindOf(outcome)]++;
    if (broken) {
      tally.rules ??= {};
      addBroken(tally.rules, broken);
    }
    tally.bytes += bytes;
    observe(tally.latency, latency);
    tally.newest = later(tally.newest, position);
    tally.database ??= { messages: 0, sum: 0, throttles: 0 };
    if (database !== undefined) {
      tally.database.messages++;
      tally.database.sum += database;
    }
    tally.database.throttles += throttles;
    if (over) addTotals(tally, { messages: 1, bytes });
    if (typeof outcome === 'object' && firstRejections.length < SAMPLE_SIZE) {
      firstRejections.push({ ...outcome, feed, raw: outcome.raw.slice(0, 200) });
    }
  }
  return { ...run, feeds, firstRejections, endedAt: now };
}

/** The parts of one stream run as one. */
export function joined(first: StreamRun, ...others: readonly StreamRun[]): StreamRun {
  const feeds = structuredClone(first.feeds) as Record<string, FeedTally>;
  for (const other of others) {
    for (const [feed, more] of Object.entries(other.feeds)) {
      const total = feeds[feed];
      if (total) addTally(total, more);
      else feeds[feed] = structuredClone(more);
    }
  }
  const all = [first, ...others];
  return {
    ...first,
    feeds,
    startedAt: new Date(Math.min(...all.map(({ startedAt }) => startedAt.getTime()))),
    endedAt: new Date(Math.max(...all.map(({ endedAt }) => endedAt.getTime()))),
    firstRejections: all.flatMap(({ firstRejections }) => firstRejections).slice(0, SAMPLE_SIZE),
  };
}

function addTally(total: FeedTally, more: FeedTally): void {
  addCounts(total.counts, more.counts);
  total.bytes += more.bytes;
  mergeLatency(total.latency, more.latency);
  for (const [rule, times] of Object.entries(more.rules ?? {})) {
    total.rules ??= {};
    total.rules[rule] = (total.rules[rule] ?? 0) + times;
  }
  if (more.overQuota) addTotals(total, more.overQuota);
  if (more.newest !== undefined) total.newest = later(total.newest, more.newest);
  if (!more.database) return;
  total.database ??= { messages: 0, sum: 0, throttles: 0 };
  total.database.messages += more.database.messages;
  total.database.sum += more.database.sum;
  total.database.throttles += more.database.throttles;
}

const later = (a: string | undefined, b: string): string => (a !== undefined && comparePositions(a, b) > 0 ? a : b);

function addTotals(tally: FeedTally, more: MessageTotals): void {
  tally.overQuota ??= { messages: 0, bytes: 0 };
  tally.overQuota.messages += more.messages;
  tally.overQuota.bytes += more.bytes;
}

/** What of a stream run counts against the tenant's quota: all that the quota has let in, whatever became of it. */
export function letIn({ feeds }: Pick<StreamRun, 'feeds'>): MessageTotals {
  const totals = { messages: 0, bytes: 0 };
  for (const { counts, bytes, overQuota } of Object.values(feeds)) {
    totals.messages += counts.read - (overQuota?.messages ?? 0);
    totals.bytes += bytes - (overQuota?.bytes ?? 0);
  }
  return totals;
}

/** Of some stamps that of the message that is last in its shard. */
export const lastOf = <S extends Stamp>(stamps: Iterable<S>): S | null => {
  let last: S | null = null;
  for (const stamp of stamps) if (!last || comparePositions(stamp.position, last.position) > 0) last = stamp;
  return last;
};

/** Tells with the last of some messages how often the database put them off. */
export function putOff(messages: readonly SettledMessage[], times: number): SettledMessage[] {
  const last = messages.at(-1);
  if (!last || times === 0) return [...messages];
  return [...messages.slice(0, -1), { ...last, throttles: (last.throttles ?? 0) + times }];
}

/** The sum over the feeds of a stream run. */
export function countsOfRun(feeds: StreamRun['feeds']): Counts {
  const counts = noCounts();
  for (const tally of Object.values(feeds)) addCounts(counts, tally.counts);
  return counts;
}

/** What became of messages. */
export function countsOf(messages: readonly Pick<SettledMessage, 'outcome'>[]): Counts {
  const counts = noCounts();
  for (const { outcome } of messages) {
    counts.read++;
    counts[kindOf(outcome)]++;
  }
  return counts;
}

const kindOf = (outcome: SettledMessage['outcome']): keyof Counts =>
  typeof outcome === 'object' ? 'rejected' : outcome;
