import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { TransientError } from '../../../core/model/errors.ts';
import { addCounts, balanced, type Counts, noCounts } from '../../../core/model/row.ts';
import type { Message } from '../../../core/model/run.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import type { Sink } from '../../../core/ports.ts';
import { aggregate, together } from '../../support/aggregate.ts';
import { limits, tenantOf } from '../../support/tenant.ts';
import { memoryWorld, message, sinkThat } from '../../support/world.ts';

type World = ReturnType<typeof memoryWorld>;

const give = (world: World, ...messages: Message[]) => ingestMessages(messages, world.attempt());
const runsOf = (world: World) => world.ledger.streamRuns('2026-01-02');

/** Counts by feed over all stream runs. */
async function totals(world: World): Promise<Record<string, Counts>> {
  const found: Record<string, Counts> = {};
  for (const { feeds } of await runsOf(world)) {
    for (const [feed, { counts }] of Object.entries(feeds)) {
      expect(balanced(counts)).toBe(true);
      found[feed] ??= noCounts();
      addCounts(found[feed], counts);
    }
  }
  return found;
}

const reading = (at: number, what = '') => ({ sensor: 's', at, do: what });

test('each message has one outcome, counted under its feed', async () => {
  const world = memoryWorld();
  await give(
    world,
    message(1, reading(1)),
    message(2, reading(2, 'drop')),
    message(3, reading(3, 'reject')),
    message(4, { feed: 'events', message: reading(4, 'twice') }),
    message(5, { feed: 'events', sink: 'memory', message: reading(5, 'throw') }),
  );
  expect(await totals(world)).toEqual({
    readings: { read: 3, loaded: 1, dropped: 1, rejected: 1 },
    events: { read: 2, loaded: 1, dropped: 0, rejected: 1 },
  });
  expect(world.sink.rows('readings').map(({ at }) => at)).toEqual([1, 4, 1_000_004]);
});

describe('a message is bare, and belongs to the feed of the stream, when it', () => {
  test.each<[string, Record<string, unknown>]>([
    ['has a field that is called as the envelope’s', { feed: 'events', ...reading(1) }],
    ['has more than an envelope has', { feed: 'events', message: {}, ...reading(1) }],
    ['has a message and names nothing', { message: reading(1) }],
    ['has a message that is a text', { feed: 'events', message: '{}' }],
    ['has a message that is a list', { feed: 'events', message: [] }],
    ['has a message that is null', { feed: 'events', sink: 'memory', message: null }],
  ])('%s', async (_, body) => {
    const world = memoryWorld();
    await give(world, message(1, body));
    expect(await totals(world)).toMatchObject({ readings: { read: 1 } });
  });
});

