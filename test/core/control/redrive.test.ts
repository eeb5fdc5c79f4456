import { describe, expect, test } from 'vitest';
import { messageUsagePart } from '../../../core/control/message-quota.ts';
import { type ShardUsage, totalUsed } from '../../../core/control/message-usage.ts';
import { redriveBatch, searchesInMemory } from '../../../core/control/redrive.ts';
import { TransientError } from '../../../core/model/errors.ts';
import type { Order, OrderAnswer } from '../../../core/model/order.ts';
import type { Message } from '../../../core/model/run.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import type { Loader } from '../../../core/ports.ts';
import { together } from '../../support/aggregate.ts';
import { failedBatches, loaderOf } from '../../support/loader.ts';
import { tenantOf } from '../../support/tenant.ts';
import { memoryWorld, message } from '../../support/world.ts';

const isPoison = ({ data }: Message) => Buffer.from(data).toString().includes('poison');
const good = (number: number) => message(number, { sensor: 's', at: number });
const poison = (number: number) => message(number, { sensor: 's', at: number, note: 'poison' });
const batchOf = (size: number, ...bad: number[]) =>
  Array.from({ length: size }, (_, number) => (bad.includes(number) ? poison(number) : good(number)));

const tenant = tenantOf({ maxMessageBytes: 100_000, messagesPerDay: 1000 });
function failing(records: readonly Message[]) {
  const world = memoryWorld(tenant);
  const { failed, held } = failedBatches(records);
  const { loader, asked } = loaderOf(world, isPoison);
  const searches = searchesInMemory();
  const redrive = (by: Loader = loader, seconds = 60) =>
    redriveBatch('aws/lambda/m/s/0', new Date(world.clock.now().getTime() + seconds * 1000), {
      ...world.attempt(),
      failed,
      loader: by,
      searches,
    });
  const counts = async () => (await world.ledger.streamRuns('2026-01-02')).map(({ feeds }) => feeds);
  return { world, held, asked, searches, redrive, counts, loader };
}

const loading = (asked: readonly Order[]) =>
  asked.filter((order) => order.kind === 'records').filter(({ condemned }) => condemned === null);

