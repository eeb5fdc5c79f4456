import { type ColumnType, typeText, type ValueOf } from './column-types.ts';
import { shortWhole, wholeText } from './digits.ts';
import { type ReadAs, readingOf } from './mapping.ts';
import { Misfit } from './misfit.ts';
import { ExactNumber, type FieldValues, RowError } from './row.ts';
import { numeral } from './scalar-readings.ts';
import { show } from './show.ts';

/** The smallest and the largest value that is taken. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A whole number beyond 2^53 comes out of JSON as a bigint, so that text keeps its digits; a number rounds it. */
function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    const short = shortWhole(value);
    return Number.isNaN(short) && NUMBER.test(value) ? Number(value) : short;
  }
  return typeof value === 'bigint' || value instanceof ExactNumber ? Number(value) : Number.NaN;
}

/** A fraction that is next to nothing would be rounded away. */
function isWhole(source: unknown): boolean {
  if (typeof source === 'number') return Number.isInteger(source);
  return (typeof source === 'string' && !Number.isNaN(shortWhole(source))) || wholeText(numeral(source) ?? '') !== null;
}

/** What a record holds by a name; undefined when it has no such field. What every object has by birth is none; it is neither text nor number. */
export function fieldIn(values: FieldValues, name: string): unknown {
  const value = values[name];
  if (typeof value === 'string' || typeof value === 'number' || value === undefined) return value;
  return Object.hasOwn(values, name) ? value : undefined;
}

/**
 * The fields of one record as a transform reads them. A method parses the named field to a type and rejects the row, naming
 * column and value, when it is missing or is something else; the same call serves a CSV cell (text) and a JSON value.
 * The `optional…` methods give null for a field that is absent, empty or null.
 */
export class Fields {
  readonly values: FieldValues;

  constructor(values: FieldValues) {
    this.values = values;
  }

  text(name: string): string {
    const source = this.#given(name);
    if (typeof source === 'string' && source.isWellFormed()) return source;
    return this.#required(name, this.optionalText(name));
  }

  /** `placeholders` are what the sender writes where it does not know, such as `NA`: they count as empty. */
  optionalText(name: string, placeholders: readonly string[] = []): string | null {
    return placeholders.includes(this.#given(name) as string) ? null : this.optionalValue(name, 'text');
  }

  /** Text that is one of a closed list. */
  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const text = this.text(name) as T;
    if (!choices.includes(text)) throw mismatch(name, text, `one of ${choices.join(', ')}`);
    return text;
  }

  /** A whole number that JavaScript holds exactly (up to 2^53). */
  integer(name: string, range?: Range): number {
    return this.#required(name, this.optionalInteger(name, range));
  }

