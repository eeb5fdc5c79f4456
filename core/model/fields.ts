import { ExactNumber, type FieldValues, RowError } from './row.ts';
import { show } from './show.ts';

/** The smallest and the largest value that is taken. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const HOURS = '(?:[01]\\d|2[0-3])';
const TIMESTAMP = new RegExp(
  `^\\d{4}-\\d\\d-\\d\\d(?:[T ]${HOURS}:[0-5]\\d(?::[0-5]\\d(?:\\.\\d+)?)?(Z|[+-]${HOURS}:?[0-5]\\d)?)?$`,
);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A whole number beyond 2^53 comes out of JSON as a bigint, so that text keeps its digits; a number rounds it. */
function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' || value instanceof ExactNumber || (typeof value === 'string' && NUMBER.test(value))
    ? Number(value)
    : Number.NaN;
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
    return this.#required(name, this.optionalText(name));
  }

  /** `placeholders` are what the sender writes where it does not know, such as `NA`: they count as empty. */
  optionalText(name: string, placeholders: readonly string[] = []): string | null {
    const value = this.values[name];
    if (value === undefined || value === null || value === '' || placeholders.includes(value as string)) return null;
    if (typeof value === 'string') return value;
    if (typeof value === 'object' && !(value instanceof ExactNumber)) throw mismatch(name, value, 'text');
    return String(value);
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
    if (number !== null && !Number.isSafeInteger(number)) throw mismatch(name, this.values[name], 'a whole number');
    return number;
  }

  /** A decimal number; NaN and the infinities are none. */
  number(name: string, range?: Range): number {
    return this.#required(name, this.optionalNumber(name, range));
  }

  optionalNumber(name: string, range?: Range): number | null {
    const value = this.values[name];
    if (value === undefined || value === null || value === '') return null;
    const number = toNumber(value);
    if (!Number.isFinite(number)) throw mismatch(name, value, 'a number');
    if (range !== undefined && (number < range.min || number > range.max)) {
      throw mismatch(name, value, `between ${range.min} and ${range.max}`);
    }
    return number;
  }

  /** An ISO 8601 instant, such as `2001-01-31T08:15Z`; one without a zone is taken as UTC. */
  timestamp(name: string): Date {
    const text = this.text(name);
    const match = TIMESTAMP.exec(text);
    const zoned = match && text.length > 10 && !match[1] ? `${text}Z` : text;
    const date = new Date(match && dayExists(text) ? zoned.replace(' ', 'T') : Number.NaN);
    if (Number.isNaN(date.getTime())) throw mismatch(name, text, 'a timestamp such as 2001-01-31T08:15:00Z');
    return date;
  }

  /** A calendar day, `YYYY-MM-DD`. */
  date(name: string): string {
    return this.#required(name, this.optionalDate(name));
  }

  optionalDate(name: string): string | null {
    const text = this.optionalText(name);
    if (text === null) return null;
    if (!DAY.test(text) || !dayExists(text)) throw mismatch(name, text, 'a day such as 2001-01-31');
    return text;
  }

  /** The rejection for a value that breaks a rule of the tenant's own: `throw fields.unfit('origin', 'an airport')`. */
  unfit(name: string, expected: string): RowError {
    return mismatch(name, this.values[name], expected);
  }

  #required<T>(name: string, value: T | null): T {
    if (value !== null) return value;
    throw new RowError('SLU-2003', `column "${name}" is missing or empty`, name);
  }
}

/** Whether the text starts with a day of the calendar; JavaScript would roll 31 February over into March. */
function dayExists(text: string): boolean {
  const [month, day] = [Number(text.slice(5, 7)), Number(text.slice(8, 10))];
  if (day < 1 || month < 1 || month > 12) return false;
  // The calendar repeats every 400 years; Date.UTC takes the years 0 to 99 for 1900 to 1999.
  return day <= 28 || day <= new Date(Date.UTC(Number(text.slice(0, 4)) + 400, month, 0)).getUTCDate();
}

const mismatch = (name: string, value: unknown, expected: string): RowError =>
  new RowError('SLU-2004', `column "${name}": ${show(value)} is not ${expected}`, name);
