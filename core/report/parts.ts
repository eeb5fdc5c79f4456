import { listParts, readPlan } from '../control/parts.ts';
import type { Part, Plan } from '../model/plan.ts';
import type { Counts } from '../model/row.ts';
import { addCounts, noCounts } from '../model/row.ts';
import type { FileRun } from '../model/run.ts';
import type { Registry } from '../ports.ts';

/** How far a large file has come in the phase that it is in. */
export interface Progress {
  readonly phase: Plan['phase'];
  /** 0 to 1, by rows once they have been counted, else by parts. */
  readonly share: number;
  /** What the parts of this phase have read; only in the phase `load` is it also stored. */
  readonly counts: Counts;
  readonly rowsPerSecond: number;
  /** Seconds until the phase is done, if it goes on as it has; null when nothing is known. */
  readonly secondsLeft: number | null;
  readonly parts: readonly ShownPart[];
}

export interface ShownPart {
  /** From 1. */
  readonly part: number;
  /** `waiting` has not begun, or was handed on; `stalled` has lost its function. */
  readonly state: 'waiting' | 'running' | 'stalled' | 'done' | 'stopped';
  readonly counts: Counts;
  readonly handOvers: number;
  readonly takeOvers: number;
  readonly reason: string | null;
}

/** The parts of a run that is at work; null when it has none, any more. */
export async function partsOf(
  registry: Pick<Registry, 'read' | 'list'>,
  run: FileRun,
  now: Date,
): Promise<Progress | null> {
  const plan = await readPlan(registry, run);
  if (!plan) return null;
  const parts = await listParts(registry, run, plan.phase);
  const counts = noCounts();
  for (const part of parts.values()) addCounts(counts, part.counts);
  const ended = [...parts.values()].filter(({ state }) => state !== 'open').length;
  const rows = plan.phase === 'check' ? null : (plan.counted?.rows ?? null);
  const share = rows === null ? ended / plan.stretches.length : rows === 0 ? 1 : counts.read / rows;
  const seconds = Math.max(0.001, (now.getTime() - plan.since) / 1000);
  return {
    phase: plan.phase,
    share,
    counts,
    rowsPerSecond: counts.read / seconds,
    secondsLeft: share > 0 ? (seconds / share) * (1 - share) : null,
    parts: plan.stretches.map((_, index) => shown(index, parts.get(index), now)),
  };
}

function shown(index: number, part: Part | undefined, now: Date): ShownPart {
  const { counts = noCounts(), handOvers = 0, takeOvers = 0, stop = null } = part ?? {};
  return {
    part: index + 1,
    state: stateOf(part, now),
    counts,
    handOvers,
    takeOvers,
    reason: stop && `${stop.code} ${stop.message}`,
  };
}

function stateOf(part: Part | undefined, now: Date): ShownPart['state'] {
  if (!part) return 'waiting';
  if (part.state !== 'open') return part.state;
  if (part.owner === null) return 'waiting';
  return part.until > now.getTime() ? 'running' : 'stalled';
}
