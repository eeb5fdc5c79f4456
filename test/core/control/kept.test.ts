import { describe, expect, test } from 'vitest';
import { tickMessages } from '../../../core/control/tick-messages.ts';
import type { Message } from '../../../core/model/run.ts';
import type { Limits } from '../../../core/model/tenant.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import type { Loader } from '../../../core/ports.ts';
import { failedBatches, loaderOf } from '../../support/loader.ts';
import { tenantOf } from '../../support/tenant.ts';
import { memoryWorld, message } from '../../support/world.ts';

/** Messages over the quota that a profile keeps are loaded by the tick once there is room, each once. */

const isPoison = ({ data }: Message) => Buffer.from(data).toString().includes('poison');

function keeping(limits: Partial<Limits>) {
  const tenant = tenantOf(limits);
  const world = memoryWorld({ ...tenant, stream: { ...tenant.stream, overQuota: 'keep' } });
  const { failed, held } = failedBatches();
  const { loader, asked } = loaderOf(world, isPoison);
  const give = (...messages: Message[]) => ingestMessages(messages, world.attempt());
  const tick = (by: Loader = loader) =>
    tickMessages({ ...world.attempt(), failed, loader: by, identity: async () => world.attempt().stream });
  const until = (text: string) => world.clock.advance((Date.parse(text) - world.clock.now().getTime()) / 1000);
  const totals = async (day: string) =>
    (await world.ledger.streamRuns(day)).map(({ id, feeds }) => [
      id.split('.').slice(3).join('.'),
      Object.values(feeds).reduce((sum, { counts }) => sum + counts.read, 0),
      Object.values(feeds).reduce((sum, { counts }) => sum + counts.loaded, 0),
    ]);
  const ats = () => world.sink.rows('readings').map(({ at }) => at);
  return { world, give, tick, until, totals, ats, asked, held };
}

const at = (number: number, changes = {}) => message(number, { sensor: 's', at: number }, changes);
const many = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => at(from + index));

