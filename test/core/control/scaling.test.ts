import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy } from '../../../core/control/policy.ts';
import { decide } from '../../../core/control/scaling.ts';
import { inVain, made } from '../../../core/control/stream-memory.ts';
import { type Decision, type Measures, newStreamState } from '../../../core/control/stream-state.ts';
import type { Settings } from '../../../core/model/stream.ts';
import { endOf } from '../../../core/report/periods.ts';
import { found, MINUTE, measured, policyWith, START } from '../../support/periods.ts';

/** Decides about one period after the other; each change is made at once. */
function follow(policy: Policy, periods: readonly ((actual: Settings, minute: number) => Partial<Measures>)[]) {
  let actual = found;
  let state = newStreamState(policy, actual);
  const decisions: Decision[] = [];
  for (const [minute, period] of periods.entries()) {
    const measures = measured(minute, { actual, ...period(actual, minute) });
    const decided = decide(policy, state, [measures], endOf(measures) + 1000);
    if (!decided.decision) throw new Error('nothing was decided');
    decisions.push(decided.decision);
    const { change } = decided.decision;
    if (change) actual = { ...actual, [change.lever]: change.to };
    state = change ? made(decided.state, 0) : decided.state;
  }
  return { actual, state, decisions, changes: decisions.flatMap(({ change }) => change ?? []) };
}

const times = <T>(count: number, each: T): T[] => Array.from({ length: count }, () => each);
const calm = () => ({});
const late = () => ({ lagSeconds: 120 });
const full = ({ shards }: Settings) => ({ messages: 50_000 * shards, bytes: 5_000_000 * shards });
const throttled = () => ({ throttles: 40, lagSeconds: 120 });
const raised = (lever: string, from: number, to: number) => ({ action: 'raise', change: { lever, from, to } });

describe('a stream that is', () => {
  test('within its thresholds is left alone', () => {
    const { decisions, actual } = follow(policyWith(), times(9, calm));
    expect(decisions.every(({ action, reason }) => action === 'nothing' && reason === 'within the thresholds')).toBe(
      true,
    );
    expect(actual).toEqual(found);
  });

  test('late for one period is left alone, and for two gets more batches at a time, with the figures', () => {
    const { decisions } = follow(policyWith(), [late, calm, late, late]);
    expect(decisions.map(({ action }) => action)).toEqual(['nothing', 'nothing', 'nothing', 'raise']);
    expect(decisions[3]).toMatchObject({
      ...raised('parallel', 1, 2),
      at: '2026-01-02T03:04:01.000Z',
      period: '2026-01-02T03:03:00.000Z',
      reason: 'the oldest message waits for 120 s; the threshold is 60 s',
      figures: { lagSeconds: 120, messages: 1000, actual: found },
    });
  });

  test('slow on average gets the same', () => {
    const { decisions } = follow(
      policyWith(),
      times(2, () => ({ averageMilliseconds: 12_000 })),
    );
    expect(decisions[1]).toMatchObject({
      ...raised('parallel', 1, 2),
      reason: 'a message takes 12,000 ms on average; the threshold is 10,000 ms',
    });
  });

  test.each([
    ['messages', 85_000, '42,500 messages a minute and shard; the threshold is 42,000'],
    ['bytes', 90_000_000, '45,000,000 bytes a minute and shard; the threshold is 42,000,000'],
  ])('full of %s gets more shards, because only those take more', (what, value, reason) => {
    const { decisions } = follow(
      policyWith(),
      times(2, () => ({ [what]: value })),
    );
    expect(decisions[1]).toMatchObject({ ...raised('shards', 2, 4), reason });
  });

  test('late for ever gets what costs nothing first, then shards, then an alert, with pauses between', () => {
    const { changes, decisions } = follow(
      policyWith({ scaling: { maxShards: 4, maxParallel: 4, maxBatch: 800 } }),
      times(60, late),
    );
    expect(changes).toEqual([
      { lever: 'parallel', from: 1, to: 2 },
      { lever: 'parallel', from: 2, to: 4 },
      { lever: 'batchSize', from: 500, to: 800 },
      { lever: 'shards', from: 2, to: 4 },
    ]);
    const minutes = decisions.flatMap(({ change }, minute) => (change ? minute : []));
    expect(minutes).toEqual([1, 6, 11, 16]);
    const alerts = decisions.filter(({ alert }) => alert !== null);
    expect(alerts).toMatchObject([{ action: 'alert', alert: 'SLU-4007' }]);
    expect(alerts[0]?.reason).toMatch(/; the profile allows no more$/);
  });

  test('stopped is neither changed nor told of', () => {
    const { decisions } = follow(
      policyWith(),
      times(5, () => ({ ...late(), consuming: false, progress: false })),
    );
    expect(decisions.every(({ action, reason }) => action === 'nothing' && reason === 'consumption is stopped')).toBe(
      true,
    );
  });

  test('without scaling in its profile is watched only', () => {
    const { decisions, changes } = follow(policyWith({ scaling: undefined as never }), times(5, late));
    expect(changes).toEqual([]);
    expect(decisions[1]).toMatchObject({ action: 'alert', alert: 'SLU-4007' });
  });
});

