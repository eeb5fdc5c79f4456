import { expect, test } from 'vitest';
import { memoryLedger, memoryObjects, memorySink } from '../../../adapters/memory.ts';
import { KEYSPACES_WRITE_TIME_REACH as reach } from '../../../core/model/keyspaces-limits.ts';
import { arrival } from '../../../core/model/run.ts';
import { defineTable } from '../../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../../core/model/tenant.ts';
import { ingestFile } from '../../../core/pipeline/file.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import type { Sink } from '../../../core/ports.ts';
import { together } from '../../support/aggregate.ts';
import { message, quiet } from '../../support/world.ts';

const HOUR = 3_600_000;
const now = Date.parse('2026-03-10T12:00:00Z');

const feed = defineFeed({
  name: 'things',
  description: 'things',
  formats: ['ndjson'],
  table: defineTable({ name: 'things', columns: { id: 'text', n: 'int' }, partitionKey: ['id'] }),
  transform: (fields) => ({ id: fields.text('id'), n: fields.integer('n') }),
});
const tenant = defineTenant({
  id: 't',
  name: 'T',
  contact: 't@example.org',
  limits: { maxFileBytes: 1e6, maxFileRows: 1000, maxMessageBytes: 1000 },
  stream: { shards: 1, retentionHours: 168, feed: 'things' },
  feeds: [feed],
});

/** A world whose sink notes write times, and fails as often as it is told. */
function makeWorld(options: { writeTimeReach?: number } = {}) {
  const time = { at: now };
  const clock = { now: () => new Date(time.at) };
  const inner = memorySink();
  const writeTimes: number[] = [];
  const sink: Sink = {
    ...inner,
    write: async (table, rows, signal) => {
      writeTimes.push(...rows.map((row) => row.writeTime));
      return inner.write(table, rows, signal);
    },
  };
  const objects = memoryObjects(undefined, clock);
  const common = { tenant, objects, ledger: memoryLedger(clock), sink, clock, rejectsBucket: 'rejects', ...quiet() };
  const world = { ...common, signal: new AbortController().signal, stream: 's', ...options };
  const file = (age: number) => {
    const lines = [1, 2].map((n) => JSON.stringify({ id: 'same', n }));
    objects.stored.set('b/things/f.ndjson', {
      bytes: Buffer.from(lines.join('\n')),
      lastModified: new Date(now - age),
    });
    return { bucket: 'b', key: 'things/f.ndjson', versionId: 'v' };
  };
  return { time, world, inner, writeTimes, file };
}

const ended = AbortSignal.abort();

test('a file that waited for a week is written 47 hours in the past, and its later row still wins', async () => {
  const { world, inner, writeTimes, file } = makeWorld({ writeTimeReach: reach });
  const run = await ingestFile(arrival(file(168 * HOUR)), { ...world, owner: 'a' });
  expect(run.writeTimeBase).toBe((now - 47 * HOUR) * 1000);
  expect(writeTimes).toEqual([run.writeTimeBase + 1, run.writeTimeBase + 2]);
  expect(inner.rows('things')).toEqual([{ id: 'same', n: 2 }]);
});

test('a young file keeps the time of its object, and without a reach an old one does too', async () => {
  const young = makeWorld({ writeTimeReach: reach });
  const first = await ingestFile(arrival(young.file(HOUR)), { ...young.world, owner: 'a' });
  expect(first.writeTimeBase).toBe((now - HOUR) * 1000);
  const old = makeWorld();
  const second = await ingestFile(arrival(old.file(168 * HOUR)), { ...old.world, owner: 'a' });
  expect(second.writeTimeBase).toBe((now - 168 * HOUR) * 1000);
});

test('an attempt that begins hours after the first raises the base, and the ledger knows it', async () => {
  const { time, world, writeTimes, file } = makeWorld({ writeTimeReach: reach });
  const object = file(46 * HOUR);
  await expect(ingestFile(arrival(object), { ...world, owner: 'a', signal: ended })).rejects.toThrow();
  time.at += 5 * HOUR;
  writeTimes.length = 0;
  const run = await ingestFile(arrival(object), { ...world, owner: 'b' });
  expect(run).toMatchObject({ state: 'loaded', attempt: 2, writeTimeBase: (time.at - 47 * HOUR) * 1000 });
  expect(writeTimes[0]).toBe(run.writeTimeBase + 1);
});

test('messages that waited for too long keep their order below every younger one', async () => {
  const { world, inner, writeTimes } = makeWorld({ writeTimeReach: reach });
  const message = (position: number, age: number) => ({
    position: String(position),
    shard: 'shard',
    arrivedAt: new Date(now - age),
    data: Buffer.from(JSON.stringify({ id: 'same', n: position })),
  });
  const old = [1, 2, 3].map((position) => message(position, 100 * HOUR));
  await ingestMessages([...old, message(4, HOUR)], world);
  const earliest = (now - 47 * HOUR) * 1000;
  expect(writeTimes).toEqual([earliest - 3, earliest - 2, earliest - 1, (now - HOUR) * 1000]);
  expect(inner.rows('things')).toEqual([{ id: 'same', n: 4 }]);
});

test('messages of one record that are loaded late and apart, in whatever order, keep theirs', async () => {
  const { world, inner } = makeWorld();
  const record = message(1, together({ id: 'same', n: 1 }, { id: 'other', n: 1 }, { id: 'same', n: 2 }));
  await ingestMessages([message(5, { id: 'later', n: 1 })], world);
  for (const place of [2, 0, 1]) {
    await ingestMessages([record], world, { only: [`${record.position}.${place}`], condemned: null });
  }
  expect(inner.rows('things').find(({ id }) => id === 'same')).toEqual({ id: 'same', n: 2 });
});
