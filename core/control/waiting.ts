import type { FileDelivery, FileRun } from '../model/run.ts';
import type { Registry } from '../ports.ts';

/** What a waiting run waits for: its hours, its day's quota, or another file's end. */
export type WaitsFor = 'hours' | 'quota' | 'turn';

/** A run that has not come to its end, effects included: the ledger's list of what somebody must still look after. */
export interface OpenRun {
  readonly run: Pick<FileRun, 'feed' | 'day' | 'id'>;
  readonly delivery: FileDelivery;
  /** When its file arrived, in milliseconds since 1970. */
  readonly arrivedAt: number;
  readonly bytes: number;
  readonly priority: number;
  /** Null while an attempt is at it; `until` in milliseconds since 1970. */
  readonly waits: { readonly until: number; readonly for: WaitsFor } | null;
}

const PART = 'open';

export const listOpen = async (registry: Registry): Promise<OpenRun[]> =>
  (await registry.list<OpenRun>(PART)).map(({ value }) => value);

/** Notes that a run has begun, waits, or waits no more. */
export const noteOpen = (registry: Registry, open: OpenRun): Promise<void> =>
  registry.change<OpenRun, void>(PART, open.run.id, (before) => ({
    value: before && JSON.stringify(before) === JSON.stringify(open) ? before : open,
    result: undefined,
  }));

/** Takes a run off the list, after everything that its end brings has been done. */
export const noteClosed = (registry: Registry, id: string): Promise<void> =>
  registry.change<OpenRun, void>(PART, id, () => ({ value: null, result: undefined }));

/** The order in which waiting files are let in: highest priority first, then the oldest, then the smallest. */
export const inOrder = (waiting: readonly OpenRun[]): OpenRun[] =>
  waiting.toSorted((a, b) => b.priority - a.priority || a.arrivedAt - b.arrivedAt || a.bytes - b.bytes);

/** Those whose time has come. */
export const due = (open: readonly OpenRun[], now: Date): OpenRun[] =>
  inOrder(open.filter(({ waits }) => waits !== null && waits.until <= now.getTime()));

/** Those that the end of another file can set free. */
export const waitingForOthers = (open: readonly OpenRun[]): OpenRun[] =>
  inOrder(open.filter(({ waits }) => waits !== null && waits.for !== 'hours'));
