import type { StreamSlot } from '../model/run.ts';
import { streamRunId } from '../model/tally.ts';
import type { Registry } from '../ports.ts';
import type { Search } from './work-through.ts';

/** A stream run with messages over the quota that the platform keeps, until there is room for them. */
export interface Kept {
  readonly stream: string;
  readonly shard: string;
  /** Milliseconds since 1970. */
  readonly minute: number;
  /** Grows whenever more may be kept: whoever has looked before does not take the entry away. */
  readonly touched: number;
  /** What is being loaded of it, under the same run until it is done, whoever begins and ends it. */
  readonly plan: Plan | null;
}

export interface Plan {
  /** Milliseconds since 1970. */
  readonly requestedAt: number;
  /** Of the stored messages. */
  readonly keys: readonly string[];
  readonly search: Search;
}

export const KEPT_PART = 'kept';

/** Notes that messages of a run are kept; after they have been stored, and before they are counted. */
export const noteKept = (slot: StreamSlot, registry: Registry): Promise<void> =>
  registry.change<Kept, void>(KEPT_PART, streamRunId(slot), (before) => {
    const { stream, shard, minute } = slot;
    const entry = before ?? { stream, shard, minute: minute.getTime(), touched: 0, plan: null };
    return { value: { ...entry, touched: entry.touched + 1 }, result: undefined };
  });
