import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ColumnType, defineType, type ScalarType } from '../../core/model/column-types.ts';
import { conformer } from '../../core/model/conform.ts';
import { parseDuration } from '../../core/model/duration.ts';
import { defineTable, type Table } from '../../core/model/table.ts';
import type { Sink, SinkRow } from '../../core/ports.ts';

type Row = Readonly<Record<string, unknown>>;

export interface SinkUnderTest {
  readonly sink: Sink;
  /** All rows of a table, in any order; a cell that is not there is null or absent. */
  rows(table: Table): Promise<readonly Row[]>;
}

const place = defineType({ name: 'place', fields: { name: 'text', at: { list: 'double' }, since: 'date' } });

/** A column of every type, with a key of the types that tenants use in keys. */
export const everyType = defineTable({
  name: 'every_type',
  columns: {
    id: 'text',
    at: 'timestamp',
    number: 'int',
    small: 'smallint',
    tiny: 'tinyint',
    single: 'float',
    real: 'double',
    yes: 'boolean',
    day: 'date',
    clock: 'time',
    large: 'bigint',
    huge: 'varint',
    exact: 'decimal',
    tag: 'uuid',
    bytes: 'blob',
    made: 'timeuuid',
    address: 'inet',
    length: 'duration',
    words: { list: 'text' },
    addresses: { set: 'inet' },
    prices: { map: ['int', 'decimal'] },
    deep: { list: { map: ['text', { set: 'bigint' }] } },
    place,
    places: { map: ['uuid', place] },
  },
  partitionKey: ['id'],
  clusteringKey: ['at'],
});

/** Few keys, so that rows meet. */
export const cells = defineTable({
  name: 'cells',
  columns: { part: 'text', place: 'int', a: 'text', b: 'int' },
  partitionKey: ['part'],
  clusteringKey: ['place'],
});

/** Keys whose values look alike as text. */
export const oddKeys = defineTable({
  name: 'odd_keys',
  columns: { one: 'text', two: 'text', at: 'timestamp', value: 'int' },
  partitionKey: ['one', 'two'],
  clusteringKey: ['at'],
});

/** Keys that can be written in several ways, in the partition and inside of it. */
const types = [
  'inet',
  'uuid',
  'decimal',
  'double',
  'float',
  'time',
  'bigint',
  'varint',
  'timestamp',
  'blob',
  'boolean',
] as const;
const keyedBy = (type: (typeof types)[number]) =>
  defineTable({
    name: `keyed_by_${type}`,
    columns: { part: 'text', outer: type, inner: type, value: 'int' },
    partitionKey: ['part', 'outer'],
    clusteringKey: ['inner'],
  });
const keyed = types.map(keyedBy);

export const sinkTables = [everyType, cells, oddKeys, ...keyed] as const;

const forever = new AbortController().signal;
/** Microseconds; the tests of one table keep apart by their keys. */
const NOW = Date.parse('2026-01-02T03:04:05Z') * 1000;

