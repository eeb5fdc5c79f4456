import type { Lever, Settings } from '../model/stream.ts';
import { endOf } from '../report/periods.ts';
import type { Policy } from './policy.ts';
import { isCalm } from './strain.ts';
import {
  type Decision,
  type Load,
  loadOf,
  type Measures,
  type Outcome,
  type Pending,
  type Raise,
  type StreamState,
} from './stream-state.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A number of batches that the database did not bear is not tried again for this long, each time twice as long, up to a day. */
const CEILING_MINUTES = 30;

/** Takes in new periods, forgets what is too old to matter, and follows the profile. */
export function remembering(
  policy: Policy,
  state: StreamState,
  measures: readonly Measures[],
  now: number,
): StreamState {
  const window = [...state.window];
  for (const each of measures) {
    const last = window.at(-1);
    if (last && endOf(last) !== each.from) window.length = 0;
    window.push(each);
  }
  const newest = window.at(-1) as Measures;
  const settings = policy.manages ? aim(policy, state) : newest.actual;
  const raises = state.raises.filter(({ lever, from }) => from < settings[lever]);
  return {
    ...state,
    settings,
    first: policy.first,
    window: window.slice(-Math.max(policy.raiseAfter, policy.lowerAfter)),
    decidedUpTo: endOf(newest),
    raises: raises.map((raise) => (raise.known ? raise : learning(raise, newest, isCalm(policy, newest)))),
    reshards: state.reshards.filter((at) => at > now - DAY),
    ceiling: state.ceiling && state.ceiling.until > now - DAY ? state.ceiling : null,
  };
}

/** What was set, unless the profile begins anew with another figure; and always within its limits. */
function aim({ first, least, most }: Policy, { settings, first: before }: StreamState): Settings {
  const within = (lever: Lever, value: number) => Math.min(most[lever], Math.max(least[lever], value));
  return {
    shards: within('shards', first.shards === before.shards ? settings.shards : first.shards),
    parallel: within('parallel', settings.parallel),
    batchSize: within('batchSize', first.batchSize === before.batchSize ? settings.batchSize : first.batchSize),
  };
}

function learning(raise: Raise, newest: Measures, known: boolean): Raise {
  const { messages, bytes } = loadOf(newest);
  const load = { messages: Math.max(raise.load.messages, messages), bytes: Math.max(raise.load.bytes, bytes) };
  return { ...raise, load, known };
}

/** The state after a decision. */
export function noting(state: StreamState, decision: Decision, unbearable: boolean, now: number): StreamState {
  const { change, action, alert, figures } = decision;
  const noted: StreamState = {
    ...state,
    told: alert ? { ...state.told, [alert]: now } : state.told,
    ceiling: unbearable ? ceilingOf(state, figures.actual, now) : state.ceiling,
    last: decision,
    untold: [...state.untold, decision],
  };
  if (!change) return noted;
  const { lever, from, to } = change;
  return {
    ...noted,
    settings: action === 'restore' ? state.settings : { ...state.settings, [lever]: to },
    pending: { ...change, period: decision.period, tries: 0, why: null },
    raises: raisesAfter(state, decision),
    reshards: lever === 'shards' ? [...state.reshards, now] : state.reshards,
    changedAt: now,
    loweredAt: to < from ? now : state.loweredAt,
  };
}

function ceilingOf({ ceiling }: StreamState, { shards, parallel }: Settings, now: number): StreamState['ceiling'] {
  const active = ceiling !== null && now < ceiling.until;
  if (active) return { ...ceiling, batches: Math.min(ceiling.batches, shards * parallel) };
  const minutes = ceiling ? Math.min(24 * 60, 2 * ceiling.minutes) : CEILING_MINUTES;
  return { batches: shards * parallel, until: now + minutes * MINUTE, minutes };
}

function raisesAfter({ raises, window }: StreamState, { action, change }: Decision): readonly Raise[] {
  if (action === 'raise' && change) {
    const loads = window.map(loadOf);
    const most = (name: keyof Load) => Math.max(...loads.map((load) => load[name]));
    return [...raises, { ...change, load: { messages: most('messages'), bytes: most('bytes') }, known: false }];
  }
  if (action === 'lower' && change)
    return raises.filter(({ lever, from }) => lever !== change.lever || from < change.to);
  return raises;
}

/** Tries of a change before it is given up; there is one a minute. */
const TRIES = 10;

/** The state when a pending change is seen to be made. */
export function made(state: StreamState, now: number): StreamState {
  const { pending } = state;
  return pending ? { ...state, pending: null, untold: [...state.untold, outcomeOf(pending, 'made', now)] } : state;
}

/** The state when a pending change has been tried in vain: to be tried again, or given up, and then what is found stays. */
export function inVain(state: StreamState, why: string, refused: boolean, found: Settings, now: number): StreamState {
  const { pending } = state;
  if (!pending) return state;
  if (!refused && pending.tries + 1 < TRIES)
    return { ...state, pending: { ...pending, tries: pending.tries + 1, why } };
  return {
    ...state,
    pending: null,
    settings: { ...state.settings, [pending.lever]: found[pending.lever] },
    untold: [...state.untold, outcomeOf(pending, `given up: ${why}`, now)],
  };
}

const outcomeOf = ({ period }: Pending, outcome: string, now: number): Outcome => ({
  period,
  at: new Date(now).toISOString(),
  outcome,
});
