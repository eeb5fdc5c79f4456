import type { ColumnType } from '../model/column-types.ts';
import { decimalText } from '../model/digits.ts';
import type { ColumnStatistics } from '../model/run-quality.ts';
import { type StoredText, storedText } from '../model/stored.ts';
import type { Table } from '../model/table.ts';
import { Distinct, hashOfNumber, hashOfText } from './distinct.ts';

type Values = Readonly<Record<string, unknown>>;
type Order = (a: never, b: never) => boolean;

/** Characters of a least or greatest value that are kept. */
const SHOWN = 64;

/** How the values of a type compare; for a type that is not here, none is less than another in a way that says something. */
const orders: Readonly<Partial<Record<string, Order>>> = {
  ...Object.fromEntries(
    ['text', 'int', 'smallint', 'tinyint', 'float', 'double', 'timestamp', 'date', 'time', 'bigint', 'varint'].map(
      (type) => [type, (a: number, b: number) => a < b],
    ),
  ),
  decimal: isLess,
};

/** Rounding keeps the order of numbers, so that only those need a closer look that it makes equal. */
function isLess(a: string, b: string): boolean {
  const [x, y] = [Number(a), Number(b)];
  if (x !== y || a === b) return x < y;
  const [one, other] = [scaled(a, b), scaled(b, a)];
  return one === other ? a < b : one < other;
}

/** A decimal in units of the last digit that it or another one has. */
function scaled(decimal: string, other: string): bigint {
  const [own, others] = [decimal, other].map((text) => (decimalText(text) ?? '0').split('.'));
  const more = Math.max(0, (others?.[1]?.length ?? 0) - (own?.[1]?.length ?? 0));
  return BigInt(`${own?.join('')}${'0'.repeat(more)}`);
}

/** What is kept of one column while its values go by: as little work for each as can be, for this is always on. */
class Column {
  readonly name: string;
  readonly #less: Order | undefined;
  readonly #text: StoredText;
  readonly #distinct = new Distinct();
  #nulls = 0;
  #min: unknown;
  #max: unknown;

  constructor(name: string, type: ColumnType) {
    this.name = name;
    this.#less = typeof type === 'string' ? orders[type] : undefined;
    this.#text = storedText(type);
  }

  add(rows: readonly Values[]): void {
    const { name } = this;
    let last: unknown;
    for (const row of rows) {
      const value = row[name];
      if (value === null || value === undefined) this.#nulls++;
      else if (value !== last) {
        // Neighbours are often the same.
        last = value;
        this.#distinct.add(hashOf(value, this.#text));
        this.#stretch(value);
      }
    }
  }

  merge(other: Column): void {
    this.#nulls += other.#nulls;
    this.#distinct.merge(other.#distinct);
    for (const bound of [other.#min, other.#max]) if (bound !== undefined) this.#stretch(bound);
  }

  summary(): ColumnStatistics {
    const bounds = this.#min === undefined ? {} : { min: plain(this.#min), max: plain(this.#max) };
    return { nulls: this.#nulls, distinct: this.#distinct.estimate(), ...bounds };
  }

  /** NaN, which is neither less nor more than anything, is left out. */
  #stretch(value: unknown): void {
    const less = this.#less;
    if (!less) return;
    if (this.#min === undefined) {
      if (!Number.isNaN(value)) this.#min = this.#max = value;
    } else if (less(value as never, this.#min as never)) this.#min = value;
    else if (less(this.#max as never, value as never)) this.#max = value;
  }
}

function hashOf(value: unknown, text: StoredText): number {
  if (typeof value === 'string') return hashOfText(value);
  if (typeof value === 'number') return hashOfNumber(value);
  if (value instanceof Date) return hashOfNumber(value.getTime());
  if (typeof value === 'boolean') return hashOfNumber(value ? 1 : 0);
  // A bigint column takes both.
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? hashOfNumber(Number(value)) : hashOfText(String(value));
  }
  return hashOfText(text(value));
}

function plain(value: unknown): string | number {
  // JSON knows no negative zero, and no infinity.
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  if (value instanceof Date) return value.toISOString();
  const text = String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN).toWellFormed()}…` : text;
}

/** Statistics of the columns of a table over the rows that go by, in whatever order: those of two halves merge into those of the whole. */
export class Statistics {
  readonly #columns: readonly Column[];
  #rows = 0;

  constructor({ columns }: Table) {
    this.#columns = Object.entries(columns).map(([name, type]) => new Column(name, type));
  }

  add(rows: readonly Values[]): void {
    this.#rows += rows.length;
    for (const column of this.#columns) column.add(rows);
  }

  merge(other: Statistics): void {
    this.#rows += other.#rows;
    for (const [index, column] of this.#columns.entries()) column.merge(other.#columns[index] as Column);
  }

  rows(): number {
    return this.#rows;
  }

  summary(): Record<string, ColumnStatistics> {
    return Object.fromEntries(this.#columns.map((column) => [column.name, column.summary()]));
  }
}