describe('a message is rejected, and its neighbours are not, when it', () => {
  const far = 12345678901234567890n;
  test.each<[string, unknown, string]>([
    ['names a feed that is not there', { feed: 'nowhere', message: reading(1) }, 'SLU-3008'],
    ['names a feed by a number', '{"feed":1,"message":{}}', 'SLU-3008'],
    ['names a feed by a number beyond 2^53', `{"feed":${far},"message":{}}`, 'SLU-3008'],
    ['names a feed by an object with such a number', `{"feed":{"n":${far}},"message":{}}`, 'SLU-3008'],
    ['names a feed that every object has', { feed: 'constructor', message: {} }, 'SLU-3008'],
    ['names a feed by null', { feed: null, message: {} }, 'SLU-3008'],
    ['names a sink that is not there', { sink: 'memry', message: reading(1) }, 'SLU-3030'],
    ['names a sink by a number', { feed: 'events', sink: 1, message: reading(1) }, 'SLU-3030'],
    ['is not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), 'SLU-3006'],
    ['is larger than allowed', { note: 'x'.repeat(limits.maxMessageBytes) }, 'SLU-2009'],
    ['is not JSON', '{"sensor":', 'SLU-2001'],
    ['is no object', '[1]', 'SLU-2001'],
    ['is empty', '', 'SLU-2001'],
  ])('%s', async (_, body, code) => {
    const world = memoryWorld();
    const bad = message(2, body);
    await give(world, message(1, reading(1)), bad, message(3, reading(3)));
    expect(await totals(world)).toEqual({
      _: { read: 1, loaded: 0, dropped: 0, rejected: 1 },
      readings: { read: 2, loaded: 2, dropped: 0, rejected: 0 },
    });
    const id = 'stream.20260102-0304.000000000000';
    expect([...world.rejects()]).toMatchObject([
      [`rejects/_/2026-01-02/${id}/${bad.position}.ndjson`, [{ position: bad.position, stage: 'read', code }]],
    ]);
    expect(await runsOf(world)).toMatchObject([{ id, firstRejections: [{ feed: '_', position: bad.position, code }] }]);
  });

  test('has exactly the largest size it is taken', async () => {
    const world = memoryWorld();
    const empty = JSON.stringify({ ...reading(1), pad: '' }).length;
    await give(world, message(1, { ...reading(1), pad: 'x'.repeat(limits.maxMessageBytes - empty) }));
    expect(await totals(world)).toMatchObject({ readings: { loaded: 1 } });
  });

  test.each<[string, Uint8Array, string | undefined]>([
    ['a long text', Buffer.from(JSON.stringify({ feed: 'nowhere', message: { note: 'é'.repeat(20_000) } })), undefined],
    ['a text with a byte order mark', Buffer.from('\ufeff{'), undefined],
    ['bytes that are no text', Buffer.from([0xff, 0, 1, 0x7b]), 'base64'],
  ])('is %s, it is stored whole, with when it came', async (_, data, encoding) => {
    const world = memoryWorld(tenantOf({ maxMessageBytes: 100_000 }));
    const bad = message(1, data);
    await give(world, bad);
    const [stored] = [...world.rejects().values()].flat();
    expect(Buffer.from(stored.raw, stored.encoding)).toEqual(Buffer.from(data));
    expect(stored).toMatchObject({ shard: bad.shard, arrivedAt: bad.arrivedAt.toISOString() });
    expect([stored.encoding, Math.floor(stored.writeTime / 1000)]).toEqual([encoding, bad.arrivedAt.getTime()]);
    expect((await runsOf(world))[0]?.firstRejections[0]?.raw.length).toBeLessThanOrEqual(200);
  });

  test('is rejected by its feed, it is stored under that feed with its text', async () => {
    const world = memoryWorld();
    const bad = message(1, reading(1, 'reject'));
    await give(world, bad);
    expect([...world.rejects()]).toMatchObject([
      [
        `rejects/readings/2026-01-02/stream.20260102-0304.000000000000/${bad.position}.ndjson`,
        [{ code: 'SLU-2004', column: 'do', raw: JSON.stringify(reading(1, 'reject')) }],
      ],
    ]);
  });
});

describe('messages that come again', () => {
  const all = Array.from({ length: 30 }, (_, at) => message(at, reading(at, ['', 'drop', 'reject'][at % 3])));
  const counts = { readings: { read: 30, loaded: 10, dropped: 10, rejected: 10 } };

  test('in the same batch, in other batches or in the same batch twice are counted once', async () => {
    const world = memoryWorld();
    await give(world, ...all.slice(0, 20));
    await give(world, ...all.slice(0, 20));
    await give(world, ...all.slice(10), ...all.slice(15));
    expect(await totals(world)).toEqual(counts);
    expect(world.sink.rows('readings')).toHaveLength(10);
  });

  test('are not written again', async () => {
    const world = memoryWorld();
    await give(world, ...all);
    const refuse = sinkThat(() => Promise.reject(new Error('written again')));
    await ingestMessages(all, { ...world.attempt(), sink: refuse });
  });

  test('after a failure are all loaded, and counted once', async () => {
    const world = memoryWorld();
    const down: Sink = { ...world.sink, write: () => Promise.reject(new TransientError('SLU-5001', 'down')) };
    await expect(ingestMessages(all, { ...world.attempt(), sink: down })).rejects.toThrow('down');
    expect(await totals(world)).toEqual({});
    await give(world, ...all);
    expect(await totals(world)).toEqual(counts);
  });
});

describe('a stream run', () => {
  test('is for one shard and one minute of arrival', async () => {
    const world = memoryWorld();
    const at = (text: string) => ({ arrivedAt: new Date(text) });
    await give(
      world,
      message(1, reading(1), at('2026-01-02T03:04:59.999Z')),
      message(2, reading(2), at('2026-01-02T03:05:00.000Z')),
      message(1, reading(3), { shard: 'shardId-000000000001', ...at('2026-01-02T03:05:00.000Z') }),
    );
    expect((await runsOf(world)).map(({ id }) => id)).toEqual([
      'stream.20260102-0304.000000000000',
      'stream.20260102-0305.000000000000',
      'stream.20260102-0305.000000000001',
    ]);
    expect(await totals(world)).toMatchObject({ readings: { read: 3, loaded: 3 } });
  });

  test('knows the bytes of its messages and the time from arrival to the answer of the database', async () => {
    const world = memoryWorld();
    const now = world.clock.now().getTime();
    const slow: Sink = {
      ...world.sink,
      write: async (...given) => {
        world.clock.advance(0.25);
        return world.sink.write(...given);
      },
    };
    const messages = [100, 40].map((ago, at) => message(at, reading(at), { arrivedAt: new Date(now - ago) }));
    await ingestMessages(messages, { ...world.attempt(), sink: slow });
    const bytes = messages.reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(await runsOf(world)).toMatchObject([
      { feeds: { readings: { bytes, latency: { min: 290, max: 350, sum: 640 } } } },
    ]);
  });

  test('knows how often the database put rows off, and for how many messages it was asked', async () => {
    const world = memoryWorld();
    let refusals = 2;
    const busy: Sink = {
      ...world.sink,
      write: async (table, rows, signal) => {
        if (refusals-- > 0) return rows.map((_, index) => ({ index, message: 'overloaded', retryable: true }));
        return world.sink.write(table, rows, signal);
      },
    };
    const messages = [message(1, reading(1)), message(2, reading(2, 'twice')), message(3, reading(3, 'drop'))];
    await ingestMessages(messages, { ...world.attempt(), sink: busy });
    await give(world, message(4, reading(4)));
    const [run] = await runsOf(world);
    // Two messages with three rows, put off twice, took at least the pauses between the attempts.
    expect(run?.feeds.readings?.database).toMatchObject({ messages: 3, throttles: 6 });
    expect(run?.feeds.readings?.database?.sum).toBeGreaterThan(2 * 50);
  });

  test('counts no time below zero when the clocks differ', async () => {
    const world = memoryWorld();
    await give(world, message(1, reading(1), { arrivedAt: new Date(world.clock.now().getTime() + 5000) }));
    expect(await runsOf(world)).toMatchObject([{ feeds: { readings: { latency: { min: 0, max: 0 } } } }]);
  });
});

test('of two messages with one key the later in the shard stays, whichever is loaded first', async () => {
  const body = (value: number) => ({ sensor: 's', at: 1, value });
  // Within one millisecond, and a millisecond apart.
  for (const gap of [0, 1]) {
    const arrived = (ms: number) => ({ arrivedAt: new Date(Date.parse('2026-01-02T03:04:05.000Z') + ms) });
    const pair = [message(7, body(1), arrived(0)), message(8, body(2), arrived(gap))] as const;
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const world = memoryWorld();
      for (const index of order) await give(world, pair[index]);
      expect(world.sink.rows('readings')).toMatchObject([{ value: 2 }]);
    }
  }
});

