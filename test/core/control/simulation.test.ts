import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Load, type Minute, type Speeds, simulate } from '../../../core/control/simulation.ts';
import { costOf } from '../../../core/control/stream-cost.ts';
import { policyWith } from '../../support/periods.ts';

const speeds: Speeds = { invocationMilliseconds: 50, messageMilliseconds: 0.1, reshardMinutes: 1 };

/** The same load for some minutes. */
const steady = (minutes: number, messages: number, changes: Partial<Load> = {}): Load[] =>
  Array.from({ length: minutes }, () => ({ minute: 0, messages, bytes: messages * 100, database: null, ...changes }));
const numbered = (...loads: Load[][]): Load[] => loads.flat().map((load, minute) => ({ ...load, minute }));
const changesOf = (minutes: readonly Minute[]) =>
  minutes.flatMap(({ minute, decision: { change } }) => (change ? [{ minute, ...change }] : []));

describe('the model', () => {
  test('lets a shard take 1,000 records a second and no more; the others come again', () => {
    const unscaled = policyWith({ shards: 1, scaling: undefined as never });
    const [first, second, third] = simulate(unscaled, numbered(steady(1, 90_000), steady(2, 0)), speeds);
    expect(first).toMatchObject({ arrived: 60_000, refused: 30_000, loaded: 60_000 });
    expect(second).toMatchObject({ arrived: 30_000, refused: 0, loaded: 30_000 });
    expect(third).toMatchObject({ arrived: 0, loaded: 0, waiting: 0, lagSeconds: 0 });
  });

  test('and 1 MB a second, whichever is less', () => {
    const unscaled = policyWith({ shards: 1, scaling: undefined as never });
    const [first] = simulate(unscaled, numbered(steady(1, 60_000, { bytes: 120_000_000 })), speeds);
    expect(first).toMatchObject({ arrived: 30_000, refused: 30_000 });
  });

  test('loads as many as the batches of all shards can, the oldest first', () => {
    const slow = { ...speeds, messageMilliseconds: 2 };
    const unscaled = policyWith({ shards: 1, batchSize: 100, scaling: undefined as never });
    const minutes = simulate(unscaled, numbered(steady(2, 36_000), steady(2, 0)), slow);
    // 250 ms for 100 messages: 24,000 a minute.
    expect(minutes.map(({ loaded, waiting, lagSeconds }) => [loaded, waiting, lagSeconds])).toEqual([
      [24_000, 12_000, 60],
      [24_000, 24_000, 60],
      [24_000, 0, 0],
      [0, 0, 0],
    ]);
  });

  test('lets the database put off what is beyond its rows a second', () => {
    const unscaled = policyWith({ shards: 1, scaling: undefined as never });
    const [first] = simulate(unscaled, numbered(steady(1, 30_000, { database: 400 })), speeds);
    expect(first).toMatchObject({ loaded: 24_000, throttles: 6000, waiting: 6000 });
  });

  test('counts the hours of open shards, and a unit for each 25 KB of a record', () => {
    const loads = numbered(steady(60, 10), steady(30, 10, { bytes: 260_000 }));
    const minutes = simulate(policyWith({ scaling: undefined as never }), loads, speeds);
    expect(costOf(minutes, loads, 1, { shardHour: 2, millionUnits: 1000 })).toEqual({
      shardHours: 3,
      units: 600 + 600,
      dollars: 6 + 1.2,
      unscaledDollars: 3 + 1.2,
    });
  });
});

describe('the policy', () => {
  test('opens shards for a burst and closes them after it', () => {
    const minutes = simulate(
      policyWith(),
      numbered(steady(5, 20_000), steady(30, 300_000), steady(90, 20_000)),
      speeds,
    );
    expect(Math.max(...minutes.map(({ settings }) => settings.shards))).toBeGreaterThanOrEqual(8);
    expect(minutes.at(-1)?.settings).toMatchObject({ shards: 1, parallel: 1 });
    expect(minutes.at(-1)?.waiting).toBe(0);
  });

  test('adds nothing while the database is the bottleneck, and lowers what it has', () => {
    const load = numbered(steady(5, 20_000), steady(120, 100_000, { database: 500 }));
    const changes = changesOf(
      simulate(policyWith({ shards: 4, batchSize: 100 }), load, { ...speeds, messageMilliseconds: 2 }),
    );
    expect(changes.filter(({ from, to }) => to > from)).toEqual([]);
  });
});

test('a steady load is left alone before long, whatever it is and however fast everything is', () => {
  fc.assert(
    fc.property(
      fc.record({
        messages: fc.integer({ min: 0, max: 2_000_000 }),
        size: fc.integer({ min: 10, max: 5000 }),
        database: fc.option(fc.integer({ min: 50, max: 50_000 })),
        invocationMilliseconds: fc.integer({ min: 5, max: 2000 }),
        messageMilliseconds: fc.double({ min: 0.01, max: 5, noNaN: true }),
        shards: fc.integer({ min: 1, max: 8 }),
        batchSize: fc.integer({ min: 10, max: 1000 }),
        raiseAfter: fc.integer({ min: 1, max: 3 }),
      }),
      ({ messages, size, database, shards, batchSize, raiseAfter, ...own }) => {
        const policy = policyWith({
          shards,
          batchSize,
          scaling: { minShards: 1, maxShards: 16, maxParallel: 10, maxBatch: 1000, raiseAfter },
        });
        const load = numbered(steady(10 * 60, messages, { bytes: messages * size, database }));
        const changes = changesOf(simulate(policy, load, { ...own, reshardMinutes: 1 }));
        // What the database does not bear is tried again, each time twice as long after; nothing else goes to and fro.
        const late = changes.filter(({ minute }) => minute >= 4 * 60);
        expect(late.length).toBeLessThanOrEqual(database === null ? 0 : 4);
      },
    ),
    { numRuns: 60, seed: 20260102 },
  );
});
