import type { Code } from './codes.ts';
import type { Counts, Place } from './row.ts';

/** A stretch of a file: bytes of a text, or row groups of a Parquet file, from `start` up to `end`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** What is done with a file one after the other: it is counted and judged, its rejections are told if that has cost it, and it is loaded. */
export type Phase = 'check' | 'tell' | 'load';

/** Position and line of the first record of a part. */
export interface Base {
  readonly position: number;
  readonly line: number;
}

/** How a large file is worked on. */
export interface Plan {
  readonly phase: Phase;
  /** When the phase began, in milliseconds since 1970. */
  readonly since: number;
  /** By which the phase `check` has judged. */
  readonly profileVersion: string;
  /** One for each part, in their order; null for a file that is read in one go. */
  readonly stretches: readonly (Stretch | null)[];
  /** Whether going on in the middle costs reading all before it again. */
  readonly goesOn: 'seeking' | 'skipping';
  /** Where each part begins, and the rows of all; null until the phase `check` has counted them. */
  readonly counted: { readonly bases: readonly Base[]; readonly rows: number } | null;
}

/** How far one part has come in a phase. A part of which nothing is noted has not been begun. */
export interface Part {
  /** Who is at it, or was when it died; null when it was handed on, or has ended. */
  readonly owner: string | null;
  /** Until when it is safe from others, in milliseconds since 1970. */
  readonly until: number;
  readonly state: 'open' | 'done' | 'stopped';
  readonly counts: Counts;
  /** The last record that is settled; null when none is. */
  readonly after: Place | null;
  /** Where the rest of what is known of it lies, in the rejects bucket; null when there is nothing. */
  readonly saved: string | null;
  /** Lines of its text, and a hash of its bytes; null until it has been counted. */
  readonly lines: number | null;
  readonly hash: string | null;
  /** Why it was `stopped`, and what the run becomes by it. */
  readonly stop: { readonly state: 'refused' | 'failed'; readonly code: Code; readonly message: string } | null;
  /** How often it was handed on because the time of a function was used up, and taken over because a function had died. */
  readonly handOvers: number;
  readonly takeOvers: number;
  /** How many functions have died on it since its last checkpoint. */
  readonly deaths: number;
}

/** A run's plan in short, for whoever looks at the run. */
export interface PlanSummary {
  readonly phase: Phase;
  readonly parts: number;
  readonly handOvers: number;
  readonly takeOvers: number;
}
