import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineTable } from '../../../core/model/table.ts';
import { Distinct, hashOfNumber, hashOfText } from '../../../core/quality/distinct.ts';
import { Statistics } from '../../../core/quality/statistics.ts';
import { Top } from '../../../core/quality/top.ts';

const table = defineTable({
  name: 'all',
  columns: {
    id: 'text',
    whole: 'int',
    real: 'double',
    long: 'bigint',
    big: 'varint',
    price: 'decimal',
    day: 'date',
    clock: 'time',
    at: 'timestamp',
    yes: 'boolean',
    who: 'uuid',
    bytes: 'blob',
    tags: { set: 'text' },
  },
  partitionKey: ['id'],
});

const optional = <T>(values: fc.Arbitrary<T>) => fc.oneof(values, fc.constantFrom(null, undefined));
const digits = fc.stringMatching(/^-?\d{1,20}(\.\d{1,9})?$/);
const row = fc.record({
  id: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('x'.repeat(64), 'x'.repeat(65), `${'x'.repeat(64)}🦥`)),
  whole: optional(fc.integer()),
  real: optional(fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.POSITIVE_INFINITY))),
  long: optional(fc.oneof(fc.constantFrom(7, 7n), fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))),
  big: optional(fc.bigInt()),
  price: optional(digits),
  day: optional(fc.constantFrom('2001-01-01', '2001-01-02', '1999-12-31')),
  clock: optional(fc.constantFrom('00:00:00', '23:59:59.5')),
  at: optional(fc.date({ noInvalidDate: true })),
  yes: optional(fc.boolean()),
  who: optional(fc.uuid()),
  bytes: optional(fc.uint8Array({ maxLength: 3 })),
  tags: optional(fc.array(fc.constantFrom('a', 'b')).map((tags) => new Set(tags))),
});

const over = (...parts: readonly (readonly Readonly<Record<string, unknown>>[])[]) => {
  const statistics = new Statistics(table);
  for (const part of parts) statistics.add(part);
  return statistics;
};
const plain = (statistics: Statistics) => JSON.parse(JSON.stringify([statistics.rows(), statistics.summary()]));

describe('statistics of columns', () => {
  test('are the same however rows are cut, ordered and merged', () => {
    fc.assert(
      fc.property(fc.array(row), fc.array(row), (some, others) => {
        const whole = plain(over([...some, ...others]));
        expect(plain(over(others, some))).toEqual(whole);
        expect(plain(over([...others, ...some].reverse()))).toEqual(whole);
        const merged = over(some);
        merged.merge(JSON.parse(JSON.stringify(over(others).state())));
        expect(plain(merged)).toEqual(whole);
        // What is merged can be kept and gone on with, too.
        const kept = over();
        kept.merge(JSON.parse(JSON.stringify(over(some).state())));
        kept.add(others);
        expect(plain(kept)).toEqual(whole);
      }),
    );
  });

  test('say the least and the greatest value, and how often there is none', () => {
    const rows = [
      {
        id: 'b',
        whole: 3,
        price: '10.5',
        at: new Date(5),
        long: 2n ** 60n,
        yes: true,
        real: Number.NaN,
        tags: new Set(['x', 'y']),
      },
      { id: 'ä', whole: null, price: '9', at: new Date(-5), long: 7, yes: false, real: -0, tags: new Set(['y', 'x']) },
      { id: 'a', whole: -4, price: '-0.50', at: new Date(0), long: 8n, who: '00000000-0000-0000-0000-000000000000' },
    ];
    expect(plain(over(rows))).toEqual([
      3,
      {
        id: { nulls: 0, distinct: 3, min: 'a', max: 'ä' },
        whole: { nulls: 1, distinct: 2, min: -4, max: 3 },
        real: { nulls: 1, distinct: 2, min: 0, max: 0 },
        long: { nulls: 0, distinct: 3, min: '7', max: String(2n ** 60n) },
        big: { nulls: 3, distinct: 0 },
        price: { nulls: 0, distinct: 3, min: '-0.50', max: '10.5' },
        day: { nulls: 3, distinct: 0 },
        clock: { nulls: 3, distinct: 0 },
        at: { nulls: 0, distinct: 3, min: '1969-12-31T23:59:59.995Z', max: '1970-01-01T00:00:00.005Z' },
        yes: { nulls: 1, distinct: 2 },
        who: { nulls: 2, distinct: 1 },
        bytes: { nulls: 3, distinct: 0 },
        tags: { nulls: 1, distinct: 1 },
      },
    ]);
  });

  test('tell decimals apart that are one number to JavaScript', () => {
    const prices = ['0.10000000000000000001', '0.1', '0.10000000000000000002', '0.09999999999999999999'];
    const [, { price }] = plain(over(prices.map((price) => ({ id: 'x', price }))));
    expect(price).toMatchObject({ min: '0.09999999999999999999', max: '0.10000000000000000002' });
  });

  test('keep no more than 64 characters of a value', () => {
    const long = over([{ id: 'x'.repeat(100_000) }]);
    expect(JSON.stringify(long.state()).length).toBeLessThan(13 * 1500);
    const [, { id }] = plain(long);
    expect(id).toEqual({ nulls: 0, distinct: 1, min: `${'x'.repeat(64)}…`, max: `${'x'.repeat(64)}…` });
  });
});