describe('when the database is the bottleneck', () => {
  test('there are fewer batches at a time, an alert, and no more of them for a while', () => {
    const policy = policyWith();
    const { decisions, changes } = follow(policy, [
      late,
      late,
      ...times(4, calm),
      ...times(4, throttled),
      ...times(15, late),
    ]);
    expect(changes).toEqual([
      { lever: 'parallel', from: 1, to: 2 },
      { lever: 'parallel', from: 2, to: 1 },
    ]);
    const told = decisions.filter(({ alert }) => alert !== null);
    expect(told).toMatchObject([{ alert: 'SLU-5008', action: 'lower', reason: 'the database put 40 writes off' }]);
    expect(decisions.at(-1)?.reason).toMatch(/the database does not bear 4 batches at a time$/);
  });

  test('slow answers count as throttling', () => {
    const slow = () => ({ ...late(), databaseMilliseconds: 3000 });
    expect(follow(policyWith(), times(2, slow)).decisions[1]).toMatchObject({
      action: 'alert',
      alert: 'SLU-5008',
      reason: 'the database takes 3,000 ms for a batch; the threshold is 2,000 ms',
    });
  });

  test('nothing that gets through is an alert, and afterwards the stream may catch up with more', () => {
    const stuck = () => ({ ...late(), progress: false, averageMilliseconds: null, databaseMilliseconds: null });
    const { decisions } = follow(policyWith(), [stuck, stuck, late, late]);
    expect(decisions[1]).toMatchObject({ action: 'alert', alert: 'SLU-5008', change: null });
    expect(decisions[3]).toMatchObject(raised('parallel', 1, 2));
  });

  test('the same number of batches is tried again later and later', () => {
    const bears = ({ parallel }: Settings) => ({ lagSeconds: 120, throttles: parallel > 1 ? 10 : 0 });
    const { decisions } = follow(policyWith({ scaling: { maxParallel: 2 } }), times(36 * 60, bears));
    const ups = decisions.flatMap(({ action }, minute) => (action === 'raise' ? minute : []));
    const pauses = ups.slice(1).map((minute, index) => minute - (ups[index] as number));
    expect(pauses.length).toBeLessThan(8);
    expect(pauses.every((pause, index) => pause > (pauses[index - 1] ?? 29))).toBe(true);
  });
});

describe('what was raised', () => {
  const burst = [...times(2, full), ...times(40, calm)];

  test('is lowered after ten calm periods with half the load, never below the least', () => {
    const { changes, decisions } = follow(policyWith(), burst);
    expect(changes).toEqual([
      { lever: 'shards', from: 2, to: 4 },
      { lever: 'shards', from: 4, to: 2 },
      { lever: 'shards', from: 2, to: 1 },
    ]);
    expect(decisions.find(({ action }) => action === 'lower')?.reason).toBe(
      'at most 1,000 messages a minute in 10 calm periods; it took 100,000 to make it necessary',
    );
  });

  test('stays while the load that made it necessary stays', () => {
    const steady = () => ({ messages: 60_000 });
    const { changes } = follow(policyWith(), [...times(2, () => ({ ...steady(), ...late() })), ...times(300, steady)]);
    expect(changes).toEqual([{ lever: 'parallel', from: 1, to: 2 }]);
  });
});

describe('what something else has changed', () => {
  const policy = policyWith();

  test('is set again, shards in the steps that Kinesis takes', () => {
    let state = newStreamState(policy, { ...found, shards: 8, parallel: 4 });
    const look = (minute: number, actual: Settings) => {
      const decided = decide(policy, state, [measured(minute, { actual })], START + (minute + 1) * MINUTE);
      state = made(decided.state, 0);
      return decided.decision?.change;
    };
    expect(look(0, { ...found, shards: 8, parallel: 4 })).toBeNull();
    expect(look(1, { ...found, shards: 2 })).toEqual({ lever: 'parallel', from: 1, to: 4 });
    expect(look(2, { ...found, shards: 2, parallel: 4 })).toEqual({ lever: 'shards', from: 2, to: 4 });
    expect(look(3, { ...found, shards: 4, parallel: 4 })).toEqual({ lever: 'shards', from: 4, to: 8 });
    expect(look(4, { ...found, shards: 8, parallel: 4 })).toBeNull();
  });

  test('stands when it is the profile that begins with another figure', () => {
    const state = newStreamState(policy, { ...found, shards: 8 });
    const other = policyWith({ shards: 4 });
    const { decision, state: after } = decide(
      other,
      state,
      [measured(0, { actual: { ...found, shards: 8 } })],
      START + MINUTE,
    );
    expect(decision).toMatchObject({ action: 'restore', change: { lever: 'shards', from: 8, to: 4 } });
    expect(after.settings.shards).toBe(4);
  });
});

