import { sequenceOf } from '../model/position.ts';
import type { Message } from '../model/run.ts';
import { slots, takenApart } from '../pipeline/messages.ts';
import type { Clock, FailedBatch, FailedBatches, Ledger, Loader } from '../ports.ts';
import { noSearch, type Progress, type Search, whyOf, workThrough } from './work-through.ts';

export interface RedriveWorld {
  readonly failed: FailedBatches;
  readonly loader: Loader;
  readonly ledger: Pick<Ledger, 'counted'>;
  readonly clock: Clock;
  /** Name and creation time of the stream. */
  readonly stream: string;
  readonly searches: Searches;
}

/** Remembers searches, by the names of what is searched. */
export interface Searches {
  read(name: string): Promise<Search | null>;
  /** Null forgets it. */
  note(name: string, search: Search | null): Promise<void>;
}

export const searchesInMemory = (): Searches => {
  const known = new Map<string, Search>();
  return {
    read: async (name) => known.get(name) ?? null,
    note: async (name, search) => void (search ? known.set(name, search) : known.delete(name)),
  };
};

/**
 * Has a batch loaded that Lambda has given up, whole or in parts until the message at fault is alone and rejected. Its messages keep their positions and arrival, so that the
 * ledger counts each once, however often this is done. The batch goes when all of it is counted, and noted in the day's usage: of an attempt that died in between nobody else
 * would make up for that.
 */
export async function redriveBatch(key: string, until: Date, world: RedriveWorld): Promise<Progress> {
  const { failed, loader, searches, clock } = world;
  const batch = await failed.read(key);
  if (!batch) return { left: 0, why: null };
  if (typeof batch === 'string') return { left: 1, why: batch };
  const { records } = batch;
  const recordsOf = (positions: readonly string[]) => {
    const asked = new Set(positions.map(sequenceOf));
    return records.filter(({ position }) => asked.has(position));
  };
  const ask = (some: readonly Message[], only: readonly string[], condemned: string | null = null) =>
    loader.ask({ kind: 'records', records: some, only, condemned });
  const progress = await workThrough(
    {
      remaining: () => uncounted(batch, world),
      ask: (only, condemned) => ask(recordsOf(only), only, condemned),
      probe: () => loader.ask({ kind: 'probe' }),
      note: (search) => searches.note(key, search),
    },
    (await searches.read(key)) ?? noSearch,
    { clock, until, most: Number.POSITIVE_INFINITY },
  );
  if (progress.left > 0) return progress;
  const noted = await ask(records, []);
  if (noted.kind !== 'done') return { left: 0, why: whyOf(noted) };
  await failed.remove(key);
  await searches.note(key, null);
  return progress;
}

/** Positions of a batch that the ledger has not counted, in the order of the shard. */
export async function uncounted(
  { records }: Pick<FailedBatch, 'records'>,
  { ledger, stream }: Pick<RedriveWorld, 'ledger' | 'stream'>,
): Promise<string[]> {
  const found: string[] = [];
  for (const { slot, members } of slots(records.flatMap(takenApart), stream)) {
    const positions = members.map(({ position }) => position);
    const counted = await ledger.counted(slot, positions);
    found.push(...positions.filter((position) => !counted.positions.has(position)));
  }
  return found;
}