/** What every sink does, whatever is behind it. */
export function testSink(open: () => SinkUnderTest): void {
  let keys = 0;
  /** A partition of the test's own. */
  const fresh = () => `${process.pid}-${Date.now()}-${++keys}`;

  const write = async (table: Table, rows: readonly SinkRow[]) => {
    expect(await open().sink.write(table, rows, forever)).toEqual([]);
  };
  const stored = async (table: Table, column: string, keys: readonly unknown[]) => {
    const rows = await open().rows(table);
    return rows.filter((row) => keys.includes(row[column])).map((row) => canonical(table, row));
  };

  describe('a value', () => {
    test('of any column type comes back as it was', async () => {
      const check = conformer(everyType);
      const rows = fc.sample(anyRow, { numRuns: 300, seed: 20260102 }).map((row) => ({ ...row, id: fresh() }));
      for (const row of rows) check(row);
      await write(
        everyType,
        rows.map((values, index) => ({ values, writeTime: NOW + index })),
      );
      const found = new Map((await open().rows(everyType)).map((row) => [row.id, canonical(everyType, row)]));
      for (const row of rows) expect(found.get(row.id)).toEqual(canonical(everyType, row));
    });

    test('that is empty is not null', async () => {
      const id = fresh();
      const at = new Date(0);
      const empty = {
        ...{ exact: '0', bytes: new Uint8Array(), words: [], addresses: new Set<string>(), prices: new Map() },
        ...{ deep: [new Map([['', new Set<bigint>()]])], place: {}, places: new Map() },
      };
      conformer(everyType)({ id, at, ...empty });
      await write(everyType, [{ values: { id, at, ...empty }, writeTime: NOW }]);
      expect(await stored(everyType, 'id', [id])).toEqual([canonical(everyType, { id, at, ...empty })]);
    });

    test('that is null deletes the cell, and one that is absent leaves it', async () => {
      const part = fresh();
      await write(cells, [{ values: { part, place: 1, a: 'a', b: 1 }, writeTime: NOW }]);
      await write(cells, [{ values: { part, place: 1, a: null }, writeTime: NOW + 1 }]);
      expect(await stored(cells, 'part', [part])).toEqual([{ part, place: 1, b: 1 }]);
      await write(cells, [{ values: { part, place: 1, a: undefined, b: null }, writeTime: NOW + 2 }]);
      expect(await stored(cells, 'part', [part])).toEqual([{ part, place: 1 }]);
    });
  });

  describe('of writes to one row', () => {
    test('the later stays, cell by cell, in whatever order and grouping they come', async () => {
      const value = <T>(arbitrary: fc.Arbitrary<T>) =>
        fc.option(fc.option(arbitrary, { nil: null }), { nil: undefined });
      const writes = fc.array(
        fc.record({
          place: fc.integer({ min: 0, max: 2 }),
          a: value(fc.constantFrom('x', 'y', 'z')),
          b: value(fc.integer({ min: 0, max: 9 })),
          group: fc.nat(2),
          order: fc.nat(),
        }),
        { minLength: 1, maxLength: 10 },
      );
      await fc.assert(
        fc.asyncProperty(writes, async (all) => {
          const part = fresh();
          const expected = new Map<number, Row>();
          const timed = all.map(({ group, order, ...values }, index) => {
            const given = Object.fromEntries(Object.entries(values).filter(([, cell]) => cell !== undefined));
            expected.set(values.place, { ...expected.get(values.place), part, ...given });
            return { group, order, row: { values: { part, ...values }, writeTime: NOW + index } };
          });
          const shuffled = timed.toSorted((one, other) => one.order - other.order);
          for (const group of [0, 1, 2]) {
            const rows = shuffled.filter((each) => each.group === group).map(({ row }) => row);
            if (rows.length > 0) await write(cells, rows);
          }
          const byPlace = (one: Row, other: Row) => Number(one.place) - Number(other.place);
          const found = (await stored(cells, 'part', [part])).toSorted(byPlace);
          expect(found).toEqual([...expected.values()].map((row) => canonical(cells, row)).toSorted(byPlace));
        }),
        { numRuns: 40, seed: 20260102 },
      );
    });

    test('the same write again changes nothing', async () => {
      const part = fresh();
      const rows = [1, 2].map((place) => ({ values: { part, place, a: 'a', b: place }, writeTime: NOW + place }));
      await write(cells, rows);
      const once = await stored(cells, 'part', [part]);
      await write(cells, rows.toReversed());
      expect(await stored(cells, 'part', [part])).toEqual(once);
    });

    test('at the same time in one call the last stays whole: two rows never mix', async () => {
      const part = fresh();
      const at = (place: number, a: string | undefined, b: number | undefined) => ({
        values: { part, place, a, b },
        writeTime: NOW,
      });
      await write(cells, [at(1, 'z', 1), at(2, 'p', 5), at(1, 'a', 9), at(3, 'only', 1), at(3, undefined, 2)]);
      expect(await stored(cells, 'part', [part])).toEqual([
        { part, place: 1, a: 'a', b: 9 },
        { part, place: 2, a: 'p', b: 5 },
        { part, place: 3, b: 2 },
      ]);
    });
  });

  describe('a deletion', () => {
    const remove = async (part: string, place: number, writeTime: number) =>
      expect(await open().sink.remove(cells, [{ values: { part, place }, writeTime }], forever)).toEqual([]);
    const row = (part: string, place: number, writeTime: number) => ({
      values: { part, place, a: 'a', b: 1 },
      writeTime,
    });

    test('takes a row that was written before it or at the same time, and no other', async () => {
      const part = fresh();
      await write(cells, [row(part, 1, NOW), row(part, 2, NOW), row(part, 3, NOW + 1), row(part, 4, NOW)]);
      await remove(part, 1, NOW + 1);
      await remove(part, 2, NOW);
      await remove(part, 3, NOW);
      await remove(part, 9, NOW);
      const left = await stored(cells, 'part', [part]);
      expect(left.map(({ place }) => place).sort()).toEqual([3, 4]);
    });

    test('hides what comes later with an earlier write time, and nothing that was written after it', async () => {
      const part = fresh();
      await remove(part, 1, NOW);
      await write(cells, [row(part, 1, NOW - 1)]);
      await write(cells, [row(part, 1, NOW)]);
      expect(await stored(cells, 'part', [part])).toEqual([]);
      await write(cells, [{ values: { part, place: 1, b: 2 }, writeTime: NOW + 1 }]);
      expect(await stored(cells, 'part', [part])).toEqual([{ part, place: 1, b: 2 }]);
    });
  });

  describe('deletions', () => {
    const many = (part: string, writeTime: number) =>
      Array.from({ length: 200 }, (_, place) => ({ values: { part, place, a: 'a' }, writeTime }));

    test('of many rows at one time take all of them, in one partition and in several', async () => {
      const parts = [fresh(), fresh(), fresh()];
      await write(
        cells,
        parts.flatMap((part) => many(part, NOW)),
      );
      const gone = parts.flatMap((part) => many(part, NOW).filter(({ values }) => values.place % 10 > 0));
      const keys = gone.map(({ values: { part, place } }) => ({ values: { part, place }, writeTime: NOW }));
      expect(await open().sink.remove(cells, keys, forever)).toEqual([]);
      for (const part of parts) expect(await stored(cells, 'part', [part])).toHaveLength(20);
    });

    test('may come again, and be none at all', async () => {
      const part = fresh();
      await write(cells, many(part, NOW));
      const keys = many(part, NOW).map(({ values: { place } }) => ({ values: { part, place }, writeTime: NOW }));
      for (let time = 0; time < 2; time++) expect(await open().sink.remove(cells, keys, forever)).toEqual([]);
      expect(await open().sink.remove(cells, [], forever)).toEqual([]);
      expect(await stored(cells, 'part', [part])).toEqual([]);
    });

    test('for which the time is used up are named, to be tried again', async () => {
      const part = fresh();
      await write(cells, many(part, NOW));
      const failures = await open().sink.remove(cells, many(part, NOW), AbortSignal.abort());
      expect(failures.length).toBeGreaterThan(0);
      expect(failures.every(({ retryable }) => retryable)).toBe(true);
      const places = new Set((await stored(cells, 'part', [part])).map(({ place }) => place));
      const named = new Set(failures.map(({ index }) => index));
      for (let index = 0; index < 200; index++) expect(named.has(index) || !places.has(index)).toBe(true);
    });
  });

  describe('rows with different keys', () => {
    test('at the same time are all stored, also when their keys look alike as text', async () => {
      const id = fresh();
      const keys = [
        [`${id}a`, 'b', 0],
        [id, 'ab', 0],
        [`${id}\u0000a`, 'b', 0],
        [id, 'a\u0000b', 0],
        [`${id},a`, 'b', 0],
        [id, ',ab', 0],
        [id, 'undefined', 0],
        [id, 'moment', 1],
        [id, 'moment', 2],
        [id, 'moment', 999],
      ] as const;
      const rows = keys.map(([one, two, at], value) => ({
        values: { one, two, at: new Date(at), value },
        writeTime: NOW,
      }));
      await write(oddKeys, rows);
      const found = await stored(
        oddKeys,
        'one',
        keys.map(([one]) => one),
      );
      expect(found.map(({ value }) => value).toSorted((a, b) => Number(a) - Number(b))).toEqual(
        keys.map((_, index) => index),
      );
    });

    test.each(types)(
      'of type %s are the same rows when their values are the same, however they are written',
      async (type) => {
        const table = keyedBy(type);
        const check = conformer(table);
        for (const [column, other] of [
          ['outer', 'inner'],
          ['inner', 'outer'],
        ] as const) {
          const part = fresh();
          // Partitions are told apart by their bytes, in which 1.0 is not 1.00; rows inside of one by their values.
          const { same, others } = notations[type === 'decimal' && column === 'inner' ? 'decimalByValue' : type];
          const [fixed] = same[0] as readonly unknown[];
          const groups = [...same, ...others.map((value) => [value])];
          const rows = groups.flatMap((group, index) =>
            group.map((value) => ({ values: { part, [column]: value, [other]: fixed, value: index }, writeTime: NOW })),
          );
          for (const { values } of rows) check(values);
          // One by one the database alone decides what is the same; at one time and in one call the sink does.
          for (const row of rows) await write(table, [row]);
          const rowsOf = async () => (await open().rows(table)).filter((row) => row.part === part);
          expect((await rowsOf()).map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual([...groups.keys()]);
          await write(
            table,
            rows.map((row, index) => ({ values: { ...row.values, value: -index }, writeTime: NOW + 1 })),
          );
          const lasts = groups.map((_, index) => rows.findLastIndex(({ values }) => values.value === index));
          expect((await rowsOf()).map(({ value }) => Number(value)).sort((a, b) => b - a)).toEqual(
            lasts.map((last) => 0 - last),
          );
          const written = { part, [column]: same[0]?.at(-1), [other]: fixed };
          expect(await open().sink.remove(table, [{ values: written, writeTime: NOW + 2 }], forever)).toEqual([]);
          expect(await rowsOf()).toHaveLength(groups.length - 1);
        }
      },
    );

    test('are all stored when a partition has many, and when they are large', async () => {
      const [many, large] = [fresh(), fresh()];
      const row = (part: string, place: number, a: string) => ({ values: { part, place, a }, writeTime: NOW + place });
      await write(cells, [
        ...Array.from({ length: 1000 }, (_, place) => row(many, place, 'a')),
        ...Array.from({ length: 20 }, (_, place) => row(large, place, 'x'.repeat(100_000))),
      ]);
      expect(await stored(cells, 'part', [many])).toHaveLength(1000);
      expect(await stored(cells, 'part', [large])).toHaveLength(20);
    });
  });

  test('nothing to write is no failure', async () => {
    await write(cells, []);
  });

  test('when the time is used up, what is not stored is named, to be tried again, and nothing is thrown', async () => {
    const part = fresh();
    const rows = Array.from({ length: 100 }, (_, place) => ({ values: { part, place, a: 'a' }, writeTime: NOW }));
    const failures = await open().sink.write(cells, rows, AbortSignal.abort());
    expect(failures.every(({ retryable }) => retryable)).toBe(true);
    const places = new Set((await stored(cells, 'part', [part])).map(({ place }) => place));
    const named = new Set(failures.map(({ index }) => index));
    for (const index of rows.keys()) expect(named.has(index) || places.has(index)).toBe(true);
    expect(failures.length).toBeGreaterThan(0);
  });
}

const anyDay = fc
  .integer({
    min: Date.parse('0001-01-01T00:00:00Z') / 86_400_000,
    max: Date.parse('9999-12-31T00:00:00Z') / 86_400_000,
  })
  .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));

