import type { Client } from 'cassandra-driver';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cassandraDialect, connect, keyspacesDialect } from '../../adapters/cassandra/client.ts';
import { deleteRow, insertRow, keyFirst } from '../../adapters/cassandra/cql.ts';
import { cassandraSink } from '../../adapters/cassandra/sink.ts';
import { parametersOf } from '../../adapters/cassandra/values.ts';
import { FatalError } from '../../core/model/errors.ts';
import { primaryKey, type Table } from '../../core/model/table.ts';
import { load } from '../../core/pipeline/load.ts';
import type { SinkRow } from '../../core/ports.ts';
import { anyRow, cells, everyType, oddKeys } from '../conformance/sink.ts';
import { type Answering, type FakeCassandra, fakeCassandra } from '../support/fake-cassandra.ts';

/** What goes over the wire to Cassandra, and what comes of the answers. */

const forever = new AbortController().signal;
const row = (part: string, place: number, more: Record<string, unknown> = {}): SinkRow => ({
  values: { part, place, a: 'a', b: 1, ...more },
  writeTime: 1_700_000_000_000_000 + place,
});
const many = (count: number) => Array.from({ length: count }, (_, place) => row('p', place));

let answering: Answering;
let server: FakeCassandra;
let client: Client;

beforeEach(async () => {
  answering = () => 'done';
  server = await fakeCassandra([everyType, cells, oddKeys], (...given) => answering(...given));
  const address = { contactPoints: ['127.0.0.1'], port: server.port, datacenter: 'datacenter1' };
  client = connect(address, { username: 'u', password: 'p' });
});

afterEach(async () => {
  await client.shutdown();
  await server.close();
});

/** A sink that sends each partition on its own. */
const apart = () => cassandraSink(client, 'k', keyspacesDialect);

/** The batches that the driver makes of the rows by itself. */
async function driversOwn(table: Table, rows: readonly SinkRow[], kind: 'insert' | 'delete'): Promise<Buffer> {
  const names = kind === 'insert' ? keyFirst(table) : primaryKey(table);
  const given = parametersOf(table, names);
  const query = kind === 'insert' ? insertRow('k', table) : deleteRow('k', table);
  const params = ({ values, writeTime }: SinkRow) =>
    kind === 'insert' ? [...given(values), writeTime] : [writeTime, ...given(values)];
  await client.batch(
    rows.map((each) => ({ query, params: params(each) })),
    { prepare: true, logged: false },
  );
  return server.batches.at(-1) as Buffer;
}

