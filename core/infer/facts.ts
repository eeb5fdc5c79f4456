import type { ScalarType } from '../model/column-types.ts';
import { decimalText } from '../model/digits.ts';
import { readingOf } from '../model/mapping.ts';
import { Misfit, type Reading } from '../model/misfit.ts';
import { numeral } from '../model/scalar-readings.ts';

/** Types that a column may be proposed as; all that a value can be of them is tried. */
const CANDIDATES = [
  ...[
    'boolean',
    'int',
    'bigint',
    'varint',
    'float',
    'double',
    'decimal',
    'uuid',
    'date',
    'timestamp',
    'time',
    'duration',
  ],
  ...['inet', 'blob', 'text'],
] as const satisfies readonly ScalarType[];

/** What senders write where they do not know. */
const PLACEHOLDERS: ReadonlySet<unknown> = new Set([
  ...['NA', 'N/A', '#N/A', 'n/a', 'na', 'NULL', 'Null', 'null', '(null)', 'None', 'nil', '\\N', '-', '--', '?'],
]);

/** Values of a column that are kept, to tell a few choices from many. */
const MOST_CHOICES = 12;

/** The kinds of values that formats with types of their own have. */
export type Kind = 'text' | 'number' | 'bigint' | 'boolean' | 'instant' | 'bytes' | 'list' | 'object';

/** The first value of some kinds that are worth a word; null when there is none. */
interface Seen {
  /** A number with an exponent, as doubles are written. */
  readonly exponent: string | null;
  /** A number that a double would round. */
  readonly rounded: string | null;
  /** Texts of digits that begin with a zero or a plus sign: as numbers they would lose it. */
  readonly zeroFirst: string | null;
  readonly plusFirst: string | null;
  /** Days written with slashes, dots or dashes: one that must be day first, one that must be month first, and any. */
  readonly dayFirst: string | null;
  readonly monthFirst: string | null;
  readonly eitherFirst: string | null;
  /** A day with the name of its month, in English. */
  readonly monthName: string | null;
}

/** What is known of the values of one field, all of them. */
export interface Facts extends Seen {
  /** Values that are there; placeholders are not among them. */
  readonly values: number;
  /** Records in which the field is empty or null, and in which it is absent. */
  readonly empty: number;
  readonly absent: number;
  /** How often what looks like a placeholder is there. */
  readonly placeholders: ReadonlyMap<string, number>;
  readonly kinds: ReadonlySet<Kind>;
  /** The types that every value is of. */
  readonly fits: ReadonlySet<ScalarType>;
  /** The first value that is not of a type which others are of. */
  readonly misfits: ReadonlyMap<ScalarType, unknown>;
  readonly smallest: string | null;
  readonly largest: string | null;
  /** Fewest and most digits behind the point. */
  readonly fraction: readonly [fewest: number, most: number];
  readonly longest: number;
  /** In the order of their letters, which is that of time for days. */
  readonly firstText: string | null;
  readonly lastText: string | null;
  /** Days and times written without a zone. */
  readonly zoneless: number;
  /** The different values, when there are few; null when there are many. */
  readonly choices: ReadonlySet<unknown> | null;
  /** What is known of the elements of lists, and of the values of objects. */
  readonly inside: Facts | null;
  /** Names in objects, when there are few. */
  readonly names: ReadonlySet<string>;
}

const ANY_DAY = /^(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d{2})(?:[ T]|$)/;
const MONTH = /^(\d{1,2}[ .-]+)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ .,-]+\d/i;
const ZONELESS = /^\d{4}-\d\d-\d\d[T ][\d:.]+$/;

/**
 * Gathers what can be known of a field from all of its values, in memory that does not grow with them. Inside of a list or an object (`inner`) a text
 * is a value, whatever it says.
 */
