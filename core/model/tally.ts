import { noLatency, observe } from './latency.ts';
import { addBroken } from './quality.ts';
import { type Counts, noCounts } from './row.ts';
import { type FeedTally, SAMPLE_SIZE, type SettledMessage, type StreamRun, type StreamSlot } from './run.ts';

/** Identifies a stream run to people: the minute of arrival and the shard. */
export const streamRunId = ({ shard, minute }: StreamSlot): string => {
  const digits = minute.toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-');
  return `stream.${digits}.${shard.replace('shardId-', '')}`;
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
  for (const { feed, outcome, broken, bytes, latency, database, throttles = 0 } of messages) {
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
    tally.database ??= { messages: 0, sum: 0, throttles: 0 };
    if (database !== undefined) {
      tally.database.messages++;
      tally.database.sum += database;
    }
    tally.database.throttles += throttles;
    if (typeof outcome === 'object' && firstRejections.length < SAMPLE_SIZE) {
      firstRejections.push({ ...outcome, feed, raw: outcome.raw.slice(0, 200) });
    }
  }
  return { ...run, feeds, firstRejections, endedAt: now };
}

/** Tells with the last of some messages how often the database put them off. */
export function putOff(messages: readonly SettledMessage[], times: number): SettledMessage[] {
  const last = messages.at(-1);
  if (!last || times === 0) return [...messages];
  return [...messages.slice(0, -1), { ...last, throttles: (last.throttles ?? 0) + times }];
}

const kindOf = (outcome: SettledMessage['outcome']): keyof Counts =>
  typeof outcome === 'object' ? 'rejected' : outcome;
