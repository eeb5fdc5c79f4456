import type { MessageTotals, StreamRun } from '../model/run.ts';
import { letIn } from '../model/tally.ts';

/**
 * What a shard has used of a day: the sum over its stream runs, which count each message once. A stream run only ever grows, so its totals are noted as they are,
 * however often: the greater figure stays. All but the latest runs are folded into one sum; a run that grows after that has the whole read anew.
 */
export interface ShardUsage extends MessageTotals {
  /** The latest minute of which a run has been folded, in milliseconds since 1970; null when none has. */
  readonly foldedUpTo: number | null;
  /** By the run's id: the minute, messages and bytes of the latest runs, which may still grow. */
  readonly latest: Readonly<Record<string, readonly [minute: number, messages: number, bytes: number]>>;
}

/** Runs of a shard that are kept apart: a late batch seldom belongs to an earlier one. */
const LATEST = 10;

const noUsage: ShardUsage = Object.freeze({ messages: 0, bytes: 0, foldedUpTo: null, latest: {} });

/** Notes how far a run has grown; `null` when it may have been folded already: then `usageOfRuns` knows. */
export function noteRun(usage: ShardUsage, run: StreamRun): ShardUsage | null {
  const { id, minute } = run;
  const at = minute.getTime();
  const before = usage.latest[id];
  if (!before && usage.foldedUpTo !== null && at <= usage.foldedUpTo) return null;
  const { messages, bytes } = letIn(run);
  if (before && before[1] >= messages && before[2] >= bytes) return usage;
  return folded({ ...usage, latest: { ...usage.latest, [id]: [at, messages, bytes] } });
}

/** The usage of a shard from all its runs of a day. */
export const usageOfRuns = (runs: readonly StreamRun[]): ShardUsage =>
  folded({
    ...noUsage,
    latest: Object.fromEntries(
      runs.map((run) => {
        const { messages, bytes } = letIn(run);
        return [run.id, [run.minute.getTime(), messages, bytes] as const];
      }),
    ),
  });

function folded(usage: ShardUsage): ShardUsage {
  const sorted = Object.entries(usage.latest).toSorted(([, [a]], [, [b]]) => a - b);
  const old = sorted.slice(0, Math.max(0, sorted.length - LATEST));
  if (old.length === 0) return usage;
  return {
    messages: usage.messages + old.reduce((sum, [, [, messages]]) => sum + messages, 0),
    bytes: usage.bytes + old.reduce((sum, [, [, , bytes]]) => sum + bytes, 0),
    foldedUpTo: Math.max(usage.foldedUpTo ?? 0, ...old.map(([, [minute]]) => minute)),
    latest: Object.fromEntries(sorted.slice(old.length)),
  };
}

export function totalUsed(shards: readonly ShardUsage[]): MessageTotals {
  const all = shards.flatMap(({ messages, bytes, latest }) => [
    { messages, bytes },
    ...Object.values(latest).map(([, of, size]) => ({ messages: of, bytes: size })),
  ]);
  return {
    messages: all.reduce((sum, each) => sum + each.messages, 0),
    bytes: all.reduce((sum, each) => sum + each.bytes, 0),
  };
}