test('a change that is given up leaves what is found, and is not asked for again at once', () => {
  const policy = policyWith();
  const states = follow(policy, [late]).state;
  const { state } = decide(policy, states, [measured(1, late())], START + 2 * MINUTE);
  expect(state.pending).toMatchObject({ lever: 'parallel', from: 1, to: 2 });
  const tried = inVain(state, 'UPDATING', false, found, 0);
  expect(tried.pending).toMatchObject({ tries: 1, why: 'UPDATING' });
  const given = inVain(tried, 'no', true, found, 0);
  expect(given).toMatchObject({ pending: null, settings: found });
  expect(decide(policy, given, [measured(2, late())], START + 3 * MINUTE).decision?.change).toBeNull();
});

/** Whatever the periods say, however changes fare, and whoever else changes things. */
const anyMeasures = fc.record({
  messages: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000_000 })),
  lagSeconds: fc.oneof(fc.constant(null), fc.constant(0), fc.integer({ min: 0, max: 4000 })),
  averageMilliseconds: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 40_000 })),
  databaseMilliseconds: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 4000 })),
  throttles: fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 500 })),
  progress: fc.boolean(),
  consuming: fc.oneof(fc.constant(true), fc.constant(true), fc.boolean()),
  resharding: fc.oneof(fc.constant(false), fc.boolean()),
});
/** For how many minutes things stay like this, what becomes of a change then, and whether somebody sets the shards. */
const anyStretch = fc.record({
  measures: anyMeasures,
  minutes: fc.integer({ min: 1, max: 70 }),
  fate: fc.constantFrom('made', 'made', 'made', 'waits', 'refused'),
  meddling: fc.option(fc.integer({ min: 1, max: 16 }), { freq: 6 }),
});
const anyPolicy = fc
  .record({
    shards: fc.integer({ min: 1, max: 8 }),
    up: fc.integer({ min: 0, max: 60 }),
    down: fc.integer({ min: 0, max: 7 }),
    maxParallel: fc.integer({ min: 1, max: 10 }),
    maxBatch: fc.integer({ min: 500, max: 10_000 }),
    raiseAfter: fc.integer({ min: 1, max: 4 }),
    lowerAfter: fc.integer({ min: 1, max: 15 }),
    coolDownMinutes: fc.integer({ min: 1, max: 30 }),
  })
  .map(({ shards, up, down, ...scaling }) =>
    policyWith({ shards, scaling: { ...scaling, minShards: Math.max(1, shards - down), maxShards: shards + up } }),
  );

test('whatever happens: within the limits, at most double and half, ten reshards in 24 hours, none more while the database throttles', () => {
  fc.assert(
    fc.property(anyPolicy, fc.array(anyStretch, { minLength: 5, maxLength: 30 }), (policy, stretches) => {
      let actual: Settings = { ...policy.first, parallel: 1 };
      let state = newStreamState(policy, actual);
      let minute = 0;
      const reshards: number[] = [];
      for (const { measures, minutes, fate, meddling } of stretches) {
        if (meddling !== null) actual = { ...actual, shards: meddling };
        for (let each = 0; each < minutes; each++, minute++) {
          const now = START + (minute + 1) * MINUTE;
          const period = measured(minute, { ...measures, actual });
          const decided = decide(policy, state, [period], now);
          if (minute % 11 === 0 || decided.decision?.change) {
            expect(decide(policy, state, [period], now)).toEqual(decided);
            expect(decide(policy, decided.state, [period], now)).toEqual(decided);
          }
          state = decided.state;
          const { change, action } = decided.decision ?? {};
          if (change) {
            const { lever, from, to } = change;
            expect(from).toBe(actual[lever]);
            expect(to).not.toBe(from);
            if (action !== 'restore') {
              expect(to).toBeGreaterThanOrEqual(policy.least[lever]);
              expect(to).toBeLessThanOrEqual(policy.most[lever]);
            }
            if (lever === 'shards') {
              expect(to).toBeLessThanOrEqual(2 * from);
              expect(to).toBeGreaterThanOrEqual(Math.ceil(from / 2));
              expect(period.resharding).toBe(false);
              reshards.push(now);
            }
            if (to > from) {
              expect(period.throttles).toBe(0);
              expect(period.databaseMilliseconds ?? 0).toBeLessThan(policy.thresholds.databaseMilliseconds);
            }
          }
          const day = reshards.filter((at) => at > now - 24 * 60 * MINUTE);
          expect(day.length).toBeLessThanOrEqual(10);
          expect(state.settings.shards).toBeGreaterThanOrEqual(1);
          if (!state.pending || fate === 'waits') continue;
          if (fate === 'made') actual = { ...actual, [state.pending.lever]: state.pending.to };
          state = fate === 'made' ? made(state, 0) : inVain(state, 'refused', true, actual, 0);
        }
        if (state.pending) state = inVain(state, 'given up', true, actual, 0);
      }
      const bytes = JSON.stringify({ ...state, window: [], untold: [] }).length;
      expect(bytes).toBeLessThan(8000);
    }),
    { numRuns: 100, seed: 20260102 },
  );
});
