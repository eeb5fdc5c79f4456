import { describe, expect, test } from 'vitest';
import { KEPT_PART, type Kept } from '../../../core/control/kept.ts';
import { roomIn } from '../../../core/control/message-quota.ts';
import type { Limits, Tenant } from '../../../core/model/tenant.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import { tenantOf } from '../../support/tenant.ts';
import { memoryWorld, message } from '../../support/world.ts';

const limited = (limits: Partial<Limits>, overQuota?: 'keep'): Tenant => {
  const tenant = tenantOf(limits);
  return overQuota ? { ...tenant, stream: { ...tenant.stream, overQuota } } : tenant;
};
const at = (number: number, changes = {}) => message(number, { sensor: 's', at: number }, changes);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const give = (world: ReturnType<typeof memoryWorld>, ...numbers: number[]) =>
  ingestMessages(
    numbers.map((number) => at(number)),
    world.attempt(),
  );
const codes = (world: ReturnType<typeof memoryWorld>) =>
  [...world.rejects().values()].flat().map(({ code, message: why }) => `${code} ${why}`);
const rows = (world: ReturnType<typeof memoryWorld>) => world.sink.rows('readings').length;

describe('messages beyond the day’s quota', () => {
  test('are not loaded, count as rejected, and say why', async () => {
    const world = memoryWorld(limited({ messagesPerDay: 5 }));
    expect(await give(world, ...range(0, 4))).toMatchObject({ overQuota: 0, reason: null });
    expect(await give(world, ...range(4, 8))).toEqual({
      counts: { read: 4, loaded: 1, dropped: 0, rejected: 3 },
      overQuota: 3,
      reason: 'the day has had its 5 messages',
    });
    expect(rows(world)).toBe(5);
    expect(codes(world)).toEqual(Array(3).fill('SLU-3031 the day has had its 5 messages'));
    const [run] = await world.ledger.streamRuns('2026-01-02');
    expect(run?.feeds.readings?.overQuota).toMatchObject({ messages: 3 });
  });

  test('are those of the day on which they arrive', async () => {
    const world = memoryWorld(limited({ messagesPerDay: 2 }));
    await give(world, 1, 2, 3);
    const next = [4, 5].map((number) => at(number, { arrivedAt: new Date('2026-01-03T00:00:00Z') }));
    expect(await ingestMessages(next, world.attempt())).toMatchObject({ counts: { loaded: 2 }, overQuota: 0 });
  });

  test('that come again are not counted again, and use nothing up', async () => {
    const world = memoryWorld(limited({ messagesPerDay: 6 }));
    for (let times = 0; times < 5; times++) await give(world, ...range(0, 4));
    expect(await give(world, ...range(0, 9))).toMatchObject({ counts: { read: 5, loaded: 2 }, overQuota: 3 });
    expect(await give(world, ...range(0, 9))).toMatchObject({ counts: { read: 0 }, overQuota: 0 });
  });

  test('are also those that are bad: what is rejected for another reason has been let in', async () => {
    const world = memoryWorld(limited({ messagesPerDay: 2 }));
    await ingestMessages([message(1, '{'), message(2, { feed: 'x', message: {} }), message(3, '{')], world.attempt());
    expect(codes(world).map((text) => text.slice(0, 8))).toEqual(['SLU-2001', 'SLU-3008', 'SLU-3031']);
  });

  test('are counted in bytes too; a small one still finds the room that a large one does not', async () => {
    const size = at(1).data.byteLength;
    const world = memoryWorld(limited({ messageBytesPerDay: 2 * size + 5 }));
    const large = message(2, { sensor: 's', at: 2, note: 'x'.repeat(8) });
    const got = await ingestMessages([at(1), large, at(3), at(4)], world.attempt());
    expect(got).toMatchObject({ counts: { loaded: 2, rejected: 2 }, overQuota: 2 });
    expect(codes(world)[0]).toBe(`SLU-3031 the day has had its ${2 * size + 5} bytes of messages`);
  });

  test('are known after a limit was introduced in the middle of the day', async () => {
    const world = memoryWorld(tenantOf());
    await give(world, ...range(0, 10));
    const shard = 'shardId-000000000001';
    await ingestMessages([at(11, { shard })], world.attempt());
    const tenant = limited({ messagesPerDay: 12 });
    expect(await ingestMessages([at(12), at(13)], { ...world.attempt(), tenant })).toMatchObject({ overQuota: 1 });
  });

  test('are known after all runs but the latest were folded, and one of the folded grows', async () => {
    const world = memoryWorld(limited({ messagesPerDay: 1000 }));
    const minute = (number: number) => new Date(Date.parse('2026-01-02T01:00:00Z') + number * 60_000);
    for (const number of range(0, 30))
      await ingestMessages([at(number, { arrivedAt: minute(number) })], world.attempt());
    await ingestMessages([at(100, { arrivedAt: minute(3) })], world.attempt());
    const slot = { stream: 's', shard: 'x', minute: minute(0) };
    expect(await roomIn(slot, world.attempt())).toMatchObject({ messages: 1000 - 31 });
  });
});

