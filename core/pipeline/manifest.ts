import { historyPart } from '../control/admission.ts';
import type { KeyHistory } from '../control/history.ts';
import { TransientError } from '../model/errors.ts';
import type { FileRun } from '../model/run.ts';
import { valueOfStored } from '../model/stored.ts';
import { primaryKey, type Table, textInKey } from '../model/table.ts';
import type { Feed } from '../model/tenant.ts';
import type { Objects, Registry, Sink, SinkRow } from '../ports.ts';
import { hashOfText } from '../quality/distinct.ts';
import { pause } from './patience.ts';

export interface ManifestWorld {
  readonly objects: Objects;
  readonly registry: Registry;
  readonly sink: Sink;
  readonly rejectsBucket: string;
  readonly signal: AbortSignal;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * The keys of a run's rows, for feeds whose new versions replace the old ones. They are held in memory until the file ends, or its part's next
 * checkpoint.
 */
export function keepKeys(table: Table) {
  const parts = primaryKey(table).map((name) => [name, textInKey(table, name)] as const);
  const keys = new Set<string>();
  return {
    add(outputs: readonly Values[]): void {
      for (const output of outputs) keys.add(JSON.stringify(parts.map(([name, of]) => of(output[name]))));
    },
    all: (): readonly string[] => [...keys].sort(),
  };
}

const manifestKey = (runId: string): string => `manifests/${runId}.ndjson`;

/** Keeps keys of a run for its next version; those of a part of it under a name of their own. */
export const putKeys = (
  keys: readonly string[],
  run: FileRun,
  { objects, rejectsBucket }: Pick<ManifestWorld, 'objects' | 'rejectsBucket'>,
  name = '',
): Promise<void> => objects.put(rejectsBucket, `${manifestKey(run.id)}${name}`, `${keys.join('\n')}\n`);

/** Adds the keys of a run's replayed rejects to those of the version that is loaded: the next version finds them by the prefix. */
export async function keepReplayedKeys(
  keys: readonly string[],
  run: FileRun,
  { objects, registry, rejectsBucket }: Omit<ManifestWorld, 'sink' | 'signal'>,
  name = '',
): Promise<void> {
  const history = await registry.read<KeyHistory>(historyPart(run), 'history');
  if (!history?.loaded) return;
  await objects.put(rejectsBucket, `${manifestKey(history.loaded.run)}.${run.id}${name}`, `${keys.join('\n')}\n`);
}

/** Keys that are held in memory at a time, about 100 bytes each. */
const HELD = 1_000_000;
/** Rows that are deleted at a time. */
const REMOVED = 6000;
/** Beyond them a function's time would be used up by reading. */
const MOST_SLICES = 1024;

/**
 * Deletes the rows that the last loaded version had and this one has not; all of this one's keys have been kept before. What memory does not hold is compared in slices, by
 * the hashes of keys: each slice costs another reading of both lists. `beat` holds the run meanwhile.
 */
export async function removeVanished(
  run: FileRun,
  feed: Feed,
  world: ManifestWorld & { readonly beat: () => Promise<unknown> },
  held = HELD,
): Promise<void> {
  const { objects, registry, rejectsBucket, beat } = world;
  const history = await registry.read<KeyHistory>(historyPart(run), 'history');
  const before = history?.loaded;
  if (!before || before.run === run.id) return;
  // At an equal time a delete would win over a row, so it is dated a microsecond before the first of ours.
  const writeTime = run.writeTimeBase - 1;
  let slices = 1;
  for (let slice = 0; slice < slices; slice++) {
    const isInSlice = (line: string) => slices === 1 || (hashOfText(line) >>> 0) % slices === slice;
    let kept = new Set<string>();
    for await (const text of objects.texts(rejectsBucket, manifestKey(run.id))) {
      for (const line of text.split('\n')) {
        if (isInSlice(line)) kept.add(line);
        // How many slices there are is found out with the first one: that of twice as many holds half of it.
        if (slice > 0 || kept.size <= held || slices >= MOST_SLICES) continue;
        slices *= 2;
        kept = new Set([...kept].filter(isInSlice));
      }
      await beat();
    }
    for await (const text of objects.texts(rejectsBucket, manifestKey(before.run))) {
      const vanished = text.split('\n').filter((line) => line !== '' && isInSlice(line) && !kept.has(line));
      for (let at = 0; at < vanished.length; at += REMOVED) {
        const lines = vanished.slice(at, at + REMOVED);
        await remove(
          lines.map((line) => ({ values: valuesOf(feed, line), writeTime })),
          feed,
          world,
        );
        await beat();
      }
      await beat();
    }
  }
}

function valuesOf({ table }: Feed, line: string): Values {
  const texts = JSON.parse(line) as string[];
  return Object.fromEntries(
    primaryKey(table).map((name, index) => [
      name,
      valueOfStored(table.columns[name] ?? 'text', texts[index] as string),
    ]),
  );
}

async function remove(rows: readonly SinkRow[], feed: Feed, { sink, signal }: ManifestWorld): Promise<void> {
  let pending = rows;
  for (let attempt = 0; pending.length > 0; attempt++) {
    const failures = await sink.remove(feed.table, pending, signal);
    pending = failures.map(({ index }) => pending[index] as SinkRow);
    const [failure] = failures;
    if (failure && (!failure.retryable || (await pause(attempt, signal)) === 'out of time')) {
      throw new TransientError('SLU-5001', `old rows cannot be deleted: ${failure.message}`);
    }
  }
}
