import type { Code } from '../model/codes.ts';
import type { Lever } from '../model/stream.ts';
import type { Policy } from './policy.ts';
import { CALM, isBusy, isCalm, many, type Strain, strainOf, type Trouble, troubleOf } from './strain.ts';
import { noting, remembering } from './stream-memory.ts';
import { type Change, type Decision, loadOf, type Measures, type StreamState } from './stream-state.ts';

/** UpdateShardCount: at most ten times in 24 hours, to at most the double and at least the half (Kinesis API Reference). */
const RESHARDS_A_DAY = 10;
/** Of these, so many are not spent on fewer shards: a burst must not find them used up. */
const KEPT_FOR_GROWTH = 3;
/** An alert is not told again for so long. */
const ALERT_MINUTES = 60;
const MINUTE = 60_000;

/**
 * Decides about a stream by its latest finished periods: what to change, whom to alert, or nothing, with the reason and the figures. Pure; asked again
 * about the same periods it answers the same and changes nothing.
 */
export function decide(
  policy: Policy,
  before: StreamState,
  measures: readonly Measures[],
  now: number,
): { readonly decision: Decision | null; readonly state: StreamState } {
  const fresh = measures.filter(({ from }) => from >= before.decidedUpTo);
  const newest = fresh.at(-1);
  if (!newest) return { decision: before.last, state: before };
  const state = remembering(policy, before, fresh, now);
  const { action, change = null, alert, reason, unbearable } = choose(policy, state, newest, now);
  const toldAt = alert && state.told[alert];
  const tells = alert && (toldAt === undefined || now - toldAt >= ALERT_MINUTES * MINUTE) ? alert : null;
  const decision: Decision = {
    at: new Date(now).toISOString(),
    period: new Date(newest.from).toISOString(),
    action: action === 'alert' && !tells ? 'nothing' : action,
    change,
    alert: tells,
    reason,
    figures: newest,
  };
  return { decision, state: noting(state, decision, unbearable === true, now) };
}

interface Choice {
  readonly action: Decision['action'];
  readonly change?: Change;
  readonly alert?: Code;
  readonly reason: string;
  /** True when the database does not bear as many batches at a time as there are. */
  readonly unbearable?: boolean;
}

const nothing = (reason: string): Choice => ({ action: 'nothing', reason });

function choose(policy: Policy, state: StreamState, newest: Measures, now: number): Choice {
  if (!newest.consuming) return nothing('consumption is stopped');
  const trouble = troubleOf(policy, state.window);
  if (trouble) return relieve(policy, state, newest, trouble, now);
  if (state.pending) return nothing(`${told(state.pending)} is under way`);
  const strain = strainOf(policy, state.window);
  return (
    restore(policy, state, newest) ?? (strain ? raise(policy, state, newest, strain, now) : lower(policy, state, now))
  );
}

/** More batches at a time would make it worse: fewer, and somebody must know. */
function relieve(policy: Policy, state: StreamState, newest: Measures, { kind, why }: Trouble, now: number): Choice {
  const { parallel } = newest.actual;
  const lowered = state.loweredAt !== null && now - state.loweredAt < policy.coolDownMinutes * MINUTE;
  // Right after fewer batches the figures are still those of more.
  const unbearable = kind !== 'stuck' && !lowered;
  const alone: Choice = { action: 'alert', alert: 'SLU-5008', reason: why, unbearable };
  if (!policy.manages || state.pending || kind === 'stuck' || parallel === 1 || lowered) return alone;
  return { ...alone, action: 'lower', change: { lever: 'parallel', from: parallel, to: Math.ceil(parallel / 2) } };
}

/** Something else has changed what the manager set: it is set again, in the steps that Kinesis takes. */
function restore(policy: Policy, state: StreamState, newest: Measures): Choice | null {
  const lever = (['parallel', 'batchSize', 'shards'] as const).find(
    (each) => newest.actual[each] !== state.settings[each],
  );
  if (!policy.manages || !lever) return null;
  const [from, aim] = [newest.actual[lever], state.settings[lever]];
  const reason = `${WORDS[lever]}: ${aim} are wanted, and ${from} are found`;
  if (aim > from && isBusy(policy, state.window)) return nothing(`${reason}; but the database is busy`);
  if (lever !== 'shards') return { action: 'restore', change: { lever, from, to: aim }, reason };
  if (!mayReshard(state, newest, RESHARDS_A_DAY)) return nothing(`${reason}; Kinesis allows no change now`);
  return {
    action: 'restore',
    change: { lever, from, to: Math.min(2 * from, Math.max(Math.ceil(from / 2), aim)) },
    reason,
  };
}

