import type { ObjectRef } from '../model/run.ts';

/** A run that has not come to its end: the ledger's list of what someone must still look after. */
export interface OpenRun {
  readonly run: string;
  readonly feed: string;
  readonly day: string;
  readonly object: ObjectRef;
  readonly generation: number;
  /** When its file arrived, in milliseconds since 1970. */
  readonly arrivedAt: number;
  readonly bytes: number;
  readonly priority: number;
  /** Waits until then, in milliseconds since 1970; null while an attempt is at it. */
  readonly waitsUntil: number | null;
}

/** The order in which waiting files are let in: highest priority first, then the oldest, then the smallest. */
export const inOrder = (waiting: readonly OpenRun[]): OpenRun[] =>
  waiting.toSorted((a, b) => b.priority - a.priority || a.arrivedAt - b.arrivedAt || a.bytes - b.bytes);

/** Those whose time has come. */
export const due = (open: readonly OpenRun[], now: Date): OpenRun[] =>
  inOrder(open.filter(({ waitsUntil }) => waitsUntil !== null && waitsUntil <= now.getTime()));
