import type { Code } from './codes.ts';

/** What the reader made of one record: its fields by name, as text (CSV) or as JSON values (NDJSON, messages); numbers that JavaScript would round are bigint or `ExactNumber`. */
export type FieldValues = Readonly<Record<string, unknown>>;

/** A number that a double does not hold, such as `0.1234567890123456789`, as it is written; it gives way to its nearest double where one is asked for. */
export class ExactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
  toJSON(): string {
    return this.text;
  }
  valueOf(): number {
    return Number(this.text);
  }
}

/** Where a record lies. */
export interface Place {
  /** 1-based place in a file; the sequence number of a message. */
  readonly position: number | string;
  /** 1-based line of a text file on which the record begins. */
  readonly line?: number | undefined;
  /** Offset of the record's first byte from the start of the file, from 0; of a compressed file, when it is unpacked. */
  readonly byte?: number | undefined;
}

/** What is kept of a record once rows are made of it. */
export interface Source extends Place {
  /** The record as it arrived; as JSON where it was no text, which may be made only when asked for: `...row` is without it. */
  readonly raw: string;
}

/** One record inside a delivery. */
export interface Row extends Source {
  readonly values: FieldValues;
  /** Characters of a record that was no text, about; else they are those of `raw`. */
  readonly size?: number;
}

export type Stage = 'admit' | 'read' | 'transform' | 'judge' | 'load';

/** A record that was refused, with all that its sender needs to find and mend it. */
export interface Rejection extends Place {
  readonly stage: Stage;
  readonly code: Code;
  readonly message: string;
  /** The column at fault, when there is one. */
  readonly column?: string;
  /** What stands there, as a message shows it; absent when nothing does. */
  readonly value?: string;
  /** Quality rules that the record breaks, first the one that rejects it. */
  readonly rules?: readonly string[];
  readonly raw: string;
}

/** The place alone, without what is not known of it. */
export const placeOf = ({ position, line, byte }: Place): Place => ({
  position,
  ...(line !== undefined && { line }),
  ...(byte !== undefined && { byte }),
});

/** A place as people read it: `record 40, line 41, byte 2034`. */
export const placeText = ({ position, line, byte }: Place): string =>
  `record ${position}${line === undefined ? '' : `, line ${line}`}${byte === undefined ? '' : `, byte ${byte}`}`;

/** What became of the rows of a run. At its end `read = loaded + dropped + rejected`. */
export interface Counts {
  read: number;
  loaded: number;
  dropped: number;
  rejected: number;
}

export const noCounts = (): Counts => ({ read: 0, loaded: 0, dropped: 0, rejected: 0 });

/** Adds `more` to `total`, in place. */
export function addCounts(total: Counts, more: Counts): void {
  total.read += more.read;
  total.loaded += more.loaded;
  total.dropped += more.dropped;
  total.rejected += more.rejected;
}

export const balanced = (c: Counts): boolean => c.read === c.loaded + c.dropped + c.rejected;

/** Thrown while a row is transformed to reject it with a code and the column at fault. */
export class RowError extends Error {
  override readonly name = 'RowError';
  readonly code: Code;
  readonly column: string | undefined;
  /** What stands in that column; undefined when nothing does. */
  readonly value: unknown;
  constructor(code: Code, message: string, column?: string, value?: unknown) {
    super(message);
    this.code = code;
    this.column = column;
    this.value = value;
  }
}
