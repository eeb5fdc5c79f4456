import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryLedger, memoryRegistry } from '../../../adapters/memory.ts';
import { decisionsOf, foundIn } from '../../../core/control/decisions.ts';
import { type MonitorWorld, monitor, streamStateOf } from '../../../core/control/monitor.ts';
import { TransientError } from '../../../core/model/errors.ts';
import type { SettledMessage } from '../../../core/model/run.ts';
import type { Settings, StreamAlert } from '../../../core/model/stream.ts';
import type { StreamSettings } from '../../../core/model/tenant.ts';
import { memoryStream } from '../../support/stream.ts';
import { tenantOf } from '../../support/tenant.ts';
import { testClock } from '../../support/world.ts';

const DAY = '2026-01-02';
const scaling = { maxShards: 4, maxParallel: 2, raiseAfter: 1, coolDownMinutes: 1 };

/** A tenant's stream in memory, looked after once a minute; it begins 20 s after the start of a minute. */
function streamWorld(stream: Partial<StreamSettings> = { scaling }, first?: Settings) {
  const clock = testClock('2026-01-02T03:00:20Z');
  const ledger = memoryLedger(clock);
  const registry = memoryRegistry();
  const kinesis = memoryStream(first);
  const alerts: StreamAlert[] = [];
  const tenant = tenantOf();
  let sequence = 0;
  const world: MonitorWorld = {
    tenant: { ...tenant, stream: { ...tenant.stream, ...stream } },
    registry,
    reader: ledger,
    manager: kinesis.manager,
    alerts: { alert: async (alert) => void alerts.push(alert) },
    clock,
  };
  return {
    ...kinesis,
    clock,
    registry,
    alerts,
    world,
    tick: () => monitor(world),
    /** Lets a minute pass, then looks. */
    minute: () => {
      clock.advance(60);
      return monitor(world);
    },
    /** Messages arrive at a shard right now, and are acknowledged unless `left`. */
    async arrive(count: number, changes: Partial<SettledMessage> & { left?: boolean; shard?: string } = {}) {
      const { left = false, shard = kinesis.open()[0] ?? expect.fail(), ...settled } = changes;
      const arrivedAt = clock.now();
      const minute = new Date(Math.floor(arrivedAt.getTime() / 60_000) * 60_000);
      const messages = Array.from({ length: count }, () => ({ position: String(++sequence), arrivedAt }));
      const on = kinesis.stream.messages.get(shard) ?? [];
      kinesis.stream.messages.set(shard, [...on, ...messages]);
      const defaults = {
        feed: 'readings',
        outcome: 'loaded',
        bytes: 10,
        latency: 400,
        database: 20,
        writeTime: 1,
      } as const;
      const tallied = messages.map(({ position }) => ({ position, ...defaults, ...settled }));
      if (!left) await ledger.tally({ stream: 's@1', shard, minute }, tallied);
    },
    decisions: () => decisionsOf(registry, [DAY]),
  };
}

