import type { ColumnType } from '../model/column-types.ts';
import { decimalText } from '../model/digits.ts';
import type { ColumnStatistics } from '../model/run-quality.ts';
import { type StoredText, storedText, valueOfStored } from '../model/stored.ts';
import type { Table } from '../model/table.ts';
import { Distinct, hashOfNumber, hashOfText } from './distinct.ts';

type Values = Readonly<Record<string, unknown>>;
/** Characters of a least or greatest value that are kept. */
const SHOWN = 64;

/** What is kept of a column, as JSON: the registers of its values, and its bounds as texts that are the same values again. */
interface ColumnState {
  readonly nulls: number;
  readonly distinct: string;
  readonly bounds: readonly string[];
}

export interface StatisticsState {
  readonly rows: number;
  readonly columns: Readonly<Record<string, ColumnState>>;
}

/** What is kept of one column while its values go by. This is always on: types that are frequent have a loop of their own below, without a call for each value. */
class Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly distinct = new Distinct();
  nulls = 0;
  min: unknown;
  max: unknown;
  readonly #less: ((a: never, b: never) => boolean) | undefined;
  readonly #text: StoredText;

  constructor(name: string, type: ColumnType) {
    this.name = name;
    this.type = type;
    this.#less = typeof type === 'string' ? orders[type] : undefined;
    this.#text = storedText(type);
  }

  add(rows: readonly Values[]): void {
    for (const row of rows) {
      const value = row[this.name];
      if (value === null || value === undefined) this.nulls++;
      else {
        this.distinct.add(this.#hash(value));
        this.stretch(value);
      }
    }
  }

  state(): ColumnState {
    const bounds = this.min === undefined ? [] : [this.min, this.max];
    return { nulls: this.nulls, distinct: this.distinct.state(), bounds: bounds.map((it) => boundText(it, this.type)) };
  }

  merge({ nulls, distinct, bounds }: ColumnState): void {
    this.nulls += nulls;
    this.distinct.merge(distinct);
    for (const bound of bounds) this.stretch(valueOfStored(this.type, bound));
  }

  /** Of so many rows: no estimate is above their number. */
  summary(rows: number): ColumnStatistics {
    const bounds = this.min === undefined ? {} : { min: plain(this.min, this.type), max: plain(this.max, this.type) };
    return { nulls: this.nulls, distinct: Math.min(rows - this.nulls, this.distinct.estimate()), ...bounds };
  }

  protected stretch(value: unknown): void {
    const less = this.#less;
    if (!less) return;
    if (this.min === undefined) {
      this.min = value;
      this.max = value;
    } else if (less(value as never, this.min as never)) this.min = value;
    else if (less(this.max as never, value as never)) this.max = value;
  }

  #hash(value: unknown): number {
    if (typeof value === 'string') return hashOfText(value);
    if (typeof value === 'boolean') return hashOfNumber(value ? 1 : 0);
    // A bigint column takes both.
    if (typeof value === 'number') return hashOfNumber(value);
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return hashOfNumber(Number(value));
    return hashOfText(this.#text(value));
  }
}

const byValue = (a: number | bigint, b: number | bigint): boolean => a < b;

/** How the values of a type compare; of any other type, none is less than another in a way that says something. */
const orders: Readonly<Partial<Record<string, (a: never, b: never) => boolean>>> = {
  ...Object.fromEntries(
    ['text', 'int', 'smallint', 'tinyint', 'float', 'double', 'timestamp', 'date', 'time', 'bigint', 'varint'].map(
      (type) => [type, byValue],
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

class Numbers extends Column {
  override add(rows: readonly Values[]): void {
    const { name, distinct } = this;
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let last: number | undefined;
    for (const row of rows) {
      const value = row[name] as number | null | undefined;
      if (value === null || value === undefined) this.nulls++;
      else if (value !== last) {
        // Neighbours are often the same.
        last = value;
        distinct.add(hashOfNumber(value));
        // NaN is neither less nor more than anything.
        if (value < min) min = value;
        if (value > max) max = value;
      }
    }
    if (min > max) return;
    this.stretch(min);
    this.stretch(max);
  }
}

class Instants extends Column {
  override add(rows: readonly Values[]): void {
    const { name, distinct } = this;
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const row of rows) {
      const value = row[name] as Date | null | undefined;
      if (value === null || value === undefined) this.nulls++;
      else {
        const time = value.getTime();
        distinct.add(hashOfNumber(time));
        if (time < min) min = time;
        if (time > max) max = time;
      }
    }
    if (min > max) return;
    this.stretch(new Date(min));
    this.stretch(new Date(max));
  }
}

class Texts extends Column {
  override add(rows: readonly Values[]): void {
    const { name, distinct } = this;
    let [min, max] = [this.min, this.max] as (string | undefined)[];
    let last: string | undefined;
    for (const row of rows) {
      const value = row[name] as string | null | undefined;
      if (value === null || value === undefined) this.nulls++;
      else if (value !== last) {
        last = value;
        distinct.add(hashOfText(value));
        if (min === undefined || value < min) min = value;
        if (max === undefined || value > max) max = value;
      }
    }
    this.min = min;
    this.max = max;
  }
}

function columnOf(name: string, type: ColumnType): Column {
  switch (type) {
    case 'int':
    case 'smallint':
    case 'tinyint':
    case 'float':
    case 'double':
      return new Numbers(name, type);
    case 'timestamp':
      return new Instants(name, type);
    case 'text':
    case 'date':
    case 'time':
      return new Texts(name, type);
    default:
      return new Column(name, type);
  }
}

/** Of a long text no more than is shown and one character, by which it is seen to be cut: no two texts change their order by that. */
function boundText(value: unknown, type: ColumnType): string {
  if (value instanceof Date) return String(value.getTime());
  if (Object.is(value, -0)) return '-0';
  return type === 'text' ? (value as string).slice(0, SHOWN + 1) : String(value);
}

function plain(value: unknown, type: ColumnType): string | number {
  // JSON knows no negative zero, and no infinity. A bigint column takes numbers, too, which must not look otherwise when they come first.
  if (typeof value === 'number' && Number.isFinite(value) && type !== 'bigint') return value + 0;
  if (value instanceof Date) return value.toISOString();
  const text = String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN).toWellFormed()}…` : text;
}

/** Statistics of the columns of a table over the rows that go by, in whatever order: the states of two halves merge into those of the whole. */
export class Statistics {
  readonly #columns: readonly Column[];
  #rows = 0;

  constructor({ columns }: Table) {
    this.#columns = Object.entries(columns).map(([name, type]) => columnOf(name, type));
  }

  add(rows: readonly Values[]): void {
    this.#rows += rows.length;
    for (const column of this.#columns) column.add(rows);
  }

  state(): StatisticsState {
    return {
      rows: this.#rows,
      columns: Object.fromEntries(this.#columns.map((column) => [column.name, column.state()])),
    };
  }

  /** Adds what others have seen of the same table; a column that it had not yet is absent in their rows. */
  merge({ rows, columns }: StatisticsState): void {
    this.#rows += rows;
    for (const column of this.#columns) {
      const state = columns[column.name];
      if (state) column.merge(state);
      else column.nulls += rows;
    }
  }

  rows(): number {
    return this.#rows;
  }

  summary(): Record<string, ColumnStatistics> {
    return Object.fromEntries(this.#columns.map((column) => [column.name, column.summary(this.#rows)]));
  }
}