export function factsOf(inner = false) {
  const fits = new Map<ScalarType, Reading>(CANDIDATES.map((type) => [type, readingOf(type)]));
  const misfits = new Map<ScalarType, unknown>();
  const placeholders = new Map<string, number>();
  const kinds = new Set<Kind>();
  const names = new Set<string>();
  let choices: Set<unknown> | null = new Set();
  let inside: ReturnType<typeof factsOf> | null = null;
  const numbers: { smallest: string | null; largest: string | null; fewest: number; most: number } = {
    ...{ smallest: null, largest: null },
    ...{ fewest: Number.POSITIVE_INFINITY, most: 0 },
  };
  const seen: Record<keyof Seen, string | null> = {
    ...{ exponent: null, rounded: null, zeroFirst: null, plusFirst: null },
    ...{ dayFirst: null, monthFirst: null, eitherFirst: null, monthName: null },
  };
  const texts = { firstText: null as string | null, lastText: null as string | null };
  const counts = { values: 0, empty: 0, absent: 0, longest: 0, zoneless: 0 };

  const number = (text: string) => {
    const written = decimalText(text);
    if (written === null) return;
    if (/e/i.test(text)) seen.exponent ??= text;
    const digits = written.split('.')[1]?.length ?? 0;
    numbers.fewest = Math.min(numbers.fewest, digits);
    numbers.most = Math.max(numbers.most, digits);
    if (numbers.smallest === null || less(written, numbers.smallest)) numbers.smallest = written;
    if (numbers.largest === null || less(numbers.largest, written)) numbers.largest = written;
    if (trimmed(decimalText(String(Number(text))) ?? '') !== trimmed(written)) seen.rounded ??= text;
  };

  const text = (value: string) => {
    counts.longest = Math.max(counts.longest, value.length);
    if (texts.firstText === null || value < texts.firstText) texts.firstText = value;
    if (texts.lastText === null || value > texts.lastText) texts.lastText = value;
    if (/^-?0\d+$/.test(value)) seen.zeroFirst ??= value;
    if (/^\+\d+$/.test(value)) seen.plusFirst ??= value;
    if (ZONELESS.test(value)) counts.zoneless++;
    if (MONTH.test(value)) seen.monthName ??= value;
    const [, first, second] = ANY_DAY.exec(value) ?? [];
    if (first === undefined) return;
    seen.eitherFirst ??= value;
    if (Number(first) > 12) seen.dayFirst ??= value;
    if (Number(second) > 12) seen.monthFirst ??= value;
  };

  return {
    absent(records: number): void {
      counts.absent += records;
    },
    add(value: unknown): void {
      if (value === null || value === undefined || (value === '' && !inner)) {
        counts.empty++;
        return;
      }
      if (PLACEHOLDERS.has(value) && !inner) {
        placeholders.set(value as string, (placeholders.get(value as string) ?? 0) + 1);
        return;
      }
      counts.values++;
      const kind = kindOf(value);
      kinds.add(kind);
      for (const [type, read] of fits) {
        if (!(read(value) instanceof Misfit)) continue;
        fits.delete(type);
        misfits.set(type, value);
      }
      if (choices) choices.add(value);
      if (choices && choices.size > MOST_CHOICES) choices = null;
      if (kind === 'text') text(value as string);
      const digits = fits.has('decimal') || fits.has('double') ? numeral(value) : undefined;
      if (digits !== undefined) number(digits);
      if (kind === 'list' || kind === 'object') {
        inside ??= factsOf(true);
        for (const part of Object.values(value as object)) inside.add(part);
        if (kind === 'object')
          for (const name of Object.keys(value as object)) if (names.size <= MOST_CHOICES) names.add(name);
      }
    },
    facts: (): Facts => ({
      ...counts,
      ...texts,
      ...seen,
      placeholders,
      kinds,
      fits: new Set(fits.keys()),
      misfits,
      smallest: numbers.smallest,
      largest: numbers.largest,
      fraction: [numbers.fewest, numbers.most],
      choices,
      inside: inside?.facts() ?? null,
      names,
    }),
  };
}

function kindOf(value: unknown): Kind {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'bigint') return 'bigint';
  if (typeof value === 'boolean') return 'boolean';
  if (value instanceof Date) return 'instant';
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'list';
  // A number of more digits than a double has comes as an object that knows them.
  return numeral(value) === undefined ? 'object' : 'number';
}

/** Digits without zeros at the end of the fraction. */
const trimmed = (decimal: string): string => (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal);

/** Compares decimal numbers that are written out, to their last digit where they are whole. */
function less(a: string, b: string): boolean {
  if (a.length > 15 && b.length > 15 && !a.includes('.') && !b.includes('.')) return BigInt(a) < BigInt(b);
  return Number(a) < Number(b);
}