test('of many messages of one key in one millisecond the last stays, wherever they are cut into batches', async () => {
  const arrivedAt = new Date('2026-01-02T03:04:05.000Z');
  // 995 to 1,009: the counter in a sequence number passes a thousand.
  const burst = Array.from({ length: 15 }, (_, at) => message(995 + at, { ...reading(1), value: at }, { arrivedAt }));
  for (let cut = 0; cut <= burst.length; cut++) {
    const world = memoryWorld();
    await give(world, ...burst.slice(0, cut));
    await give(world, ...burst.slice(Math.max(0, cut - 3)));
    expect(world.sink.rows('readings')).toMatchObject([{ value: 14 }]);
  }
});

test('a message that comes late is not put over those behind it that have been loaded', async () => {
  const at = (number: number) => message(number, { ...reading(1), value: number });
  const world = memoryWorld();
  await give(world, at(1), at(3));
  await give(world, at(2));
  expect(world.sink.rows('readings')).toMatchObject([{ value: 3 }]);
});

describe('an aggregated record', () => {
  test('is as many messages as it holds, each with its own outcome', async () => {
    const world = memoryWorld();
    const record = message(
      2,
      together(reading(1), reading(2, 'drop'), reading(3, 'reject'), { feed: 'x', message: {} }),
    );
    await give(world, message(1, reading(9)), record);
    expect(await totals(world)).toEqual({
      _: { read: 1, loaded: 0, dropped: 0, rejected: 1 },
      readings: { read: 4, loaded: 2, dropped: 1, rejected: 1 },
    });
    const places = [...world.rejects().values()].flat().map(({ position }) => position);
    expect(places.toSorted()).toEqual([`${record.position}.2`, `${record.position}.3`]);
  });

  test('keeps the order of its messages: of those with one key the last stays', async () => {
    const world = memoryWorld();
    const bodies = Array.from({ length: 50 }, (_, value) => ({ ...reading(1), value }));
    await give(world, message(1, together(...bodies)), message(2, together({ ...reading(2), value: 1 })));
    expect(world.sink.rows('readings')).toMatchObject([{ value: 49 }, { value: 1 }]);
    await give(world, message(3, { ...reading(1), value: 50 }, { arrivedAt: message(1, '').arrivedAt }));
    expect(world.sink.rows('readings')[0]).toMatchObject({ value: 50 });
  });

  test('that comes again is left out message by message', async () => {
    const world = memoryWorld();
    const record = message(1, together(reading(1), reading(2), reading(3)));
    await give(world, record);
    await give(world, record, record);
    expect(await totals(world)).toEqual({ readings: { read: 3, loaded: 3, dropped: 0, rejected: 0 } });
  });

  test('that is broken is one rejection', async () => {
    const world = memoryWorld();
    const broken = together(reading(1), reading(2)).fill(0xff, 10, 11);
    await give(world, message(1, broken), message(2, reading(3)));
    expect(await totals(world)).toEqual({
      _: { read: 1, loaded: 0, dropped: 0, rejected: 1 },
      readings: { read: 1, loaded: 1, dropped: 0, rejected: 0 },
    });
    expect([...world.rejects().values()]).toMatchObject([[{ code: 'SLU-2022', message: /checksum/ }]]);
  });

  test('inside another one is no message', async () => {
    const world = memoryWorld();
    const inner = together(reading(1));
    await give(world, message(1, aggregate([{ key: 'k', data: inner }])));
    expect([...world.rejects().values()]).toMatchObject([[{ code: 'SLU-3006' }]]);
  });
});