describe('the bytes that are sent are those that the driver would send', () => {
  // Of two rows with one key and one time only the last would be sent.
  const writeTime = fc.integer({ min: -(2 ** 49), max: 2 ** 49 });
  const key = fc.oneof(fc.string({ minLength: 1, maxLength: 40 }), fc.string({ unit: 'grapheme', minLength: 1 }));

  test('of rows of every type of column, with cells that are null or absent', async () => {
    const rows = fc.array(fc.tuple(anyRow, writeTime), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(key, rows, async (id, given) => {
        const all = given.map(([values, time], index) => ({ values: { ...values, id }, writeTime: time * 8 + index }));
        expect(await cassandraSink(client, 'k').write(everyType, all, forever)).toEqual([]);
        const sent = server.batches.at(-1) as Buffer;
        expect(sent.equals(await driversOwn(everyType, all, 'insert'))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('of deletions', async () => {
    const keys = fc.uniqueArray(fc.date({ noInvalidDate: true }), { minLength: 1, selector: (at) => at.getTime() });
    await fc.assert(
      fc.asyncProperty(key, key, keys, async (one, two, times) => {
        const all = times.map((at) => ({ values: { one, two, at }, writeTime: 1_700_000_000_000_000 }));
        expect(await cassandraSink(client, 'k').remove(oddKeys, all, forever)).toEqual([]);
        const sent = server.batches.at(-1) as Buffer;
        expect(sent.equals(await driversOwn(oddKeys, all, 'delete'))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('of texts of every length around what fits into the memory that is set aside at one time', async () => {
    for (const length of [0, 1, 31, 32, 33, 1000, 21_845, 21_846, 32_768, 60_000]) {
      for (const unit of ['x', 'ä', '😀']) {
        const all = [row('p', 0, { a: unit.repeat(length) }), row('p', 1)];
        expect(await cassandraSink(client, 'k').write(cells, all, forever)).toEqual([]);
        const sent = server.batches.at(-1) as Buffer;
        expect([length, unit, sent.equals(await driversOwn(cells, all, 'insert'))]).toEqual([length, unit, true]);
      }
    }
  });
});

test.each([
  ['Keyspaces', 30, keyspacesDialect],
  ['Cassandra', 100, cassandraDialect],
])(
  'a partition is sent to %s in batches of at most %i rows, and a statement is prepared once',
  async (_, most, dialect) => {
    const rows = many(2 * most + 50);
    const sink = cassandraSink(client, 'k', dialect);
    expect(await sink.write(cells, rows, forever)).toEqual([]);
    expect(await sink.write(cells, rows, forever)).toEqual([]);
    const counts = server.batches.map((batch) => batch.readUInt16BE(1)).sort((a, b) => a - b);
    const rest = most === 30 ? [20, 20, 30, 30] : [50, 50];
    expect(counts).toEqual([...rest, most, most, most, most]);
    expect(server.prepared).toEqual([insertRow('k', cells)]);
  },
);

test('other partitions are sent apart', async () => {
  expect(await apart().write(cells, [...many(5), row('q', 0)], forever)).toEqual([]);
  expect(server.batches.map((batch) => batch.readUInt16BE(1)).sort((a, b) => a - b)).toEqual([1, 5]);
});

test('of two rows with one key and one write time the last is sent, or the one before when the last cannot be', async () => {
  const same = (b: unknown): SinkRow => ({ values: { part: 'p', place: 1, a: 'a', b }, writeTime: 5 });
  const sink = cassandraSink(client, 'k');
  expect(await sink.write(cells, [same(1), same(2)], forever)).toEqual([]);
  expect(server.batches.at(-1)?.equals(await driversOwn(cells, [same(2)], 'insert'))).toBe(true);
  const failures = await sink.write(cells, [same(1), same('no number')], forever);
  expect(failures.map(({ index, retryable }) => ({ index, retryable }))).toEqual([{ index: 1, retryable: false }]);
  expect(server.batches.at(-1)?.equals(await driversOwn(cells, [same(1)], 'insert'))).toBe(true);
});

test('a server that has forgotten a statement gets it again, and the rows with it', async () => {
  const sink = cassandraSink(client, 'k');
  expect(await sink.write(cells, many(2), forever)).toEqual([]);
  server.forget();
  expect(await sink.write(cells, many(2), forever)).toEqual([]);
  expect(server.prepared).toHaveLength(2);
  expect(server.batches).toHaveLength(2);
});

test('a connection that breaks in the middle costs no row: they are tried again over another', async () => {
  answering = (_, place) => (place === 1 ? 'hang up' : 'done');
  const outputs = many(350).map((each, index) => ({ ...each, position: index + 1, raw: '' }));
  expect(await load(outputs, cells, cassandraSink(client, 'k'), forever)).toEqual([]);
  expect(server.batches.length).toBeGreaterThan(3);
});

describe('an answer', () => {
  test('that says that the rows are invalid has them tried one by one, and rejects those that are', async () => {
    answering = (batch) => (batch.includes('bad') ? { code: 0x2200 } : 'done');
    const failures = await cassandraSink(client, 'k').write(
      cells,
      [row('p', 0), row('p', 1, { a: 'bad' }), row('p', 2)],
      forever,
    );
    expect(failures).toMatchObject([{ index: 1, retryable: false }]);
    expect(server.batches.map((batch) => batch.readUInt16BE(1))).toEqual([3, 1, 1, 1]);
  });

  test('that tells of an overload puts the rows of the batch off', async () => {
    answering = (batch) => (batch.includes('much') ? { code: 0x1001 } : 'done');
    const rows = [row('p', 0), row('much', 1), row('much', 2)];
    const failures = await apart().write(cells, rows, forever);
    expect(failures).toMatchObject([
      { index: 1, retryable: true },
      { index: 2, retryable: true },
    ]);
  });

  test('that nobody foresaw is thrown', async () => {
    answering = () => ({ code: 0x2000 });
    await expect(cassandraSink(client, 'k').write(cells, many(1), forever)).rejects.toThrow(FatalError);
  });
});

test('a value that its column cannot hold rejects its row before anything is sent, and no other row', async () => {
  const rows = [row('p', 0), row('p', 'one' as unknown as number), row('p', 2, { b: 2 ** 31 }), row('p', 3, { a: 1 })];
  const failures = await cassandraSink(client, 'k').write(cells, rows, forever);
  expect(failures).toEqual([
    { index: 1, message: '"one" is no int', retryable: false },
    { index: 2, message: '2147483648 is no int', retryable: false },
    { index: 3, message: '1 is no text', retryable: false },
  ]);
  expect(server.batches.map((batch) => batch.readUInt16BE(1))).toEqual([1]);
});

test('a table whose columns have other types in the database is a mistake to be mended, and no row is sent', async () => {
  const other: Table = { ...cells, columns: { ...cells.columns, b: 'bigint' } };
  const write = cassandraSink(client, 'k').write(other, many(1), forever);
  await expect(write).rejects.toThrow('the database\'s column "b" is no bigint');
  expect(server.batches).toEqual([]);
});

describe('a database that has too much to do', () => {
  const parts = (count: number) => Array.from({ length: count }, (_, part) => row(String(part), 0));
  const outputs = parts(400).map((each, index) => ({ ...each, position: index + 1, raw: '' }));

  test('gets no more at one time than it takes, and all rows in the end', async () => {
    const MOST = 5;
    let [now, refused] = [0, 0];
    answering = async () => {
      if (now >= MOST) {
        refused++;
        return { code: 0x1001 };
      }
      now++;
      await new Promise((resolve) => setTimeout(resolve, 2));
      now--;
      return 'done';
    };
    const sink = apart();
    expect(await load(outputs, cells, sink, forever)).toEqual([]);
    const before = refused;
    expect(await load(outputs, cells, sink, forever)).toEqual([]);
    // What it has learned lasts from one window to the next.
    expect(refused - before).toBeLessThan(before);
  });

  test('and takes not even one at a time is let alone until the next try', async () => {
    answering = () => ({ code: 0x1001 });
    const failures = await apart().write(cells, parts(1000), forever);
    expect(failures.map(({ index }) => index).sort((a, b) => a - b)).toEqual(parts(1000).map((_, index) => index));
    expect(failures.every(({ retryable }) => retryable)).toBe(true);
    expect(server.batches.length).toBeLessThan(150);
  });
});