const anyTime = fc
  .record({ seconds: fc.nat(86_399), nanoseconds: fc.option(fc.nat(999_999_999)) })
  .map(({ seconds, nanoseconds }) => {
    const time = new Date(seconds * 1000).toISOString().slice(11, 19);
    return nanoseconds === null ? time : `${time}.${String(nanoseconds).padStart(9, '0')}`;
  });

const anyDecimal = fc
  .record({ digits: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fraction: fc.option(fc.nat(999_999)) })
  .map(({ digits, fraction }) =>
    fraction === null ? String(digits) : `${digits}.${String(fraction).padStart(6, '0')}`,
  );

const long = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const whole = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });

/** The last byte of what is mapped into IPv6 and of what is not would else be compared as texts. */
const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6());
const addressBytes = (text: string) => shapes.inet?.(text);

const anyDuration = fc
  .record({
    negative: fc.boolean(),
    months: fc.nat(2 ** 31 - 1),
    days: fc.nat(2 ** 31 - 1),
    nanoseconds: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  })
  .map(({ negative, months, days, nanoseconds }) => `${negative ? '-' : ''}${months}mo${days}d${nanoseconds}ns`);

const anyMap = <K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>) =>
  fc.uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([one]) => one }).map((all) => new Map(all));
const anySet = <T>(value: fc.Arbitrary<T>) => fc.uniqueArray(value, { maxLength: 4 }).map((all) => new Set(all));
const anyPlace = fc.record(
  {
    name: fc.option(fc.string()),
    at: fc.option(fc.array(fc.double(), { maxLength: 3 })),
    since: fc.option(anyDay),
  },
  { requiredKeys: [] },
);