describe('a batch that Lambda has given up', () => {
  test('is loaded whole when nothing is wrong with it any more, and is gone', async () => {
    const { redrive, held, asked, counts } = failing(batchOf(20));
    expect(await redrive()).toEqual({ left: 0, why: null });
    expect(await counts()).toMatchObject([{ readings: { counts: { read: 20, loaded: 20, dropped: 0, rejected: 0 } } }]);
    expect(held.size).toBe(0);
    expect(loading(asked).map(({ only }) => only.length)).toEqual([20, 0]);
  });

  test('of which a part was counted before is loaded in its rest', async () => {
    const batch = batchOf(20);
    const { world, redrive, asked, counts } = failing(batch);
    await ingestMessages(batch.slice(0, 15), world.attempt());
    await redrive();
    expect(asked[0]).toMatchObject({ only: batch.slice(15).map(({ position }) => position) });
    expect(await counts()).toMatchObject([{ readings: { counts: { read: 20, loaded: 20 } } }]);
  });

  test('that was counted, and not noted in the day’s usage, is noted before it goes', async () => {
    const batch = batchOf(20);
    const { world, redrive, held } = failing(batch);
    const down = async () => Promise.reject(new TransientError('SLU-5001', 'down'));
    const dying = { ...world.attempt(), registry: { ...world.registry, change: down } };
    await expect(ingestMessages(batch, dying)).rejects.toThrow('down');
    expect(await redrive({ ask: async () => ({ kind: 'again', why: 'SLU-5001 down' }) })).toMatchObject({
      why: /down/,
    });
    expect(held.size).toBe(1);
    expect(await redrive()).toEqual({ left: 0, why: null });
    const noted = await world.registry.list<ShardUsage>(messageUsagePart('2026-01-02'));
    expect(totalUsed(noted.map(({ value }) => value))).toMatchObject({ messages: 20 });
  });

  test.each([
    [1, [0]],
    [20, [0]],
    [20, [19]],
    [500, [377]],
    [20, [3, 4, 17]],
    [4, [0, 1, 2, 3]],
  ])(
    'of %i messages with poison at %j loses these alone, each rejected with its reason and payload',
    async (size, bad) => {
      const { redrive, held, asked, counts, world } = failing(batchOf(size, ...bad));
      expect(await redrive()).toEqual({ left: 0, why: null });
      const [feeds] = await counts();
      expect(feeds?._?.counts).toEqual({ read: bad.length, loaded: 0, dropped: 0, rejected: bad.length });
      expect(feeds?.readings?.counts.loaded ?? 0).toBe(size - bad.length);
      const rejected = [...world.rejects().values()].flat();
      expect(rejected.map(({ raw }) => raw)).toEqual(bad.map((at) => Buffer.from(poison(at).data).toString()));
      expect(rejected[0]).toMatchObject({ code: 'SLU-2023', message: /died on this message alone: Runtime.ExitError/ });
      expect(held.size).toBe(0);
      expect(loading(asked).length).toBeLessThanOrEqual(bad.length * 2 * (Math.ceil(Math.log2(size)) + 2) + 1);
    },
  );

  test('is split down to one message of an aggregated record', async () => {
    const record = message(
      2,
      together({ sensor: 's', at: 1 }, { sensor: 's', at: 2, note: 'poison' }, { sensor: 's', at: 3 }),
    );
    const { redrive, counts, world } = failing([good(9), record]);
    expect(await redrive()).toEqual({ left: 0, why: null });
    expect(await counts()).toMatchObject([{ _: { counts: { rejected: 1 } }, readings: { counts: { loaded: 3 } } }]);
    expect([...world.rejects().keys()][0]).toContain(`${record.position}.1.ndjson`);
  });

  test('stays, and nothing of it is condemned, while the function dies of everything', async () => {
    const { redrive, held, counts } = failing(batchOf(8));
    const dead: Loader = { ask: async () => ({ kind: 'died', why: 'Runtime.ImportModuleError' }) };
    expect(await redrive(dead)).toEqual({ left: 8, why: 'Runtime.ImportModuleError' });
    expect([held.size, await counts()]).toEqual([1, []]);
    expect(await redrive()).toEqual({ left: 0, why: null });
    expect(await counts()).toMatchObject([{ readings: { counts: { read: 8, loaded: 8 } } }]);
  });

  test('loses no message because the function died of something else just then', async () => {
    const { redrive, counts, loader } = failing([good(1)]);
    let asked = 0;
    const shaken: Loader = {
      ask: async (order) => (asked++ === 0 ? { kind: 'died', why: 'Runtime.ExitError' } : loader.ask(order)),
    };
    expect(await redrive(shaken)).toEqual({ left: 0, why: null });
    expect(await counts()).toMatchObject([{ readings: { counts: { read: 1, loaded: 1 } } }]);
  });

  test('stays while something else is down', async () => {
    const { redrive, held } = failing(batchOf(8));
    const down: Loader = { ask: async () => ({ kind: 'again', why: 'SLU-5001 down' }) };
    expect(await redrive(down)).toEqual({ left: 8, why: 'SLU-5001 down' });
    expect(held.size).toBe(1);
  });

  test('stays, and is not asked for for ever, when the function says done and counts nothing', async () => {
    const { redrive, held } = failing(batchOf(8));
    const lying: Loader = { ask: async () => ({ kind: 'done' }) };
    expect(await redrive(lying)).toMatchObject({ left: 8, why: /is not settled/ });
    expect(held.size).toBe(1);
  });

  test('that does not return is waited for, and then halved like one on which the function died', async () => {
    const { redrive, world, counts, loader, searches } = failing(batchOf(2, 1));
    const hanging: Loader = {
      ask: async (order): Promise<OrderAnswer> => {
        const answer = await loader.ask(order);
        return answer.kind === 'died' ? { kind: 'silent' } : answer;
      },
    };
    let times = 0;
    for (; (await redrive(hanging)).left > 0; times++) {
      expect(await redrive(hanging)).toMatchObject({ why: 'the function has not answered yet' });
      expect((await searches.read('aws/lambda/m/s/0'))?.silent).not.toBeNull();
      world.clock.advance(400);
      expect(times).toBeLessThan(5);
    }
    expect(times).toBe(3);
    expect(await counts()).toMatchObject([{ _: { counts: { rejected: 1 } }, readings: { counts: { loaded: 1 } } }]);
  });

  test('loses no message because the function was slow: what it has loaded after all was not deadly', async () => {
    const { redrive, world, counts, loader } = failing(batchOf(3));
    let asked = 0;
    const slow: Loader = {
      ask: async (order): Promise<OrderAnswer> => {
        if (order.kind === 'probe') return loader.ask(order);
        if (asked++ < 2) return { kind: 'died', why: 'somebody killed it' };
        await loader.ask(order);
        return { kind: 'silent' };
      },
    };
    while ((await redrive(slow)).left > 0) world.clock.advance(400);
    expect(await counts()).toMatchObject([{ readings: { counts: { read: 3, loaded: 3 } } }]);
  });

  test('loses no message for the deaths of one that somebody else has rejected meanwhile', async () => {
    const batch = batchOf(2, 0);
    const { redrive, world, counts, loader } = failing(batch);
    let deaths = 0;
    const beside: Loader = {
      ask: async (order) => {
        const answer = await loader.ask(order);
        if (answer.kind === 'died' && ++deaths === 3) {
          const other = { only: [(batch[0] as Message).position], condemned: answer.why };
          await ingestMessages(batch, world.attempt(), other);
        }
        return answer;
      },
    };
    expect(await redrive(beside)).toEqual({ left: 0, why: null });
    expect(await counts()).toMatchObject([{ _: { counts: { rejected: 1 } }, readings: { counts: { loaded: 1 } } }]);
  });

  test('whose redrive dies between any two steps goes on where it was', async () => {
    for (let allowed = 0; allowed < 40; allowed++) {
      const { redrive, counts, loader, held } = failing(batchOf(10, 6));
      let asked = 0;
      const interrupted: Loader = {
        ask: (order) => {
          if (asked++ === allowed) throw new Error('the tick is gone');
          return loader.ask(order);
        },
      };
      await redrive(interrupted).catch(() => {});
      expect(await redrive()).toEqual({ left: 0, why: null });
      expect(await counts()).toMatchObject([
        { _: { counts: { read: 1 } }, readings: { counts: { read: 9, loaded: 9 } } },
      ]);
      expect(held.size).toBe(0);
    }
  });

  test('is left for the next tick when the time is used up', async () => {
    const { redrive, loader } = failing(batchOf(10, 6));
    expect(await redrive(loader, 0)).toEqual({ left: 10, why: 'the time is used up' });
  });
});
