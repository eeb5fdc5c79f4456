import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fields } from '../../../core/model/fields.ts';
import { RowError } from '../../../core/model/row.ts';

const of = (value: unknown) => new Fields({ x: value });

/** What a read gave, or the code, column and message of its rejection. */
function outcome(read: () => unknown) {
  try {
    return { value: read() };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return { code: error.code, column: error.column, message: error.message };
  }
}
const refused = (read: () => unknown) => outcome(read).code;

const methods = {
  text: (fields: Fields) => fields.text('x'),
  oneOf: (fields: Fields) => fields.oneOf('x', ['a', 'b']),
  integer: (fields: Fields) => fields.integer('x'),
  number: (fields: Fields) => fields.number('x'),
  timestamp: (fields: Fields) => fields.timestamp('x'),
  date: (fields: Fields) => fields.date('x'),
};
const optional = {
  optionalText: (fields: Fields) => fields.optionalText('x'),
  optionalInteger: (fields: Fields) => fields.optionalInteger('x'),
  optionalNumber: (fields: Fields) => fields.optionalNumber('x'),
  optionalDate: (fields: Fields) => fields.optionalDate('x'),
};
const absent = [new Fields({}), of(undefined), of(null), of('')];

describe('a field that is absent, null or empty', () => {
  test.each(Object.entries(methods))('is rejected as missing by %s', (_name, method) => {
    for (const fields of absent) {
      expect(outcome(() => method(fields))).toMatchObject({ code: 'SLU-2003', column: 'x' });
    }
  });

  test.each(Object.entries(optional))('is null to %s', (_name, method) => {
    for (const fields of absent) expect(method(fields)).toBeNull();
  });

  test('can be written as a placeholder', () => {
    expect(of('NA').optionalText('x', ['NA', '?'])).toBeNull();
    expect(of('NASHVILLE').optionalText('x', ['NA', '?'])).toBe('NASHVILLE');
  });
});

test('whatever a field holds, a method gives a value of its type or rejects the row; it never fails otherwise', () => {
  const anything = fc.oneof(fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }), fc.string());
  fc.assert(
    fc.property(anything, (value) => {
      const fields = of(value);
      for (const method of Object.values({ ...methods, ...optional })) {
        const result = outcome(() => method(fields));
        if (result.code !== undefined) {
          expect(['SLU-2003', 'SLU-2004']).toContain(result.code);
          expect(result.message).toContain('"x"');
          expect(result.message.length).toBeLessThan(200);
        } else if (typeof result.value === 'number') {
          expect(Number.isFinite(result.value)).toBe(true);
        } else if (result.value instanceof Date) {
          expect(result.value.getTime()).not.toBeNaN();
        }
      }
    }),
    { numRuns: 1000 },
  );
});

describe('numbers', () => {
  test('integers come back as they went in, from CSV and from JSON', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (integer) => {
        expect(of(String(integer)).integer('x')).toBe(integer);
        expect(of(integer).integer('x')).toBe(integer);
      }),
    );
  });

  test('every finite number comes back as it went in, from CSV and from JSON', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const text = Object.is(number, -0) ? '-0' : String(number);
        expect(of(text).number('x')).toBe(number);
        expect(of(number).number('x')).toBe(number);
      }),
    );
  });

  test('a whole number beyond 2^53 is no integer, as text, number or bigint', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }), fc.boolean(), (big, negative) => {
        const value = negative ? -big : big;
        for (const form of [value, String(value), Number(value)]) {
          expect(refused(() => of(form).integer('x'))).toBe('SLU-2004');
        }
        expect(of(value).number('x')).toBe(of(String(value)).number('x'));
        expect(of(value).text('x')).toBe(String(value));
      }),
    );
  });

  test('integers have no fraction', () => {
    for (const value of [1.5, '1.5', '-0.1', 1e-7]) expect(refused(() => of(value).integer('x'))).toBe('SLU-2004');
    expect(of('3.0').integer('x')).toBe(3);
    expect(of('1e3').integer('x')).toBe(1000);
  });

  test.each([
    ' 1',
    '1 ',
    '1,5',
    '1_000',
    '0x10',
    'NaN',
    'Infinity',
    '1e999',
    '--1',
    '.',
    'e5',
    true,
    {},
    [1],
    Number.NaN,
  ])('%j is no number', (value) => {
    expect(outcome(() => of(value).number('x'))).toMatchObject({
      code: 'SLU-2004',
      message: expect.stringContaining('a number'),
    });
  });

  test('outside the range are rejected, its ends are not', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), (a, b, value) => {
        const range = { min: Math.min(a, b), max: Math.max(a, b) };
        const inside = value >= range.min && value <= range.max;
        expect(refused(() => of(value).integer('x', range))).toBe(inside ? undefined : 'SLU-2004');
        expect(refused(() => of(String(value)).number('x', range))).toBe(inside ? undefined : 'SLU-2004');
        expect(of(String(range.min)).integer('x', range)).toBe(range.min);
        expect(of(range.max).integer('x', range)).toBe(range.max);
      }),
    );
    expect(outcome(() => of('7').integer('x', { min: 0, max: 5 }))).toEqual({
      code: 'SLU-2004',
      column: 'x',
      message: 'column "x": "7" is not between 0 and 5',
    });
  });
});