/** Rows of `everyType` but for their key; each cell may be null or absent. */
export const anyRow: fc.Arbitrary<Row> = fc.record(
  {
    at: fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
    number: fc.option(whole(32)),
    small: fc.option(whole(16)),
    tiny: fc.option(whole(8)),
    single: fc.option(fc.float()),
    real: fc.option(fc.double()),
    yes: fc.option(fc.boolean()),
    day: fc.option(anyDay),
    clock: fc.option(anyTime),
    large: fc.option(fc.oneof(fc.maxSafeInteger(), fc.bigInt(long))),
    huge: fc.option(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n })),
    exact: fc.option(anyDecimal),
    tag: fc.option(fc.uuid()),
    bytes: fc.option(fc.uint8Array({ maxLength: 100 })),
    made: fc.option(fc.uuid({ version: 1 })),
    address: fc.option(anyAddress),
    length: fc.option(anyDuration),
    words: fc.option(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 })),
    addresses: fc.option(
      fc.uniqueArray(anyAddress, { maxLength: 4, selector: addressBytes }).map((all) => new Set(all)),
    ),
    prices: fc.option(anyMap(whole(32), anyDecimal)),
    deep: fc.option(fc.array(anyMap(fc.string(), anySet(fc.bigInt(long))), { maxLength: 3 })),
    place: fc.option(anyPlace),
    places: fc.option(anyMap(fc.uuid(), anyPlace)),
  },
  { requiredKeys: ['at'] },
);