  optionalInteger(name: string, range?: Range): number | null {
    const number = this.optionalNumber(name, range);
    if (number === null || (Number.isSafeInteger(number) && isWhole(this.#given(name)))) return number;
    throw mismatch(name, this.#given(name), 'a whole number');
  }

  /** A decimal number; NaN and the infinities are none. */
  number(name: string, range?: Range): number {
    return this.#required(name, this.optionalNumber(name, range));
  }

  optionalNumber(name: string, range?: Range): number | null {
    const value = this.#given(name);
    if (value === null) return null;
    const number = toNumber(value);
    if (!Number.isFinite(number)) throw mismatch(name, value, 'a number');
    if (range !== undefined && (number < range.min || number > range.max)) {
      throw mismatch(name, value, `between ${range.min} and ${range.max}`);
    }
    return number;
  }

  /** An ISO 8601 instant, such as `2001-01-31T08:15Z`; one without a zone is taken as UTC. What is finer than a millisecond is rejected, or cut off. */
  timestamp(name: string, finer: 'reject' | 'cut off' = 'reject'): Date {
    return this.#required(name, this.optionalTimestamp(name, finer));
  }

  optionalTimestamp(name: string, finer: 'reject' | 'cut off' = 'reject'): Date | null {
    return this.#read(name, 'timestamp', finer === 'cut off' ? 'truncated' : undefined) as Date | null;
  }

  /** A calendar day, `YYYY-MM-DD`. */
  date(name: string): string {
    return this.value(name, 'date');
  }

  optionalDate(name: string): string | null {
    return this.optionalValue(name, 'date');
  }

  /** `true` or `false`, as a text in any case. */
  boolean(name: string): boolean {
    return this.value(name, 'boolean');
  }

  optionalBoolean(name: string): boolean | null {
    return this.optionalValue(name, 'boolean');
  }

  /** A whole number of 64 bits. */
  bigint(name: string): bigint {
    return this.#required(name, this.optionalBigint(name));
  }

  optionalBigint(name: string): bigint | null {
    return this.#read(name, 'bigint') as bigint | null;
  }

  /** A decimal number with all its digits, as text. */
  decimal(name: string): string {
    return this.value(name, 'decimal');
  }

  optionalDecimal(name: string): string | null {
    return this.optionalValue(name, 'decimal');
  }

  /** A time of day, `HH:MM:SS` with up to nine digits behind the second. */
  time(name: string): string {
    return this.value(name, 'time');
  }

  optionalTime(name: string): string | null {
    return this.optionalValue(name, 'time');
  }

  /** A duration, written as `1mo2d3h4m5s` or by ISO 8601. */
  duration(name: string): string {
    return this.value(name, 'duration');
  }

  optionalDuration(name: string): string | null {
    return this.optionalValue(name, 'duration');
  }

  /** A UUID of any version. */
  uuid(name: string): string {
    return this.value(name, 'uuid');
  }

  optionalUuid(name: string): string | null {
    return this.optionalValue(name, 'uuid');
  }

  /** A UUID of version 1, which holds a time. */
  timeuuid(name: string): string {
    return this.value(name, 'timeuuid');
  }

  optionalTimeuuid(name: string): string | null {
    return this.optionalValue(name, 'timeuuid');
  }

  /** An address of IP version 4 or 6. */
  inet(name: string): string {
    return this.value(name, 'inet');
  }

  optionalInet(name: string): string | null {
    return this.optionalValue(name, 'inet');
  }

  /** Bytes, as hexadecimal text that begins with `0x` or as base64. */
  blob(name: string, notation: 'hex' | 'base64' = 'hex'): Uint8Array {
    return this.#required(name, this.optionalBlob(name, notation));
  }

  optionalBlob(name: string, notation: 'hex' | 'base64' = 'hex'): Uint8Array | null {
    return this.#read(name, 'blob', notation === 'base64' ? 'base64' : undefined) as Uint8Array | null;
  }

  /** A value of any column type, such as `fields.value('tags', { set: 'text' })`. */
  value<const T extends ColumnType>(name: string, type: T): ValueOf<T> {
    return this.#required(name, this.optionalValue(name, type));
  }

  optionalValue<const T extends ColumnType>(name: string, type: T): ValueOf<T> | null {
    return this.#read(name, type) as ValueOf<T> | null;
  }

  /** The rejection for a value that breaks a rule of the tenant's own: `throw fields.unfit('origin', 'an airport')`. */
  unfit(name: string, expected: string): RowError {
    return mismatch(name, this.values[name], expected);
  }

  #read(name: string, type: ColumnType, as?: ReadAs): unknown {
    const source = this.#given(name);
    if (source === null) return null;
    const value = readingOf(type, as)(source);
    if (value instanceof Misfit) throw value.inColumn(name, typeText(type));
    return value;
  }

  /** What a field holds; null when it is absent, null or empty. */
  #given(name: string): unknown {
    const value = fieldIn(this.values, name);
    return value === '' ? null : (value ?? null);
  }

  #required<T>(name: string, value: T | null): T {
    if (value !== null) return value;
    throw new RowError('SLU-2003', `column "${name}" is missing or empty`, name);
  }
}

const mismatch = (name: string, value: unknown, expected: string): RowError =>
  new RowError('SLU-2004', `column "${name}": ${show(value)} is not ${expected}`, name, value);