function raise(policy: Policy, state: StreamState, newest: Measures, { why, levers }: Strain, now: number): Choice {
  const alert = (code: Code, but: string): Choice => ({ action: 'alert', alert: code, reason: `${why}; ${but}` });
  if (!policy.manages) return alert('SLU-4007', 'the profile has no stream.scaling');
  if (isBusy(policy, state.window)) return nothing(`${why}; but the database is busy`);
  const free = levers.filter((lever) => state.settings[lever] < policy.most[lever]);
  if (free.length === 0) return alert('SLU-4007', 'the profile allows no more');
  if (isCoolingDown(policy, state, now)) {
    return nothing(`${why}; the last change was less than ${policy.coolDownMinutes} minutes ago`);
  }
  const bearable = free.filter(
    (lever) => !isCeiling(state, now) || batchesWith(policy, state, lever) < ceilingOf(state),
  );
  if (bearable.length === 0) {
    return alert('SLU-5008', `the database does not bear ${many(ceilingOf(state))} batches at a time`);
  }
  const lever = bearable.find((each) => each !== 'shards' || mayReshard(state, newest, RESHARDS_A_DAY));
  if (!lever) return alert('SLU-4007', 'Kinesis allows no more changes of its shards now');
  return {
    action: 'raise',
    change: { lever, from: state.settings[lever], to: doubled(policy, state, lever) },
    reason: why,
  };
}

/** Undoes the latest raise when the load that made it necessary has halved; without one, shards that are too many. */
function lower(policy: Policy, state: StreamState, now: number): Choice {
  const recent = state.window.slice(-policy.lowerAfter);
  const newest = recent.at(-1) as Measures;
  const still = nothing('within the thresholds');
  if (!policy.manages || recent.length < policy.lowerAfter || isCoolingDown(policy, state, now)) return still;
  if (!recent.every((each) => isCalm(policy, each))) return still;
  const messages = Math.max(...recent.map((each) => loadOf(each).messages));
  const bytes = Math.max(...recent.map((each) => loadOf(each).bytes));
  const latest = state.raises.at(-1);
  if (latest && (messages > CALM * latest.load.messages || bytes > CALM * latest.load.bytes)) return still;
  const lever = latest?.lever ?? 'shards';
  const from = state.settings[lever];
  const half = Math.max(policy.least.shards, Math.ceil(state.settings.shards / 2));
  const to = lever === 'shards' ? Math.max(half, latest?.from ?? half) : (latest?.from ?? from);
  if (to >= from) return still;
  if (lever === 'shards') {
    const { messagesPerShard, bytesPerShard } = policy.thresholds;
    if (messages / to > CALM * messagesPerShard || bytes / to > CALM * bytesPerShard) return still;
    if (!mayReshard(state, newest, RESHARDS_A_DAY - KEPT_FOR_GROWTH)) {
      return nothing('fewer shards would do; the changes that are left today are kept for growth');
    }
  }
  const was = latest ? `; it took ${many(latest.load.messages)} to make it necessary` : '';
  const reason = `at most ${many(messages)} messages a minute in ${policy.lowerAfter} calm periods${was}`;
  return { action: 'lower', change: { lever, from, to }, reason };
}

const mayReshard = ({ reshards }: StreamState, { resharding }: Measures, most: number): boolean =>
  !resharding && reshards.length < most;

const isCoolingDown = ({ coolDownMinutes }: Policy, { changedAt }: StreamState, now: number): boolean =>
  changedAt !== null && now < changedAt + coolDownMinutes * MINUTE;

const isCeiling = ({ ceiling }: StreamState, now: number): boolean => ceiling !== null && now < ceiling.until;
const ceilingOf = ({ ceiling }: StreamState): number => ceiling?.batches ?? Number.POSITIVE_INFINITY;

const doubled = ({ most }: Policy, { settings }: StreamState, lever: Lever): number =>
  Math.min(most[lever], 2 * settings[lever]);

/** Batches on their way to the database at a time, after a raise. Larger batches count as more of them. */
const batchesWith = (policy: Policy, state: StreamState, lever: Lever): number =>
  (state.settings.shards * state.settings.parallel * doubled(policy, state, lever)) / state.settings[lever];

const WORDS: Readonly<Record<Lever, string>> = {
  shards: 'open shards',
  parallel: 'parallel batches',
  batchSize: 'messages of a batch',
};

const told = ({ lever, from, to }: Change): string => `${WORDS[lever]} ${from} → ${to}`;
