import type { StreamRun } from '../model/run.ts';
import type { StreamFound } from '../model/stream.ts';
import type { Tenant } from '../model/tenant.ts';
import type { Alerts, Clock, LedgerReader, Registry, StreamManager } from '../ports.ts';
import { figuresOf } from '../report/messages.ts';
import { arrivedIn, endOf, type Period, periodOf, talliesOf, touchedSince } from '../report/periods.ts';
import { keep, keepOutcome } from './decisions.ts';
import { lagOf, runsSince, secondsOf } from './lag.ts';
import { type Policy, policyOf } from './policy.ts';
import { decide } from './scaling.ts';
import { inVain, made } from './stream-memory.ts';
import { type Decision, type Measures, newStreamState, type Pending, type StreamState } from './stream-state.ts';

export interface MonitorWorld {
  readonly tenant: Tenant;
  readonly registry: Registry;
  readonly reader: Pick<LedgerReader, 'streamRunsIn'>;
  readonly manager: StreamManager;
  readonly alerts: Alerts;
  readonly clock: Clock;
}

const PART = 'stream';
const NAME = 'manager';
/** Periods that are made up for when ticks have failed. */
const MOST_PERIODS = 10;

/** What the manager of a stream remembers; null before its first look. */
export const streamStateOf = (registry: Pick<Registry, 'read'>): Promise<StreamState | null> =>
  registry.read<StreamState>(PART, NAME);

/**
 * Measures the stream's periods that have finished since the last time, decides, and has the change made; answers the decision, or null when none was due.
 * Everything may be done twice, and by two at one time: a period is decided about once, by compare-and-set; what is decided is made, and then
 * noted, by whoever comes next.
 */
export async function monitor(world: MonitorWorld): Promise<Decision | null> {
  const { registry, reader, manager, clock, tenant } = world;
  const policy = policyOf(tenant.stream);
  // What an earlier tick has left.
  await carryOut(world);
  const before = (await streamStateOf(registry)) ?? (await begin(policy, await manager.look(), world));
  const found = await manager.look();
  const end = periodOf(clock.now().getTime(), policy.periodMinutes).from;
  if (end <= before.decidedUpTo) return null;

  const periods = finished(before, end, policy.periodMinutes);
  const begun = clock.now().getTime();
  const runs = await runsSince(reader, Math.min((periods[0] as Period).from, before.oldest ?? end), begun);
  const late = await lagOf(manager, before, found, runs, begun);
  const now = clock.now().getTime();
  const advanced = before.oldest !== null && (late.oldest === null || late.oldest > before.oldest);
  const measures = periods.map((period) => {
    const measured = measure(period, runs, found);
    const newest = endOf(period) === end;
    return {
      ...measured,
      lagSeconds: newest ? secondsOf(late, now) : null,
      progress: measured.progress || (newest && advanced),
    };
  });

  const decided = await change(world, (state) => {
    const { decision, state: after } = decide(policy, state, measures, now);
    if (after === state) return { state, result: null };
    return { state: { ...after, ...late }, result: decision };
  });
  if (decided) await carryOut(world);
  return decided;
}

/** Writes down and tells what has been decided, has it made, and writes down that it is. */
async function carryOut(world: MonitorWorld): Promise<void> {
  const state = await streamStateOf(world.registry);
  if (!state) return;
  await tellUntold(state, world);
  if (!state.pending) return;
  await makePending(state.pending, world);
  const after = await streamStateOf(world.registry);
  if (after) await tellUntold(after, world);
}

async function begin(policy: Policy, found: StreamFound, { registry, clock }: MonitorWorld): Promise<StreamState> {
  const now = clock.now().getTime();
  // What came before the first look is not asked about: nobody knows how much of it has been loaded and forgotten since.
  const acknowledged = found.open.map((shard) => ({ shard, position: null, since: now }));
  const decidedUpTo = periodOf(now, policy.periodMinutes).from - policy.periodMinutes * 60_000;
  const state: StreamState = { ...newStreamState(policy, found.settings), acknowledged, decidedUpTo };
  return registry.change<StreamState, StreamState>(PART, NAME, (other) => ({
    value: other ?? state,
    result: other ?? state,
  }));
}

const change = <R>({ registry }: MonitorWorld, by: (state: StreamState) => { state: StreamState; result: R }) =>
  registry.change<StreamState, R | null>(PART, NAME, (before) => {
    if (!before) return { value: before, result: null };
    const { state, result } = by(before);
    return { value: state, result };
  });

/** The periods up to `end` that nobody has decided about. */
function finished({ decidedUpTo }: StreamState, end: number, minutes: number): Period[] {
  const count = Math.min(MOST_PERIODS, Math.floor((end - decidedUpTo) / (minutes * 60_000)) || 1);
  return Array.from({ length: count }, (_, index) => ({ from: end - (count - index) * minutes * 60_000, minutes }));
}

function measure(period: Period, runs: readonly StreamRun[], found: StreamFound): Omit<Measures, 'lagSeconds'> {
  const arrived = figuresOf(talliesOf(arrivedIn(period, runs)));
  const touched = touchedSince(period, runs);
  const { milliseconds, databaseMilliseconds, throttles } = figuresOf(talliesOf(touched));
  return {
    ...period,
    messages: arrived.counts.read,
    bytes: arrived.bytes,
    rejects: arrived.counts.rejected,
    averageMilliseconds: milliseconds?.average ?? null,
    p95Milliseconds: milliseconds?.p95 ?? null,
    maxMilliseconds: milliseconds?.max ?? null,
    databaseMilliseconds,
    throttles,
    progress: touched.length > 0,
    actual: found.settings,
    // The emulator says of a mapping that has just been changed that it is stopped, and goes on reading.
    consuming: found.consuming || touched.length > 0,
    resharding: found.resharding,
  };
}

/** Writes down and tells what a tick has decided, then notes that; a crash in between tells it again. */
async function tellUntold({ untold }: StreamState, world: MonitorWorld): Promise<void> {
  if (untold.length === 0) return;
  const { registry, alerts, tenant } = world;
  for (const each of untold) {
    if ('outcome' in each) {
      await keepOutcome(registry, each);
      continue;
    }
    await keep(registry, each);
    const { alert, at, reason, figures } = each;
    if (alert) await alerts.alert({ tenant: tenant.id, code: alert, reason, at, figures });
  }
  const done = new Set(untold.map((each) => JSON.stringify(each)));
  await change(world, (state) => {
    const left = state.untold.filter((each) => !done.has(JSON.stringify(each)));
    return { state: left.length === state.untold.length ? state : { ...state, untold: left }, result: null };
  });
}

/** Has a decided change made unless it is, and notes what became of it. */
async function makePending(pending: Pending, world: MonitorWorld): Promise<void> {
  const { manager, clock } = world;
  const { lever, to } = pending;
  const same = (state: StreamState) => state.pending?.period === pending.period && state.pending.lever === lever;
  let found = await manager.look();
  // Kinesis changes shards in its own time.
  if (lever === 'shards' && found.resharding) return;
  if (found.settings[lever] !== to) {
    const answer = await manager.set(lever, to);
    if (answer.kind !== 'taken') {
      const now = clock.now().getTime();
      const { kind, why } = answer;
      await change(world, (state) => ({
        state: same(state) ? inVain(state, why, kind === 'refused', found.settings, now) : state,
        result: null,
      }));
      return;
    }
    found = await manager.look();
    if (found.settings[lever] !== to || (lever === 'shards' && found.resharding)) return;
  }
  const now = clock.now().getTime();
  await change(world, (state) => ({ state: same(state) ? made(state, now) : state, result: null }));
}
