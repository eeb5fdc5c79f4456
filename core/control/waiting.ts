import type { FileDelivery, FileRun } from '../model/run.ts';
import type { Registry } from '../ports.ts';

/** What a waiting run waits for: its hours, its day's quota, or another file's end. */
export type WaitsFor = 'hours' | 'quota' | 'turn';

/** A run that has not come to its end, effects included: the ledger's list of what somebody must still look after. */
export interface OpenRun {
  readonly run: Pick<FileRun, 'feed' | 'day' | 'id'>;
  readonly delivery: FileDelivery;
  /** The attempt that says so. */
  readonly attempt: number;
  /** When its file arrived, in milliseconds since 1970. */
  readonly arrivedAt: number;
  readonly bytes: number;
  readonly priority: number;
  /** Null while an attempt is at it; `until` in milliseconds since 1970. */
  readonly waits: { readonly until: number; readonly for: WaitsFor } | null;
}

const PART = 'open';

export const listOpen = async (registry: Pick<Registry, 'list'>): Promise<OpenRun[]> =>
  (await registry.list<OpenRun>(PART)).map(({ value }) => value);

/** Notes that a run has begun, waits, or waits no more; what a later attempt has said stays. */
export const noteOpen = (registry: Registry, open: OpenRun): Promise<void> =>
  registry.change<OpenRun, void>(PART, open.run.id, (before) => {
    const known = before && (before.attempt > open.attempt || JSON.stringify(before) === JSON.stringify(open));
    return { value: known ? before : open, result: undefined };
  });

/** Takes a run off the list, after everything that its end brings has been done. */
export const noteClosed = (registry: Registry, id: string): Promise<void> =>
  registry.change<OpenRun, void>(PART, id, () => ({ value: null, result: undefined }));

/** The order in which waiting files are let in: highest priority first, then the oldest, then the smallest. */
export const inOrder = (waiting: readonly OpenRun[]): OpenRun[] =>
  waiting.toSorted((a, b) => b.priority - a.priority || a.arrivedAt - b.arrivedAt || a.bytes - b.bytes);

/** Whether it is time to look after a run: one that waits for nothing always may have lost its attempt. */
export const isDue = ({ waits }: OpenRun, now: Date): boolean => waits === null || waits.until <= now.getTime();

/** Those that the end of another file can set free. */
export const waitingForOthers = (open: readonly OpenRun[]): OpenRun[] =>
  inOrder(open.filter(({ waits }) => waits !== null && waits.for !== 'hours'));