test('the outcome is the same however messages are cut into batches, repeated and mixed', async () => {
  const kinds = ['', 'drop', 'reject', 'throw', 'twice', 'nowhere', 'junk'] as const;
  const one = fc.record({ what: fc.constantFrom(...kinds), key: fc.nat(5), gap: fc.constantFrom(0, 1, 700, 20_000) });
  const cutting = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 12 })), { maxLength: 8 });

  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 30 }), cutting, async (shapes, batches) => {
      let arrived = Date.parse('2026-01-02T03:04:00Z');
      const messages = shapes.map(({ what, key, gap }, number) => {
        arrived += gap;
        const body = what === 'junk' ? '{' : { sensor: 's', at: key, value: number, do: what };
        const sent = what === 'nowhere' ? { feed: what, message: body } : body;
        return message(number, sent, { arrivedAt: new Date(arrived) });
      });
      const whole = memoryWorld();
      await give(whole, ...messages);
      const parts = memoryWorld();
      for (const [start, length] of batches) await give(parts, ...messages.slice(start, start + length));
      await give(parts, ...messages);

      expect(sorted(parts.sink.rows('readings'))).toEqual(sorted(whole.sink.rows('readings')));
      expect(await totals(parts)).toEqual(await totals(whole));
      expect(new Map([...parts.rejects()].sort())).toEqual(new Map([...whole.rejects()].sort()));
    }),
    { numRuns: 200 },
  );
});

test('of messages of which some are meant no other is parsed: it may be the one that the function dies on', async () => {
  const world = memoryWorld();
  const messages = [1, 2, 3].map((at) => message(at, reading(at)));
  const parsed = vi.spyOn(JSON, 'parse');
  try {
    const meant = messages[1] as Message;
    const { counts } = await ingestMessages(messages, world.attempt(), { only: [meant.position], condemned: null });
    expect(counts).toEqual({ read: 1, loaded: 1, dropped: 0, rejected: 0 });
    const texts = parsed.mock.calls.map(([text]) => text).filter((text) => text.includes('"sensor"'));
    expect(texts).toEqual([Buffer.from(meant.data).toString()]);
  } finally {
    parsed.mockRestore();
  }
});

const sorted = (rows: readonly Readonly<Record<string, unknown>>[]) =>
  rows.map((row) => JSON.stringify(row)).toSorted();
