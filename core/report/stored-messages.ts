import type { StreamRun } from '../model/run.ts';
import { type Named, namedBy } from '../pipeline/rejected-message.ts';
import type { Ledger } from '../ports.ts';

/** What lies in the rejects bucket of messages, by stream run. */
export interface StoredMessages {
  /** How many rejected messages are stored. */
  readonly rejects: ReadonlyMap<string, number>;
  /** How many of them wait for room in the quota: they are kept, and no replay has marked them. */
  readonly waiting: ReadonlyMap<string, number>;
}

/** The run below whose prefix an object lies. */
export const runOf = (key: string): string => key.split('/')[3] as string;

/** Whether an object is of a stream run: a message lies under its position, and a file's rejections are lines of fewer objects. */
export const isOfStream = (key: string): boolean => runOf(key).startsWith('stream.');

/** Counts stored messages by the keys of their objects, without a look into them. */
export async function storedMessages(
  keys: readonly string[],
  streams: readonly StreamRun[],
  ledger: Pick<Ledger, 'counted'>,
): Promise<StoredMessages> {
  const names = await withoutStrays(
    keys.map((key) => ({ run: runOf(key), ...namedBy(key) })),
    streams,
    ledger,
  );
  const messageOf = ({ run, position }: NamedOf) => `${run} ${position}`;
  const settled = new Set(names.filter((name) => name.settled).map(messageOf));
  const kept = names.filter((name) => name.keptBytes !== null && !settled.has(messageOf(name)));
  const once = new Map(names.map((name) => [messageOf(name), name])).values();
  return { rejects: countByRun(once), waiting: countByRun(kept) };
}

interface NamedOf extends Named {
  readonly run: string;
}

function countByRun(names: Iterable<NamedOf>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { run } of names) counts.set(run, (counts.get(run) ?? 0) + 1);
  return counts;
}

/** Of two deliveries that judge a message at one time one may have stored it as over the quota, and the other have counted it as let in. */
async function withoutStrays(
  names: readonly NamedOf[],
  streams: readonly StreamRun[],
  ledger: Pick<Ledger, 'counted'>,
): Promise<readonly NamedOf[]> {
  const kept = Object.groupBy(
    names.filter(({ keptBytes }) => keptBytes !== null),
    ({ run }) => run,
  );
  const strays = new Set<string>();
  for (const slot of streams) {
    const of = kept[slot.id] ?? [];
    if (of.length === 0) continue;
    const asked = of.map(({ position }) => position);
    const { positions, over } = await ledger.counted(slot, asked);
    for (const { key, position } of of) if (positions.has(position) && !over.has(position)) strays.add(key);
  }
  return names.filter(({ key }) => !strays.has(key));
}
