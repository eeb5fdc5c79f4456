import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseObject } from '../../../core/model/json-value.ts';
import { ExactNumber } from '../../../core/model/row.ts';

const parsed = (text: string) => {
  const found = parseObject(text);
  return 'values' in found ? found.values : found;
};

describe('a number', () => {
  test.each([
    ['0.1', 0.1],
    ['1.50', 1.5],
    ['-0', -0],
    ['1e21', 1e21],
    ['123456789012345680000', 123456789012345680000n],
    ['0.30000000000000004', 0.30000000000000004],
    ['1234567890.1234567', 1234567890.1234567],
    ['5e-324', 5e-324],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['1e+0000021', 1e21],
  ])('%s is exact as it is', (text, number) => {
    expect(parsed(`{"n":${text}}`)).toEqual({ n: number });
  });

  test.each([
    '0.1234567890123456789',
    '1234567890.12345678',
    '-0.3000000000000000000000001',
    '1e400',
    '-1e-400',
    '1.2345e-320',
    '1e999999999999999999999',
  ])('%s keeps its text, which a double does not hold', (text) => {
    expect(parsed(`{"n":[${text}]}`)).toEqual({ n: [new ExactNumber(text)] });
  });

  test.each(['9007199254740993', '0.90071992547409'.padEnd(17, '3')])(
    '%s, of the fewest digits that a double may not hold, is exact wherever it stands',
    (text) => {
      for (let before = 0; before < 40; before++) {
        const { n } = parsed(`{${' '.repeat(before)}"a":12,"n":${text}}`) as { n: unknown };
        expect(String(n)).toBe(text);
      }
    },
  );

  test('comes back with every digit, whatever it is and wherever it stands', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,25})?([eE][+-]?\d{1,4})?$/);
    fc.assert(
      fc.property(digits, fc.nat(20), (text, before) => {
        const { n } = parsed(`{${' '.repeat(before)}"n":${text}}`) as { n: number | bigint | ExactNumber };
        expect(sameNumber(String(n), text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Held against whole numbers of any size, once both are written without a point and an exponent. */
function sameNumber(a: string, b: string): boolean {
  const parts = [a, b].map((text) => {
    const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
    const [whole = '', fraction = ''] = mantissa.split('.');
    return { digits: BigInt(whole.replace('-', '') + fraction), exponent: Number(exponent) - fraction.length };
  });
  const least = Math.min(...parts.map(({ exponent }) => exponent));
  const [one, other] = parts.map(({ digits, exponent }) =>
    digits === 0n ? 0n : digits * 10n ** BigInt(exponent - least),
  );
  return one === other;
}

describe('a name', () => {
  test.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a" : 1, "b":2, "a"\n:3}', 'a'],
    ['{"x":{"a":1,"a":1}}', 'a'],
    ['{"x":[{"b":0},{"a":1,"a":1}]}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"":1,"":2}', ''],
    ['{"a\\"":1,"a\\"":2}', 'a"'],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ])('that is there twice is told: %s', (text, name) => {
    expect(parsed(text)).toEqual({ code: 'SLU-2011', message: `the name ${JSON.stringify(name)} is there twice` });
  });

  test('that is in several objects, or looks like one inside of a text, is fine', () => {
    const values = { a: '"a":', b: { a: '\\":"' }, c: [{ a: 1 }, { a: '{"a":1,"a":2}' }] };
    expect(parsed(JSON.stringify(values))).toEqual(values);
  });

  test('is told when it is there twice, and only then, in any object', () => {
    // Not a lone backslash: having met one, the JSON.parse of Node 24 takes the name `\"` for it.
    const name = fc.constantFrom('a', 'b', '"', ':', '":', 'a":1,"a');
    const entries = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, name, fc.nat(9), fc.array(tie('value'), { maxLength: 2 }), tie('object')),
      object: fc.array(fc.tuple(name, tie('value')), { maxLength: 4 }).map((members) => ({ members })),
    })).object as fc.Arbitrary<Members>;
    fc.assert(
      fc.property(entries, (object) => {
        const found = parsed(textOf(object));
        if (hasTwin(object)) expect(found).toMatchObject({ code: 'SLU-2011' });
        else expect(found).toEqual(JSON.parse(textOf(object)));
      }),
      { numRuns: 2000 },
    );
  });
});

interface Members {
  readonly members: readonly (readonly [string, unknown])[];
}
const isMembers = (value: unknown): value is Members => typeof value === 'object' && !!value && 'members' in value;

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (!isMembers(value)) return JSON.stringify(value);
  return `{${value.members.map(([name, part]) => `${JSON.stringify(name)} : ${textOf(part)}`).join(',')}}`;
}

function hasTwin(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasTwin);
  if (!isMembers(value)) return false;
  const names = value.members.map(([name]) => name);
  return new Set(names).size < names.length || value.members.some(([, part]) => hasTwin(part));
}

test('nesting beyond the cap is told, however deep', () => {
  const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  expect(parsed(nested(99))).toHaveProperty('a');
  for (const levels of [100, 5000, 500_000]) {
    expect(parsed(nested(levels))).toMatchObject({ code: 'SLU-2012' });
    // The way of long numbers is another one.
    expect(parsed(`{"n":0.12345678901234567890,"a":${nested(levels)}}`)).toMatchObject({ code: 'SLU-2012' });
  }
});
