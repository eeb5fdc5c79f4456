import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ColumnType, typeText } from '../../../core/model/column-types.ts';
import { conformer } from '../../../core/model/conform.ts';
import { readingOf } from '../../../core/model/mapping.ts';
import { Misfit } from '../../../core/model/misfit.ts';
import { ExactNumber } from '../../../core/model/row.ts';
import { casesByType } from '../../support/type-cases.ts';
import { databaseJson, outcomeOf, tableOfType } from '../../support/type-outcomes.ts';

describe.each([...casesByType])('a column of type %s', (name, cases) => {
  test.each(cases)('is given $stored for $input of $format', async (each) => {
    const outcome = await outcomeOf(each);
    if (each.stored === null) {
      expect(outcome).toMatchObject({ code: 'SLU-2004', message: expect.stringContaining(`column "v" (${name}): `) });
    } else expect('row' in outcome ? databaseJson(each.type, outcome.row.v) : outcome).toBe(each.stored);
  });

  test('is given nothing that does not fit it, whatever the file holds', () => {
    const { type } = cases[0] as (typeof cases)[number];
    const read = readingOf(type);
    const conform = conformer(tableOfType(type));
    fc.assert(
      fc.property(source, (value) => {
        const found = read(value);
        if (found instanceof Misfit) expect(found.expected.length).toBeGreaterThan(3);
        else conform({ id: 1, v: found });
      }),
      { numRuns: 2000 },
    );
  });

  test('takes its own values as they are, whatever notation they come back in', () => {
    const { type } = cases[0] as (typeof cases)[number];
    const read = readingOf(type);
    for (const { format, input, stored } of cases) {
      if (stored === null || format !== 'text' || typeof type === 'object') continue;
      const once = read(input);
      if (type !== 'varint' && type !== 'bigint') expect([name, read(once)]).toEqual([name, once]);
    }
  });
});

const digits = fc
  .tuple(fc.bigInt(), fc.nat(40), fc.constantFrom('', 'e0', 'e-5', 'E12'))
  .map(([number, point, power]) => `${String(number).slice(0, -point) || '0'}.${String(number).slice(-point)}${power}`);
const leaf = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.bigInt(),
  digits,
  digits.map((text) => new ExactNumber(text)),
  fc.constantFrom(...[...casesByType.values()].flat().map(({ input, column }) => column?.value ?? input)),
);
const source = fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string(), leaf));

describe('numbers', () => {
  const read = (type: ColumnType, value: unknown) => readingOf(type)(value);
  const refuses = (type: ColumnType, value: unknown) => read(type, value) instanceof Misfit;

  test('of any length come whole, from text, bigint and numbers of JSON alike', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), (number) => {
        for (const form of [number, String(number), `${number}.000`, new ExactNumber(`${number}.0`), `${number}0e-1`]) {
          expect(read('varint', form)).toBe(number);
        }
        expect(read('decimal', number)).toBe(String(number));
        const fits = BigInt.asIntN(64, number) === number;
        expect(refuses('bigint', String(number))).toBe(!fits);
      }),
    );
  });

  test('that are decimal keep every digit', () => {
    const decimal = fc.tuple(fc.bigInt(), fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1 }));
    fc.assert(
      fc.property(decimal, ([whole, fraction]) => {
        const text = `${whole}.${fraction}`;
        expect(read('decimal', text)).toBe(text);
        expect(read('decimal', new ExactNumber(text))).toBe(text);
      }),
    );
  });

  test('that are doubles come back as they went in', () => {
    fc.assert(
      fc.property(fc.double(), (number) => {
        expect(read('double', number)).toBe(number);
        if (!Number.isInteger(number)) expect(read('double', String(number))).toBe(number);
      }),
    );
  });

  test('that are floats are the nearest one', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(read('float', number)).toBe(number);
        if (!Number.isInteger(number)) expect(read('float', String(number))).toBe(number);
      }),
    );
  });

  test('with an exponent that would fill the memory are refused at once', () => {
    for (const text of ['1e6145', '1e-6145', '1e999999999', '-1E+99999']) {
      for (const type of ['varint', 'decimal', 'bigint', 'int'] as const) expect(refuses(type, text)).toBe(true);
    }
    expect(String(read('varint', '1e6144'))).toHaveLength(6145);
  });
});

test('a message names the place inside of a collection', () => {
  const type = { map: ['text', { list: 'int' }] } as const;
  const found = readingOf(type)({ a: [1], b: [2, 'x'] }) as Misfit;
  expect(found.inColumn('v', typeText(type)).message).toBe(
    'column "v" (map<text, list<int>>): "x" is not a whole number of 32 bits (element 2) (value 2)',
  );
});
