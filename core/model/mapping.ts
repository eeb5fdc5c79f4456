import { type ColumnType, type ScalarType, typeText } from './column-types.ts';
import { decimalText, wholeText } from './digits.ts';
import { durationText, parseDuration } from './duration.ts';
import { inetBytes, inetText } from './inet.ts';
import { isDay, isTime, parseTimestamp } from './instants.ts';
import { parseJson } from './json-value.ts';
import { ExactNumber, RowError } from './row.ts';
import { show } from './show.ts';
import { storedText } from './stored.ts';

/**
 * Reads what a format makes of a file (text of CSV and XML, values of JSON and Parquet) as values of CQL types. Strict: a value is taken
 * when it is one of the type as it stands, and nothing is rounded, cut off or guessed. docs/types.md has the rules as a table.
 */

/** Why a value is none of its type. */
export class Misfit {
  readonly value: unknown;
  /** Such as `a whole number of 32 bits`. */
  readonly expected: string;
  constructor(value: unknown, expected: string) {
    this.value = value;
    this.expected = expected;
  }

  /** The rejection of a field's value; a column of another name is told too. */
  inColumn(field: string, type: string, column = field): RowError {
    const target = field === column ? type : `${type} ${column}`;
    return new RowError(
      'SLU-2004',
      `column "${field}" (${target}): ${show(this.value)} is not ${this.expected}`,
      field,
    );
  }
}

/** Reads a value that is there (neither absent nor null); what comes back is a value for the column, or a `Misfit`. */
export type Reading = (source: unknown) => unknown;

/** How a column is read where its type leaves a choice: bytes from base64 instead of hexadecimal, or instants cut off at the millisecond. */
export type ReadAs = 'base64' | 'truncated';

export const canReadAs = (type: ColumnType, as: ReadAs): boolean => type === (as === 'base64' ? 'blob' : 'timestamp');

/** Makes the reading of a column. */
export function readingOf(type: ColumnType, as?: ReadAs): Reading {
  if (as && canReadAs(type, as)) return as === 'base64' ? base64 : (source) => timestamp(source, true);
  if (typeof type === 'string') return scalars[type];
  return fromText(
    type,
    'list' in type ? listOf(type) : 'set' in type ? setOf(type) : 'map' in type ? mapOf(type) : fieldsOf(type),
  );
}

/** A collection in a cell of text is JSON. */
const fromText = (type: ColumnType, read: Reading): Reading => {
  const expected = `a ${typeText(type)} as JSON`;
  return (source) => {
    if (typeof source !== 'string') return read(source);
    const found = parseJson(source);
    return 'code' in found || typeof found.value === 'string' ? new Misfit(source, expected) : read(found.value);
  };
};

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
    if (typeof source === 'number') number = Number.isInteger(source) ? source : Number.NaN;
    else if (typeof source === 'string' && /^-?\d{1,9}$/.test(source)) number = Number(source);
    else number = Number(wholeText(numeral(source) ?? '') ?? Number.NaN);
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

function timestamp(source: unknown, cut: boolean): unknown {
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

const base64: Reading = (source) => {
  if (source instanceof Uint8Array) return source;
  const misfit = new Misfit(source, 'base64');
  if (typeof source !== 'string' || !BASE64.test(source)) return misfit;
  const plain = source.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  const bytes = atob(plain);
  // Bits behind the last byte would be lost.
  return btoa(bytes).replace(/=+$/, '') === plain ? Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)) : misfit;
};

const scalars: Readonly<Record<ScalarType, Reading>> = {
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

/** Reads the parts of a collection, up to the first that is none. */
function readParts(sources: Iterable<unknown>, read: Reading, where: (index: number) => string): unknown[] | Misfit {
  const parts: unknown[] = [];
  for (const source of sources) {
    const part =
      source === null || source === undefined ? new Misfit(null, 'a value: a collection holds no null') : read(source);
    if (part instanceof Misfit) return new Misfit(part.value, `${part.expected} (${where(parts.length + 1)})`);
    parts.push(part);
  }
  return parts;
}

const element = (index: number) => `element ${index}`;

/** The first value that another one before it equals to the database; undefined when there is none. */
function repeated(type: ColumnType, values: readonly unknown[]): unknown {
  const stored = storedText(type);
  const texts = new Set<string>();
  return values.find((value) => texts.size === texts.add(stored(value)).size);
}

function listOf(type: { readonly list: ColumnType }): Reading {
  const read = readingOf(type.list);
  return (source) =>
    Array.isArray(source) ? readParts(source, read, element) : new Misfit(source, `a ${typeText(type)}`);
}

/** Values that are there twice would be one: a set that is sent as a list must be one already. */
function setOf(type: { readonly set: ColumnType }): Reading {
  const read = readingOf(type.set);
  return (source) => {
    if (!Array.isArray(source) && !(source instanceof Set)) return new Misfit(source, `a ${typeText(type)}`);
    const values = readParts(source, read, element);
    if (values instanceof Misfit) return values;
    const twice = repeated(type.set, values);
    return twice === undefined ? new Set(values) : new Misfit(twice, `unique in the ${typeText(type)}`);
  };
}

function mapOf(type: { readonly map: readonly [ColumnType, ColumnType] }): Reading {
  const [readKey, readValue] = [readingOf(type.map[0]), readingOf(type.map[1])];
  return (source) => {
    const entries = source instanceof Map ? [...source] : isObject(source) ? Object.entries(source) : undefined;
    if (!entries) return new Misfit(source, `a ${typeText(type)}`);
    const keys = readParts(
      entries.map(([key]) => key),
      readKey,
      (index) => `key ${index}`,
    );
    if (keys instanceof Misfit) return keys;
    const values = readParts(
      entries.map(([, value]) => value),
      readValue,
      (index) => `value ${index}`,
    );
    if (values instanceof Misfit) return values;
    const twice = repeated(type.map[0], keys);
    if (twice !== undefined) return new Misfit(twice, `a unique key of the ${typeText(type)}`);
    return new Map(keys.map((key, index) => [key, values[index]]));
  };
}

function fieldsOf(type: { readonly udt: string; readonly fields: Readonly<Record<string, ColumnType>> }): Reading {
  const fields = new Map(Object.entries(type.fields).map(([name, part]) => [name, readingOf(part)]));
  return (source) => {
    if (!isObject(source)) return new Misfit(source, `a ${typeText(type)}`);
    const found: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(source)) {
      const read = fields.get(name);
      if (!read) return new Misfit(name, `a field of ${type.udt}, which has ${[...fields.keys()].join(', ')}`);
      const part = value === null || value === undefined ? null : read(value);
      if (part instanceof Misfit) return new Misfit(part.value, `${part.expected} (field ${name})`);
      found[name] = part;
    }
    return found;
  };
}

/** An object as JSON has it. */
function isObject(source: unknown): source is Readonly<Record<string, unknown>> {
  if (typeof source !== 'object' || source === null) return false;
  const prototype = Object.getPrototypeOf(source);
  return prototype === Object.prototype || prototype === null;
}