describe('messages that are kept', () => {
  test('wait as long as the day has no room, and are loaded after midnight, in a run of their own', async () => {
    const { give, tick, until, totals, ats } = keeping({ messagesPerDay: 5 });
    await give(...many(0, 8));
    expect(await tick()).toMatchObject({ replayed: 0, left: [{ why: 'the quota has no room yet' }] });
    until('2026-01-02T23:59:59Z');
    await tick();
    expect(ats()).toEqual([0, 1, 2, 3, 4]);
    until('2026-01-03T00:00:30Z');
    expect(await tick()).toMatchObject({ replayed: 1, left: [] });
    expect(ats()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await totals('2026-01-02')).toEqual([['', 8, 5]]);
    expect(await totals('2026-01-03')).toEqual([[expect.stringMatching(/^r20260102-0304\./), 3, 3]]);
    expect(await tick()).toEqual({ redriven: 0, replayed: 0, left: [] });
  });

  test('use up the quota of the day on which they are loaded, and the rest waits for the next', async () => {
    const { give, tick, until, ats } = keeping({ messagesPerDay: 5 });
    await give(...many(0, 17));
    const loaded: number[] = [];
    for (const day of ['03', '04', '05', '06']) {
      until(`2026-01-${day}T00:00:30Z`);
      for (let times = 0; times < 3; times++) await tick();
      loaded.push(ats().length);
    }
    expect(loaded).toEqual([10, 15, 17, 17]);
  });

  test('leave no room to what arrives on that day beyond its quota', async () => {
    const { give, tick, until, ats } = keeping({ messagesPerDay: 5 });
    await give(...many(0, 9));
    until('2026-01-03T00:00:30Z');
    await tick();
    const next = many(20, 23).map((each) => ({ ...each, arrivedAt: new Date('2026-01-03T00:01:00Z') }));
    expect(await give(...next)).toMatchObject({ counts: { loaded: 1 }, overQuota: 2 });
    expect(ats().length).toBe(10);
  });

  test('keep their write time: what came for the same row since stays', async () => {
    const { give, tick, until, world } = keeping({ messagesPerDay: 1 });
    const value = (number: number, changes = {}) => message(number, { sensor: 's', at: 1, value: number }, changes);
    await give(value(0), value(1));
    await give(value(2, { arrivedAt: new Date('2026-01-03T00:00:00Z') }));
    until('2026-01-04T00:00:30Z');
    await tick();
    expect(world.sink.rows('readings')).toMatchObject([{ value: 2 }]);
  });

  test('of bytes a second are loaded in the next minutes that have room', async () => {
    const size = at(10).data.byteLength;
    const { give, tick, world, ats } = keeping({ messageBytesPerSecond: Math.ceil(size / 30) });
    await give(...many(10, 17));
    const loaded = [ats().length];
    for (let minute = 0; minute < 3; minute++) {
      world.clock.advance(60);
      await tick();
      loaded.push(ats().length);
    }
    expect(loaded).toEqual([2, 4, 6, 7]);
  });

  test('on which the function dies are rejected alone', async () => {
    const { give, tick, until, ats, world } = keeping({ messagesPerDay: 10 });
    const poison = message(25, { sensor: 's', at: 25, note: 'poison' });
    await give(...many(0, 10), ...many(20, 25), poison, ...many(26, 29));
    until('2026-01-03T00:00:30Z');
    expect(await tick()).toMatchObject({ replayed: 1 });
    expect(ats()).toHaveLength(18);
    const [, rejected] = [...world.rejects()].find(([name]) => name.startsWith('rejects/_/2026-01-03')) ?? [];
    expect(rejected).toMatchObject([{ code: 'SLU-2023', raw: Buffer.from(poison.data).toString() }]);
  });

  test('that are rejected for another reason then are rejected in the replay, and not tried again', async () => {
    const { give, tick, until, totals } = keeping({ messagesPerDay: 1 });
    await give(at(0), message(1, '{'));
    until('2026-01-03T00:00:30Z');
    await tick();
    await tick();
    expect(await totals('2026-01-03')).toEqual([[expect.any(String), 1, 0]]);
  });

  test('that come while others are loaded are not forgotten', async () => {
    const { give, tick, until, ats, world } = keeping({ messagesPerDay: 2 });
    await give(...many(10, 13));
    until('2026-01-03T00:00:30Z');
    const { loader } = loaderOf(world);
    let late: Promise<unknown> | undefined;
    await tick({
      ask: async (order) => {
        const answer = await loader.ask(order);
        // Smaller positions of the same run, over the quota as well.
        if (order.kind === 'rejects') late ??= give(...many(5, 7));
        await late;
        return answer;
      },
    });
    until('2026-01-04T00:00:30Z');
    await tick();
    until('2026-01-05T00:00:30Z');
    await tick();
    expect(ats().toSorted()).toEqual([10, 11, 12, 5, 6]);
  });

  test('and whose delivery has not counted them yet are left to it', async () => {
    const { give, tick, until, world, ats } = keeping({ messagesPerDay: 2 });
    const ledger = { ...world.ledger, tally: () => Promise.reject(new Error('the function is gone')) };
    await expect(ingestMessages(many(0, 4), { ...world.attempt(), ledger })).rejects.toThrow('gone');
    until('2026-01-03T00:00:30Z');
    expect(await tick()).toMatchObject({ replayed: 0, left: [{ why: 'not counted yet' }] });
    await give(...many(0, 4));
    expect(ats()).toHaveLength(2);
    await tick();
    expect(ats()).toHaveLength(4);
  });

  test('are loaded and counted once, wherever ticks and functions die', async () => {
    for (let dies = 0; dies < 60; dies++) {
      const { give, tick, until, totals, ats, world } = keeping({ messagesPerDay: 3 });
      await give(...many(0, 6));
      until('2026-01-03T00:00:30Z');
      let calls = 0;
      const mortal = <T extends object>(port: T): T =>
        Object.fromEntries(
          Object.entries(port).map(([name, call]) => [
            name,
            typeof call !== 'function'
              ? call
              : async (...given: unknown[]) => {
                  if (calls++ === dies) throw new Error('gone before');
                  const answer = await call(...given);
                  if (calls++ === dies) throw new Error('gone after');
                  return answer;
                },
          ]),
        ) as T;
      const { loader } = loaderOf(world);
      const attempt = { ...world.attempt(), failed: failedBatches().failed, identity: async () => 'acme@1' };
      const ports = {
        registry: mortal(attempt.registry),
        ledger: mortal(attempt.ledger),
        objects: mortal(attempt.objects),
      };
      await tickMessages({ ...attempt, ...ports, loader: mortal(loader) }).catch(() => {});
      for (let times = 0; times < 3; times++) {
        world.clock.advance(121);
        await tick();
      }
      expect([dies, ats().length]).toEqual([dies, 6]);
      expect(await totals('2026-01-03')).toEqual([[expect.any(String), 3, 3]]);
    }
  });
});

test('of ticks at one time one works, and a dead one does not hold the others off for long', async () => {
  const { give, tick, until, world, asked, ats } = keeping({ messagesPerDay: 2 });
  await give(...many(0, 4));
  until('2026-01-03T00:00:30Z');
  const dead = tick({ ask: () => new Promise(() => {}) });
  await Promise.race([dead, new Promise((resolve) => setImmediate(resolve))]);
  expect(await tick()).toEqual({ redriven: 0, replayed: 0, left: [] });
  expect(asked).toEqual([]);
  world.clock.advance(121);
  expect(await tick()).toMatchObject({ replayed: 1 });
  expect(ats()).toHaveLength(4);
});