describe('text', () => {
  test('is the same from a CSV cell and from a JSON number, boolean or bigint', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.boolean(), fc.bigInt()), (value) => {
        expect(of(value).text('x')).toBe(of(String(value)).text('x'));
      }),
    );
  });

  test('of a closed list is taken as it is written there, and the rejection names the list', () => {
    expect(of('a').oneOf('x', ['a', 'b'])).toBe('a');
    expect(outcome(() => of('A').oneOf('x', ['a', 'b']))).toMatchObject({
      code: 'SLU-2004',
      message: 'column "x": "A" is not one of a, b',
    });
  });

  test('is no list and no object', () => {
    for (const value of [[], {}, ['a']]) expect(refused(() => of(value).text('x'))).toBe('SLU-2004');
  });
});

const days = fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const pad = (value: number, length = 2) => String(value).padStart(length, '0');

describe('days', () => {
  test('that exist come back as they went in', () => {
    fc.assert(
      fc.property(days, (date) => {
        const day = date.toISOString().slice(0, 10);
        expect(of(day).date('x')).toBe(day);
        expect(of(day).timestamp('x').toISOString()).toBe(`${day}T00:00:00.000Z`);
      }),
    );
  });

  test('that do not exist are rejected, as days and as the day of a timestamp in any zone', () => {
    const parts = fc.tuple(fc.nat(9999), fc.nat(19), fc.nat(39));
    fc.assert(
      fc.property(parts, fc.constantFrom('', 'T10:00', 'T10:00Z', ' 10:00:00+05:30'), ([year, month, day], rest) => {
        const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
        const date = new Date(0);
        date.setUTCFullYear(year, month - 1, day);
        const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
        expect(refused(() => of(text).date('x'))).toBe(exists ? undefined : 'SLU-2004');
        expect(refused(() => of(text + rest).timestamp('x'))).toBe(exists ? undefined : 'SLU-2004');
      }),
      { numRuns: 1000 },
    );
    for (const day of ['1900-02-29', '2001-02-29', '2001-04-31', '2001-13-01', '2001-00-10', '2001-01-00']) {
      expect(refused(() => of(day).date('x'))).toBe('SLU-2004');
    }
    for (const day of ['0000-02-29', '2000-02-29', '2004-02-29', '2001-12-31']) expect(of(day).date('x')).toBe(day);
  });

  test('in other notations are rejected', () => {
    for (const day of ['31.01.2001', '01/31/2001', '2001-1-31', '20010131', '2001-01-31T00:00:00Z', ' 2001-01-31']) {
      expect(refused(() => of(day).date('x'))).toBe('SLU-2004');
    }
  });
});

describe('timestamps', () => {
  test('come back as they went in, to the millisecond', () => {
    fc.assert(
      fc.property(days, (date) => {
        expect(of(date.toISOString()).timestamp('x').getTime()).toBe(date.getTime());
        expect(of(date.toISOString().replace('T', ' ')).timestamp('x').getTime()).toBe(date.getTime());
      }),
    );
  });

  test('without a zone are UTC, whatever the zone of the machine', () => {
    for (const text of ['2001-07-01', '2001-07-01T00:00', '2001-07-01 00:00:00', '2001-07-01T00:00:00.000']) {
      expect(of(text).timestamp('x').toISOString()).toBe('2001-07-01T00:00:00.000Z');
    }
  });

  test('in a zone are that instant', () => {
    for (const text of ['2001-01-31T23:15-06:00', '2001-02-01T10:45+05:30', '2001-02-01T10:45+0530']) {
      expect(of(text).timestamp('x').toISOString()).toBe('2001-02-01T05:15:00.000Z');
    }
  });

  test.each([
    '2001-01-31T24:00Z',
    '2001-01-31T08:60Z',
    '2001-01-31T8:15',
    '2001-01-31T08',
    '08:15',
    '980928900',
    'today',
  ])('%s is none', (text) => {
    expect(refused(() => of(text).timestamp('x'))).toBe('SLU-2004');
  });
});

test('a rule of the tenant’s own rejects in the same words, with a long value cut', () => {
  const error = of('y'.repeat(500)).unfit('x', 'short');
  expect(error).toMatchObject({ name: 'RowError', code: 'SLU-2004', column: 'x' });
  expect(error.message).toBe(`column "x": "${'y'.repeat(59)}… is not short`);
});
