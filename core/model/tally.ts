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
  for (const { feed, outcome, bytes, latency } of messages) {
    feeds[feed] ??= { counts: noCounts(), bytes: 0, latency: { min: latency, max: latency, sum: 0 } };
    const tally = feeds[feed] as FeedTally;
    tally.counts.read++;
    tally.counts[kindOf(outcome)]++;
    tally.bytes += bytes;
    tally.latency.min = Math.min(tally.latency.min, latency);
    tally.latency.max = Math.max(tally.latency.max, latency);
    tally.latency.sum += latency;
    if (typeof outcome === 'object' && firstRejections.length < SAMPLE_SIZE) {
      firstRejections.push({ ...outcome, feed, raw: outcome.raw.slice(0, 200) });
    }
  }
  return { ...run, feeds, firstRejections, endedAt: now };
}

const kindOf = (outcome: SettledMessage['outcome']): keyof Counts =>
  typeof outcome === 'object' ? 'rejected' : outcome;
