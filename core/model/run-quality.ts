import type { Code } from './codes.ts';
import type { RuleCounts, Severity } from './quality.ts';
import type { Counts } from './row.ts';

/** What is known of the values of one column of the table. */
export interface ColumnStatistics {
  /** Rows in which it is absent. */
  readonly nulls: number;
  /** How many different values it has: an estimate with a standard error of 3.3 %. */
  readonly distinct: number;
  /** Numbers as such, instants as ISO 8601, all else as text, cut at 64 characters; absent when no value can be said to be the least. */
  readonly min?: string | number;
  readonly max?: string | number;
}

/** A broken rule on the file. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
}

/** The columns of a file's records, 200 at most. */
export interface SourceColumns {
  readonly names: readonly string[];
  /** Whether they have an order, as cells below a header have. */
  readonly ordered: boolean;
}

/** How the columns of a file differ from those that were expected. */
export interface Drift {
  /** `the contract`, or the run whose file the feed has loaded last. */
  readonly against: string;
  readonly added: readonly string[];
  readonly missing: readonly string[];
  /** Those that both have stand in another order. */
  readonly reordered: boolean;
}

/** A value for which records were rejected. */
export interface RejectedValue {
  readonly column: string;
  readonly value: string;
  /** Never too high; exact while at most 500 different values are rejected. */
  readonly count: number;
}

/** What a pass over the whole file has found before its load. */
export interface Checked {
  /** By which rules and transforms. */
  readonly profileVersion: string;
  /** What would become of its records: of a refused file nothing else is left, for its run counts what was settled, and that is nothing. */
  readonly counts: Counts;
  readonly refusal: { readonly code: Code; readonly message: string } | null;
}

/** The quality of what one run has loaded; of a refused file, of what it would have loaded. */
export interface RunQuality {
  /** Null when the feed needs no such pass. */
  readonly checked: Checked | null;
  /** Of every rule of the feed on records, how many records broke it; of a rule on the file, how many rows did, or 1. */
  readonly rules: RuleCounts;
  readonly findings: readonly Finding[];
  /** Null when no record could be read. */
  readonly source: SourceColumns | null;
  readonly drift: Drift | null;
  /** Rows that the columns speak of: a record may have made several, or none. */
  readonly rows: number;
  readonly columns: Readonly<Record<string, ColumnStatistics>>;
  readonly topRejected: readonly RejectedValue[];
}

/** The quality of a run of which nothing is loaded yet: all that an attempt takes over from the one before. */
export const unseen = (checked: Checked): RunQuality => ({
  checked,
  rules: {},
  findings: [],
  source: null,
  drift: null,
  rows: 0,
  columns: {},
  topRejected: [],
});
