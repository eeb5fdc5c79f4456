import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ColumnType, ScalarType } from '../../../core/model/column-types.ts';
import { conformer } from '../../../core/model/conform.ts';
import { RowError } from '../../../core/model/row.ts';
import { defineTable } from '../../../core/model/table.ts';

/** What conform says of a value in a column of a type: null, or the code and column of the rejection. */
function verdict(type: ColumnType, value: unknown) {
  const check = conformer(defineTable({ name: 't', columns: { id: 'text', v: type }, partitionKey: ['id'] }));
  return verdictOf(() => check({ id: 'a', v: value }));
}

function verdictOf(check: () => void) {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return { code: error.code, column: error.column, message: error.message };
  }
}

const good: Record<ScalarType, readonly unknown[]> = {
  text: ['', 'a', 'é🦥', '\u0000'],
  int: [0, -0, 2 ** 31 - 1, -(2 ** 31)],
  smallint: [32_767, -32_768],
  tinyint: [127, -128],
  float: [0, 0.1, -3.4e38, Number.NaN, Number.POSITIVE_INFINITY],
  double: [0, 1e308, Number.NaN, Number.NEGATIVE_INFINITY],
  boolean: [true, false],
  timestamp: [new Date(0), new Date(-1), new Date(8.64e15)],
  date: ['2001-01-31', '2024-02-29', '2000-02-29', '0000-02-29', '0001-01-01', '9999-12-31'],
  time: ['00:00:00', '23:59:59', '12:00:00.1', '12:00:00.123456789'],
  bigint: [0, 2 ** 53 - 1, 2n ** 63n - 1n, -(2n ** 63n)],
  varint: [0n, 2n ** 200n, -(2n ** 200n)],
  decimal: ['0', '-0.5', '123456789012345678901234567890.123456789'],
  uuid: ['01234567-89ab-cdef-0123-456789ABCDEF'],
  blob: [new Uint8Array(), Buffer.from('a')],
  timeuuid: ['01234567-89ab-1def-0123-456789ABCDEF'],
  inet: ['0.0.0.0', '255.255.255.255', '::', '::1', '2001:DB8::8a2e:370:7334', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4'],
  duration: ['1h30m', '-1mo2d', '0s', 'P1Y2M3DT4H5M6.7S', 'P2W', '1µs', '9223372036854775807ns', '2147483647mo'],
};

const bad: Record<ScalarType, readonly unknown[]> = {
  text: [1, true, {}, ['a'], 1n, new String('a'), 'half \ud800', '\udfff'],
  int: [0.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN, '1', 1n],
  smallint: [32_768, '1'],
  tinyint: [128, -129],
  float: ['0', 1n, 1e39, -1e300],
  double: ['0', 1n],
  boolean: [0, 'true'],
  timestamp: [new Date(Number.NaN), 0, '2001-01-01'],
  date: ['2001-02-29', '1900-02-29', '2001-13-01', '2001-00-10', '2001-01-00', '2001-1-1', '20010101', new Date(), 1],
  time: ['24:00:00', '12:60:00', '12:00', '12:00:00.', '12:00:00.1234567890', 0],
  bigint: [0.5, 2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n, '1'],
  varint: [1, '1'],
  decimal: [1, '1e5', '.5', '1.', '+1', '', '1,5'],
  uuid: ['', '0123456789abcdef0123456789abcdef', 'g1234567-89ab-cdef-0123-456789abcdef'],
  blob: ['a', [1], new ArrayBuffer(1)],
  timeuuid: ['01234567-89ab-4def-0123-456789ABCDEF', ''],
  inet: [
    '',
    'localhost',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4:80',
    ':::',
    '1:2:3:4:5:6:7',
    '1::2::3',
    'fe80::1%eth0',
    1,
  ],
  duration: [
    '',
    'h',
    '1',
    '1h1h',
    '1m1h',
    'P',
    'PT',
    'P1H',
    '1h-1m',
    '9223372036854775808ns',
    '2147483648mo',
    'PT1.0000000001S',
    1,
  ],
};

describe.each(Object.keys(good) as ScalarType[])('a column of type %s', (type) => {
  test('takes what fits', () => {
    for (const value of good[type]) expect([value, verdict(type, value)]).toEqual([value, null]);
  });

  test('refuses what does not, with its name', () => {
    for (const value of bad[type]) expect(verdict(type, value)).toMatchObject({ code: 'SLU-2004', column: 'v' });
  });

  test('may be null or absent', () => {
    expect(verdict(type, null)).toBeNull();
    expect(verdict(type, undefined)).toBeNull();
  });

  test('meets any value whatever with a verdict', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withTypedArray: true }),
        (value) => {
          const found = verdict(type, value);
          if (found) expect(found).toMatchObject({ code: 'SLU-2004', column: 'v' });
        },
      ),
    );
  });
});

describe('a key column', () => {
  const table = defineTable({
    name: 't',
    columns: { p: 'text', c: 'text', v: 'int' },
    partitionKey: ['p'],
    clusteringKey: ['c'],
  });
  const check = (row: Record<string, unknown>) => verdictOf(() => conformer(table)(row));

  test('must be there', () => {
    expect(check({ p: 'a' })).toMatchObject({ code: 'SLU-2003', column: 'c' });
    expect(check({ p: null, c: 'b' })).toMatchObject({ code: 'SLU-2003', column: 'p' });
  });

  test('may be empty where it orders rows, and not where it chooses the partition', () => {
    expect(check({ p: 'a', c: '' })).toBeNull();
    expect(check({ p: '', c: 'b' })).toMatchObject({ code: 'SLU-2003', column: 'p' });
  });

  test('a column that the table does not have is refused, and named', () => {
    expect(check({ p: 'a', c: 'b', w: 1 })).toMatchObject({ code: 'SLU-2005', column: 'w' });
  });
});

test('a long value is cut short in the message', () => {
  expect(verdict('int', 'x'.repeat(1_000_000))?.message.length).toBeLessThan(200);
});
