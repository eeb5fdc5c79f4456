import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnType } from '../../../core/model/column-types.ts';
import { defineTable } from '../../../core/model/table.ts';
import { addDigests, addToDigest } from '../../../core/pipeline/digest.ts';

const tableOf = (type: ColumnType) => defineTable({ name: 't', columns: { id: 'int', v: type }, partitionKey: ['id'] });
const digest = (type: ColumnType, ...values: unknown[]) =>
  addToDigest(
    '',
    values.map((v) => ({ id: 1, v })),
    tableOf(type),
  );

const place = { udt: 'place', fields: { a: 'text', b: { list: 'inet' } } } as const;

/** Of each type: values that are the same to the database, then others. */
const values: readonly [type: ColumnType, same: readonly unknown[], others: readonly unknown[]][] = [
  ['text', ['a'], ['', 'A', null, undefined]],
  ['int', [0, -0], [1, null, undefined]],
  ['double', [0], [-0, Number.NaN, Number.POSITIVE_INFINITY, null]],
  ['float', [0.1, Math.fround(0.1)], [0.2]],
  ['bigint', [5, 5n], [2n ** 53n, 2n ** 53n + 1n]],
  ['decimal', ['1.50', '01.50'], ['1.5', '-1.50']],
  ['time', ['10:00:00', '10:00:00.000'], ['10:00:00.001']],
  ['uuid', ['AB', 'ab'], ['ac']],
  ['inet', ['::1', '0:0:0:0:0:0:0:1'], ['::', '0.0.0.1']],
  ['duration', ['1h30m', '90m', 'PT1H30M'], ['1d', '24h']],
  ['blob', [Buffer.from('a'), new Uint8Array([97])], [new Uint8Array(), new Uint8Array([97, 0])]],
  ['timestamp', [new Date(1)], [new Date(1001), new Date(-1)]],
  [{ list: 'text' }, [['a', 'b']], [['b', 'a'], ['ab'], ['a,b'], [], [''], null]],
  [{ set: 'inet' }, [new Set(['::1', '::2']), new Set(['0::2', '0::1'])], [new Set(['::1']), new Set()]],
  [
    { map: ['text', 'int'] },
    [
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    [new Map([['a', 1]]), new Map(), new Map([['a1', 1]])],
  ],
  [
    place,
    [{ a: 'x' }, { a: 'x', b: null }, { b: undefined, a: 'x' }],
    [{}, { a: '' }, { a: 'x', b: [] }, { b: ['::1'] }],
  ],
];

/** What a row is to the database. */
const texts = (row: unknown) =>
  Object.entries(row as object).map(([name, value]) => {
    if (value === undefined || value === null) return [name, value === null];
    return [
      name,
      Object.is(value, -0) && name === 'd' ? '-0' : value instanceof Date ? value.getTime() : String(value),
    ];
  });

describe('the digest of rows', () => {
  test.each(values)('with %j is the same exactly when the database keeps the same', (type, same, others) => {
    const digests = new Set(same.map((value) => digest(type, value)));
    expect(digests.size).toBe(1);
    expect(new Set([...digests, ...others.map((value) => digest(type, value))]).size).toBe(1 + others.length);
  });

  test('does not hang on their order, nor on how they are cut into windows', () => {
    const table = tableOf('text');
    const rows = ['a', 'b', 'b', 'c'].map((v, id) => ({ id, v }));
    const whole = addToDigest('', rows, table);
    expect(addToDigest(addToDigest('', rows.slice(2).reverse(), table), rows.slice(0, 2), table)).toBe(whole);
    expect(addToDigest('', rows.slice(1), table)).not.toBe(whole);
    expect(addToDigest('', [], table)).toBe('');
  });

  test('of two halves is that of both, and of any other rows another one', () => {
    const columns = { id: 'int', t: 'text', d: 'double', at: 'timestamp', yes: 'boolean', n: 'bigint' } as const;
    const table = defineTable({ name: 't', columns, partitionKey: ['id'] });
    const optional = <T>(of: fc.Arbitrary<T>) =>
      fc.oneof({ weight: 4, arbitrary: of }, fc.constantFrom(null, undefined));
    const row = fc.record({
      id: fc.integer({ min: -5, max: 5 }),
      t: optional(fc.string({ unit: fc.constantFrom('a', '0', 'é', '🦥'), maxLength: 3 })),
      d: optional(fc.double()),
      at: optional(fc.date({ noInvalidDate: true })),
      yes: optional(fc.boolean()),
      n: optional(fc.bigInt({ min: -3n, max: 2n ** 62n })),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.nat(29), row, (rows, at, other) => {
        const [half, rest] = [rows.slice(0, at), rows.slice(at)];
        const whole = addToDigest('', rows, table);
        expect(whole).toMatch(/^[0-9a-f]{32}$/);
        expect(addDigests(addToDigest('', rest, table), addToDigest('', half, table))).toBe(whole);
        expect(addToDigest(addToDigest('', half, table), rest.toReversed(), table)).toBe(whole);
        const changed = addToDigest('', [...rows.slice(1), other], table);
        expect(changed === whole).toBe(JSON.stringify(texts(rows[0])) === JSON.stringify(texts(other)));
      }),
    );
  });

  test('stays when the table has more columns by now', () => {
    const more = defineTable({
      name: 't',
      columns: { a: 'int', id: 'int', v: 'text', z: 'int' },
      partitionKey: ['id'],
    });
    const rows = [{ id: 1, v: 'a' }];
    expect(addToDigest('', rows, more)).toBe(addToDigest('', rows, tableOf('text')));
  });
});