describe('the monitor', () => {
  test('measures each finished minute once, and keeps what it decided with the figures', async () => {
    const world = streamWorld({ scaling: { ...scaling, raiseAfter: 2 } });
    await world.tick();
    world.clock.advance(30);
    expect(await world.tick()).toBeNull();
    await world.arrive(3, { latency: 1000 });
    await world.arrive(1, { outcome: 'dropped', latency: 200, throttles: 2 });
    world.clock.advance(30);
    const decision = await world.tick();
    expect(decision).toMatchObject({
      period: '2026-01-02T03:00:00.000Z',
      at: '2026-01-02T03:01:20.000Z',
      action: 'nothing',
      figures: {
        messages: 4,
        bytes: 40,
        averageMilliseconds: 800,
        maxMilliseconds: 1000,
        databaseMilliseconds: 20,
        throttles: 2,
        lagSeconds: 0,
        progress: true,
        actual: { shards: 1, parallel: 1, batchSize: 500 },
      },
    });
    expect(await world.tick()).toBeNull();
    expect(await world.decisions()).toMatchObject([
      { period: '2026-01-02T02:59:00.000Z', until: '2026-01-02T03:01:00.000Z', times: 2, figures: { messages: 4 } },
    ]);
    expect(await foundIn(world.registry, new Date('2026-01-02T03:00:00Z'))).toEqual({
      '03:00': { lagSeconds: 0, throttles: 2, shards: 1, parallel: 1, batchSize: 500 },
    });
  });

  test('has a change made, sees that it is, and says so', async () => {
    const world = streamWorld();
    await world.tick();
    await world.arrive(1, { latency: 20_000 });
    expect(await world.minute()).toMatchObject({ action: 'raise', change: { lever: 'parallel', from: 1, to: 2 } });
    expect(world.stream.settings).toEqual({ shards: 1, parallel: 2, batchSize: 500 });
    expect((await world.decisions()).at(-1)).toMatchObject({ action: 'raise', outcome: 'made' });
    expect((await streamStateOf(world.registry))?.pending).toBeNull();
  });

  test('knows the age of the oldest message that is not acknowledged, also in shards that are opened later', async () => {
    const world = streamWorld({});
    await world.tick();
    await world.arrive(2);
    await world.arrive(1, { left: true });
    expect((await world.minute())?.figures).toMatchObject({ messages: 2, lagSeconds: 60 });
    const [parent = ''] = world.open();
    await world.manager.set('shards', 2);
    await world.arrive(1, { shard: parent });
    await world.arrive(1, { left: true });
    world.clock.advance(20);
    // The parent is done with, and the message waits on a child.
    world.clock.advance(40);
    expect((await world.tick())?.figures.lagSeconds).toBe(60);
    expect((await streamStateOf(world.registry))?.acknowledged.map(({ shard }) => shard)).toEqual(world.open());
  });

  test('does not ask about what came before it looked for the first time', async () => {
    const world = streamWorld();
    await world.arrive(1, { left: true });
    world.clock.advance(3600);
    await world.tick();
    expect((await world.minute())?.figures.lagSeconds).toBe(0);
  });

  test('makes up for minutes in which it was not there', async () => {
    const world = streamWorld({ scaling: { ...scaling, raiseAfter: 3 } });
    await world.tick();
    for (let minute = 0; minute < 3; minute++) {
      await world.arrive(1, { latency: 20_000 });
      world.clock.advance(60);
    }
    expect(await world.tick()).toMatchObject({ action: 'raise', period: '2026-01-02T03:02:00.000Z' });
  });

  test('folds as many minutes as the profile says', async () => {
    const world = streamWorld({ periodMinutes: 5 });
    await world.tick();
    for (let minute = 0; minute < 4; minute++) {
      await world.arrive(10);
      expect(await world.minute()).toBeNull();
    }
    expect((await world.minute())?.figures).toMatchObject({ minutes: 5, messages: 40 });
  });

  test('tells what is wrong, once in an hour', async () => {
    const world = streamWorld({ scaling: { ...scaling, maxParallel: 1 } });
    await world.tick();
    for (let minute = 0; minute < 5; minute++) {
      await world.arrive(1, { latency: 20_000, throttles: 9 });
      await world.minute();
    }
    expect(world.alerts).toMatchObject([
      { tenant: 'acme', code: 'SLU-5008', reason: 'the database put 9 writes off', figures: { throttles: 9 } },
    ]);
  });

  test('waits while Kinesis changes the shards', async () => {
    const world = streamWorld({ scaling: { ...scaling, maxParallel: 1 } });
    await world.tick();
    await world.arrive(1, { latency: 20_000 });
    world.stream.answer = { kind: 'later', why: 'ResourceInUseException: UPDATING' };
    expect(await world.minute()).toMatchObject({ action: 'raise', change: { lever: 'shards', from: 1, to: 2 } });
    world.stream.resharding = true;
    world.stream.answer = null;
    await world.minute();
    expect(world.stream.asked).toEqual(['shards 2']);
    world.stream.resharding = false;
    await world.minute();
    expect(world.stream.settings.shards).toBe(2);
    expect((await world.decisions()).find(({ action }) => action === 'raise')?.outcome).toBe('made');
  });

  test.each([
    ['refused', 1, 'given up: no'],
    ['later', 10, 'given up: no'],
  ] as const)('gives a change up that is %s after %i tries, and says why', async (kind, tries, outcome) => {
    const world = streamWorld({ scaling: { maxShards: 2, raiseAfter: 1, coolDownMinutes: 60 } });
    await world.tick();
    await world.arrive(1, { latency: 20_000 });
    world.stream.answer = { kind, why: 'no' };
    for (let minute = 0; minute < 15; minute++) await world.minute();
    expect(world.stream.asked).toEqual(Array.from({ length: tries }, () => 'shards 2'));
    expect((await world.decisions()).find(({ action }) => action === 'raise')?.outcome).toBe(outcome);
    expect((await streamStateOf(world.registry))?.settings.shards).toBe(1);
  });
});