test('texts are hashed as the reference does, short ones and long ones', () => {
  // Of these bytes with the seed 0: the first is published, the second comes from an implementation in Python that gives the published ones.
  const hashOf = (bytes: string) => hashOfText(Buffer.from(bytes).toString('utf16le')) >>> 0;
  expect(hashOf('test')).toBe(0xba6bd213);
  expect(hashOf('slu'.repeat(40))).toBe(0x6f16e8d3);
});

describe('the number of different values is right within four standard errors, 13 %', () => {
  const counts = [0, 1, 2, 10, 100, 1000, 2500, 5000, 20_000, 300_000];
  test.each(counts)('for %i texts, however often each comes', (count) => {
    const sketch = new Distinct();
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < count; index++) sketch.add(hashOfText(`flight ${index}`));
    }
    expect(Math.abs(sketch.estimate() - count)).toBeLessThanOrEqual(count * 0.13);
  });

  test.each([
    ['whole numbers', (index: number) => index],
    ['fractions', (index: number) => index / 7],
    ['instants', (index: number) => Date.UTC(2001, 0, 1) + index * 60_000],
  ])('for %s', (_, nth) => {
    const sketch = new Distinct();
    for (let index = 0; index < 50_000; index++) sketch.add(hashOfNumber(nth(index)));
    expect(Math.abs(sketch.estimate() - 50_000)).toBeLessThanOrEqual(50_000 * 0.13);
  });
});

describe('the most frequent values', () => {
  const words = fc.array(fc.constantFrom(...'abcdefghij'), { maxLength: 200 });
  const countOf = (texts: readonly string[], text: string) => texts.filter((each) => each === text).length;

  test('are counted exactly while there are counters for all', () => {
    fc.assert(
      fc.property(words, (texts) => {
        const top = new Top(10);
        for (const text of texts) top.add(text);
        const exact = [...new Set(texts)].map((text) => ({ text, count: countOf(texts, text) }));
        expect(top.first(10)).toEqual(exact.toSorted((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1)));
      }),
    );
  });

  test('are never counted too high, nor too low by more than their share of a counter', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 5 }), (texts, counters) => {
        const top = new Top(counters);
        for (const text of texts) top.add(text);
        const found = new Map(top.first(counters).map(({ text, count }) => [text, count]));
        expect(found.size).toBeLessThanOrEqual(counters);
        const half = new Top(counters);
        const other = new Top(counters);
        for (const [index, text] of texts.entries()) (index % 3 === 0 ? half : other).add(text);
        half.merge(other.state());
        const merged = new Map(half.first(counters).map(({ text, count }) => [text, count]));
        for (const text of new Set(texts)) {
          expect(merged.get(text) ?? 0).toBeLessThanOrEqual(countOf(texts, text));
          expect(merged.get(text) ?? 0).toBeGreaterThanOrEqual(countOf(texts, text) - texts.length / counters);
          const [exact, counted] = [countOf(texts, text), found.get(text) ?? 0];
          expect(counted).toBeLessThanOrEqual(exact);
          expect(counted).toBeGreaterThanOrEqual(exact - texts.length / counters);
        }
      }),
    );
  });
});
