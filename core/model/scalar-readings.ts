import type { ScalarType } from './column-types.ts';
import { decimalText, shortWhole, wholeText } from './digits.ts';
import { durationText, parseDuration } from './duration.ts';
import { inetBytes, inetText } from './inet.ts';
import { isDay, isTime, parseTimestamp } from './instants.ts';
import { Misfit, type Reading } from './misfit.ts';
import { ExactNumber } from './row.ts';

/** The text of a number as it was written or, of a double, the shortest that stands for it; undefined for what is no number. */
export function numeral(source: unknown): string | undefined {
  if (typeof source === 'string') return source;
  return typeof source === 'number' || typeof source === 'bigint' || source instanceof ExactNumber
    ? String(source)
    : undefined;
}

const whole = (bits: 8 | 16 | 32): Reading => {
  const limit = 2 ** (bits - 1);
  const expected = `a whole number of ${bits} bits`;
  return (source) => {
    let number = Number.NaN;
    if (typeof source === 'string') number = shortWhole(source);
    else if (typeof source === 'number') number = Number.isInteger(source) ? source : Number.NaN;
    if (Number.isNaN(number) && typeof source !== 'number')
      number = Number(wholeText(numeral(source) ?? '') ?? Number.NaN);
    // -0 is no whole number of its own.
    return number >= -limit && number < limit ? number || 0 : new Misfit(source, expected);
  };
};

const big =
  (expected: string, fits: (number: bigint) => boolean): Reading =>
  (source) => {
    const digits = typeof source === 'bigint' ? source : wholeText(numeral(source) ?? '');
    const number = digits === null ? null : BigInt(digits);
    return number !== null && fits(number) ? number : new Misfit(source, expected);
  };

/** Texts that stand for what no digits can. */
const SPECIAL: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/**
 * A binary fraction is the nearest to the decimal one that is written. Beyond its range, and where something would become nothing, it is no longer near;
 * and a whole number that is written out is meant to its last digit.
 */
const floating = (name: string, nearest: (number: number) => number): Reading => {
  const expected = `a number that a ${name} can hold`;
  const last = `${expected} to its last digit`;
  return (source) => {
    const special = SPECIAL.get(source);
    if (special !== undefined) return special;
    const isNumber = typeof source === 'number';
    const text = isNumber ? '' : (numeral(source) ?? '');
    const decimal = isNumber ? '' : decimalText(text);
    if (decimal === null) return new Misfit(source, expected);
    const written = isNumber ? source : Number(text);
    const number = nearest(written);
    const something = isNumber ? written !== 0 : /[1-9]/.test(decimal);
    const beyond = !Number.isFinite(number) && (!isNumber || Number.isFinite(source));
    if (beyond || (number === 0 && something)) return new Misfit(source, expected);
    if (isNumber) return Number.isSafeInteger(written) && number !== written ? new Misfit(source, last) : number;
    return WHOLE.test(text) && BigInt(number) !== BigInt(decimal) ? new Misfit(source, last) : number;
  };
};

/** More digits than a float is sure of, and neither point nor exponent. */
const WHOLE = /^[+-]?\d{8,}$/;

export function timestamp(source: unknown, cut: boolean): unknown {
  if (source instanceof Date && !Number.isNaN(source.getTime())) return source;
  const instant = typeof source === 'string' ? parseTimestamp(source, cut) : null;
  if (instant === 'too fine')
    return new Misfit(source, 'a timestamp in whole milliseconds, which is what the database keeps');
  return instant ?? new Misfit(source, 'a timestamp such as 2001-01-31T08:15:00Z');
}

/** A text that `read` has a value for. */
const written =
  (expected: string, read: (text: string) => unknown): Reading =>
  (source) =>
    (typeof source === 'string' ? read(source) : null) ?? new Misfit(source, expected);

const HEX = /^0[xX](?:[\da-fA-F]{2})*$/;
const BASE64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/;
const UUID = /^[\da-f]{8}-[\da-f]{4}-([\da-f])[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/i;

export const base64: Reading = (source) => {
  if (source instanceof Uint8Array) return source;
  const misfit = new Misfit(source, 'base64');
  if (typeof source !== 'string' || !BASE64.test(source)) return misfit;
  const plain = source.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  const bytes = atob(plain);
  // Bits behind the last byte would be lost.
  return btoa(bytes).replace(/=+$/, '') === plain ? Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)) : misfit;
};

/** How a value of each single type is read. */
export const scalars: Readonly<Record<ScalarType, Reading>> = {
  text: (source) => {
    const found = typeof source === 'boolean' ? String(source) : numeral(source);
    if (found === undefined) return new Misfit(source, 'a text');
    return found.isWellFormed()
      ? found
      : new Misfit(source, 'a text of whole characters: half of a surrogate pair stands alone');
  },
  int: whole(32),
  smallint: whole(16),
  tinyint: whole(8),
  bigint: big('a whole number of 64 bits', (number) => BigInt.asIntN(64, number) === number),
  varint: big('a whole number', () => true),
  decimal: (source) => decimalText(numeral(source) ?? '') ?? new Misfit(source, 'a decimal number'),
  float: floating('float', Math.fround),
  double: floating('double', (number) => number),
  boolean: (source) => {
    if (typeof source === 'boolean') return source;
    const word = typeof source === 'string' ? source.toLowerCase() : '';
    return word === 'true' || (word === 'false' ? false : new Misfit(source, 'true or false'));
  },
  timestamp: (source) => timestamp(source, false),
  date: (source) => {
    const day =
      source instanceof Date && source.getTime() % 86_400_000 === 0 ? source.toISOString().slice(0, -14) : source;
    return typeof day === 'string' && isDay(day) ? day : new Misfit(source, 'a day such as 2001-01-31');
  },
  time: written('a time such as 23:59:59.999', (source) => (isTime(source) ? source : null)),
  duration: written('a duration such as 1h30m or PT1H30M', (source) => {
    const duration = parseDuration(source);
    return duration && durationText(duration);
  }),
  uuid: written('a UUID', (source) => (UUID.test(source) ? source : null)),
  timeuuid: written('a UUID of version 1', (source) => (UUID.exec(source)?.[1] === '1' ? source : null)),
  inet: written('an IP address', (source) => {
    const bytes = inetBytes(source);
    return bytes && inetText(bytes);
  }),
  blob: (source) => {
    if (source instanceof Uint8Array) return source;
    if (typeof source !== 'string' || !HEX.test(source)) return new Misfit(source, 'bytes such as 0xcafe');
    return Uint8Array.from(source.slice(2).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  },
};