/** Ports of which the n-th call fails, before or after its effect; all later ones work. */
function failingOnce<T extends MonitorWorld>(world: T, at: number, effect: boolean): MonitorWorld {
  let calls = 0;
  const wrap = <P extends object>(port: P): P =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]) => [
        name,
        async (...given: unknown[]) => {
          const fails = ++calls === at;
          if (fails && !effect) throw new TransientError('SLU-5002', 'before');
          const answer = await call(...given);
          if (fails) throw new TransientError('SLU-5002', 'after');
          return answer;
        },
      ]),
    ) as P;
  return { ...world, registry: wrap(world.registry), manager: wrap(world.manager), alerts: wrap(world.alerts) };
}

/** Ten minutes with a slow one, a late one and a throttled one; `look` looks after the stream each minute. */
async function story(look: (world: MonitorWorld) => Promise<void>) {
  const world = streamWorld({ scaling: { ...scaling, maxParallel: 4, lowerAfter: 3 } });
  await look(world.world);
  for (let minute = 0; minute < 10; minute++) {
    const trouble = minute === 5 ? { throttles: 5 } : { latency: minute < 4 ? 20_000 : 100 };
    await world.arrive(10, trouble);
    if (minute === 2) await world.arrive(1, { left: true });
    if (minute === 3) await world.arrive(1);
    world.clock.advance(60);
    await look(world.world);
  }
  const { asked, settings } = world.stream;
  return {
    decisions: await world.decisions(),
    settings,
    asked,
    alerts: world.alerts.map(({ at, code }) => `${at} ${code}`),
  };
}

describe('a tick', () => {
  const undisturbed = story(async (world) => void (await monitor(world)));

  test('of the story changes what there is to change', async () => {
    const { decisions, alerts } = await undisturbed;
    expect(
      decisions.flatMap(({ change, outcome }) => (change ? `${change.lever} ${change.to} ${outcome}` : [])),
    ).toEqual(['parallel 2 made', 'parallel 4 made', 'shards 2 made', 'shards 4 made', 'parallel 2 made']);
    expect(alerts).toEqual(['2026-01-02T03:05:20.000Z SLU-4007', '2026-01-02T03:06:20.000Z SLU-5008']);
  });

  test('that dies at any step, before or after its effect, and comes again ends as if it had not died', async () => {
    const { decisions, settings, alerts } = await undisturbed;
    for (const effect of [false, true]) {
      for (let at = 1; at <= 40; at++) {
        const told = await story(async (world) => {
          const died = await monitor(failingOnce(world, at, effect)).then(
            () => false,
            () => true,
          );
          if (died) await monitor(world);
        });
        expect(told.decisions).toEqual(decisions);
        expect(told.settings).toEqual(settings);
        expect([...new Set(told.alerts)]).toEqual(alerts);
      }
    }
  });

  test('that overlaps another, step by step in any order, ends as if it were alone', async () => {
    const { decisions, settings, alerts } = await undisturbed;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const told = await story(async (world) => {
          const wrap = <P extends object>(port: P): P =>
            Object.fromEntries(
              Object.entries(port).map(([name, call]) => [
                name,
                async (...given: unknown[]) => {
                  await scheduler.schedule(Promise.resolve());
                  return call(...given);
                },
              ]),
            ) as P;
          const both = [1, 2].map(() =>
            monitor({ ...world, registry: wrap(world.registry), manager: wrap(world.manager) }),
          );
          await scheduler.waitFor(Promise.all(both));
        });
        expect(told.decisions).toEqual(decisions);
        expect(told.settings).toEqual(settings);
        expect([...new Set(told.alerts)]).toEqual(alerts);
      }),
      { numRuns: 40, seed: 20260102 },
    );
  });
});