/** For each type of a key: notations of one value, and values that are others although they look alike. */
const notations: Readonly<
  Record<
    (typeof types)[number] | 'decimalByValue',
    { readonly same: readonly (readonly unknown[])[]; readonly others: readonly unknown[] }
  >
> = {
  inet: {
    same: [
      ['::1', '0:0:0:0:0:0:0:1', '::0.0.0.1', '0000::0001'],
      ['2001:db8::A', '2001:0DB8:0:0:0:0:0:a'],
      ['1.2.3.4', '::ffff:1.2.3.4', '::FFFF:102:304'],
    ],
    others: ['::', '0.0.0.1', '::102:304'],
  },
  uuid: {
    same: [['01234567-89ab-cdef-0123-456789abcdef', '01234567-89AB-CDEF-0123-456789ABCDEF']],
    others: ['01234567-89ab-cdef-0123-456789abcdee'],
  },
  decimal: {
    same: [
      ['1.0', '01.0'],
      ['0.0', '-0.0'],
    ],
    others: ['1', '1.00', '0', '-1.0', '10'],
  },
  decimalByValue: {
    same: [
      ['1.0', '1.00', '1'],
      ['0', '-0.0', '0.0'],
      ['100', '100.0'],
    ],
    others: ['1.01', '-1', '10', '0.1'],
  },
  double: {
    same: [
      [Number.NaN, Number.NaN],
      [1, 1],
    ],
    others: [0, -0, Number.POSITIVE_INFINITY, 5e-324],
  },
  float: { same: [[0.1, Math.fround(0.1)]], others: [0, -0, Number.NaN, 0.2] },
  time: { same: [['10:00:00', '10:00:00.000', '10:00:00.0']], others: ['10:00:00.000000001', '10:00:10', '01:00:00'] },
  bigint: {
    same: [
      [1, 1n],
      [0, -0, 0n],
    ],
    others: [2n ** 63n - 1n, -1],
  },
  varint: { same: [[1n, 1n]], others: [0n, -1n, 2n ** 64n, 128n, -128n, 255n] },
  timestamp: { same: [[new Date(5), new Date(5)]], others: [new Date(6), new Date(-5), new Date(1005)] },
  blob: { same: [[Buffer.from('a'), new Uint8Array([97])]], others: [new Uint8Array([97, 0]), new Uint8Array([0])] },
  boolean: { same: [[true, true]], others: [false] },
};