describe('of shards that work at the same time', () => {
  const SHARDS = 4;
  const BATCH = 20;
  /** Bytes of each message: numbers of three digits. */
  const SIZE = at(100).data.byteLength;

  test.each([
    ['messages of the day', { messagesPerDay: 50 }, 50],
    ['bytes of the day', { messageBytesPerDay: 50 * SIZE }, 50],
    ['bytes of the minute', { messageBytesPerSecond: SIZE }, 60],
  ])('each may go beyond the %s by one batch, and no more', async (_, limits, allowed) => {
    const world = memoryWorld(limited({ ...limits, maxMessageBytes: 1000 }));
    let number = 100;
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        range(0, SHARDS).map((shard) => {
          const batch = range(0, BATCH).map(() => at(number++, { shard: `shardId-00000000000${shard}` }));
          return ingestMessages(batch, world.attempt());
        }),
      );
    }
    expect(rows(world)).toBeGreaterThanOrEqual(allowed);
    expect(rows(world)).toBeLessThanOrEqual(allowed + (SHARDS - 1) * BATCH);
  });
});

describe('bytes of a second', () => {
  const size = at(1).data.byteLength;

  test('are those of the minute of arrival, over all shards', async () => {
    const world = memoryWorld(limited({ messageBytesPerSecond: 1 }));
    const fit = Math.floor(60 / size);
    await ingestMessages([at(1, { shard: 'shardId-000000000001' })], world.attempt());
    expect(await give(world, ...range(2, 2 + fit))).toMatchObject({ counts: { loaded: fit - 1 }, overQuota: 1 });
    expect(codes(world)).toEqual(['SLU-3032 the minute has had its 60 bytes of messages, 1 a second']);
    const later = at(20, { arrivedAt: new Date('2026-01-02T03:05:00Z') });
    expect(await ingestMessages([later], world.attempt())).toMatchObject({ overQuota: 0 });
  });
});

describe('a profile that keeps what is over the quota', () => {
  test('has it stored whole under a name that tells so, and the run noted', async () => {
    const world = memoryWorld(limited({ messagesPerDay: 1 }, 'keep'));
    await give(world, 1, 2);
    const [name] = [...world.rejects().keys()];
    expect(name).toMatch(new RegExp(`/${at(2).position}\\.kept\\.${at(2).data.byteLength}\\.ndjson$`));
    expect(await world.registry.list<Kept>(KEPT_PART)).toMatchObject([
      { name: 'stream.20260102-0304.000000000000', value: { shard: 'shardId-000000000000', touched: 1 } },
    ]);
  });

  test.each([
    ['minute', { messageBytesPerSecond: 1 }, /^SLU-3032 the message has \d+ bytes, more than the 60 of a whole minute/],
    ['day', { messageBytesPerDay: 60 }, /^SLU-3031 the message has \d+ bytes, more than the 60 of a whole day/],
  ])('keeps no message that is larger than all that a %s has room for', async (_, limits, reason) => {
    const world = memoryWorld(limited(limits, 'keep'));
    await ingestMessages([message(1, { sensor: 's', at: 1, note: 'x'.repeat(100) })], world.attempt());
    expect(codes(world)[0]).toMatch(reason);
    expect([...world.rejects().keys()].filter((name) => name.includes('kept'))).toEqual([]);
    expect(await world.registry.list(KEPT_PART)).toEqual([]);
  });

  test('keeps nothing that was rejected for another reason', async () => {
    const world = memoryWorld(limited({ messagesPerDay: 5 }, 'keep'));
    await ingestMessages([message(1, '{')], world.attempt());
    expect([...world.rejects().keys()].filter((name) => name.includes('kept'))).toEqual([]);
    expect(await world.registry.list(KEPT_PART)).toEqual([]);
  });
});
