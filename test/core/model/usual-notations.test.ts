import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shortWhole } from '../../../core/model/digits.ts';
import { dayNumber, isDay, parseTimestamp } from '../../../core/model/instants.ts';

/** What is written as most writers write it is read on a short way, which gives what the long one gives. */

/** Digits, with something else in between now and then. */
const digits = (length: number) =>
  fc.string({
    unit: fc.oneof({ weight: 40, arbitrary: fc.constantFrom(...'0123456789') }, fc.constantFrom(...'/:.+-eT Z٣')),
    minLength: length,
    maxLength: length,
  });
const between = (character: string) =>
  fc.oneof({ weight: 30, arbitrary: fc.constant(character) }, fc.constantFrom('', '-', ':', '.', 'x'));
const number = (most: number, length: number) =>
  fc.oneof({ weight: 8, arbitrary: fc.nat(most).map((value) => String(value).padStart(length, '0')) }, digits(length));

const day = fc
  .tuple(number(9999, 4), between('-'), number(13, 2), between('-'), number(32, 2))
  .map((parts) => parts.join(''));
const time = fc
  .tuple(number(24, 2), between(':'), number(60, 2), between(':'), number(60, 2))
  .map((parts) => parts.join(''));
const fraction = fc.oneof(
  fc.constant(''),
  fc.tuple(between('.'), digits(3)).map((parts) => parts.join('')),
);

test('an instant in UTC is the same with a space in its middle, which only the pattern takes', () => {
  fc.assert(
    fc.property(day, time, fraction, fc.boolean(), (date, clock, finer, cut) => {
      const [usual, other] = ['T', ' '].map((middle) => parseTimestamp(`${date}${middle}${clock}${finer}Z`, cut));
      expect(usual).toEqual(other);
    }),
    { numRuns: 2000 },
  );
});

test('a day is one that JavaScript reads and does not move', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        day,
        fc.tuple(day, digits(1)).map((parts) => parts.join('')),
      ),
      (text) => {
        const date = new Date(`${text}T00:00:00Z`);
        const stays = !Number.isNaN(date.getTime()) && date.toISOString().slice(0, -14) === text;
        const expected = /^\d{4}-\d\d-\d\d$/.test(text) && stays;
        expect(isDay(text)).toBe(expected);
        expect(dayNumber(text)).toBe(expected ? date.getTime() / 86_400_000 : Number.NaN);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a whole number of up to 15 digits is what JavaScript makes of it', () => {
  const sign = fc.constantFrom('', '', '-', '+');
  fc.assert(
    fc.property(sign, fc.nat(17).chain(digits), (before, behind) => {
      const text = before + behind;
      expect(shortWhole(text)).toBe(/^-?[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN);
    }),
    { numRuns: 2000 },
  );
});