const shapes: Partial<Record<ScalarType, (value: unknown) => unknown>> = {
  bigint: (value) => BigInt(value as bigint),
  float: (value) => Math.fround(value as number),
  timestamp: (value) => (value as Date).toISOString(),
  time: (value) => {
    const [whole, fraction = ''] = String(value).split('.');
    return `${whole}.${fraction.padEnd(9, '0')}`;
  },
  uuid: (value) => String(value).toLowerCase(),
  timeuuid: (value) => String(value).toLowerCase(),
  blob: (value) => Buffer.from(value as Uint8Array).toString('hex'),
  // The address of a URL is written in one way.
  inet: (value) => new URL(`http://${String(value).includes(':') ? `[${value}]` : value}`).hostname,
  duration: (value) => parseDuration(String(value)),
};

/** A value in one form, however it is written. */
function shapeOf(type: ColumnType, value: unknown): unknown {
  if (typeof type === 'string') return (shapes[type] ?? ((same) => same))(value);
  if ('list' in type) return (value as unknown[]).map((part) => shapeOf(type.list, part));
  if ('set' in type) return Array.from(value as Set<unknown>, (part) => shapeOf(type.set, part)).sort();
  if ('udt' in type) {
    const parts = value as Readonly<Record<string, unknown>>;
    const fields = Object.entries(type.fields);
    return fields.map(([name, part]) =>
      parts[name] === null || parts[name] === undefined ? null : shapeOf(part, parts[name]),
    );
  }
  const [keyType, valueType] = type.map;
  const entries = Array.from(value as Map<unknown, unknown>, ([key, part]) => [
    shapeOf(keyType, key),
    shapeOf(valueType, part),
  ]);
  return entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** A row in one form, however its values are written; cells that are not there are left out. */
function canonical(table: Table, row: Row): Row {
  const present = Object.entries(table.columns).filter(([name]) => row[name] !== null && row[name] !== undefined);
  return Object.fromEntries(present.map(([name, type]) => [name, shapeOf(type, row[name])]));
}
