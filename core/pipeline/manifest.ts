import { historyPart } from '../control/admission.ts';
import type { KeyHistory } from '../control/history.ts';
import { TransientError } from '../model/errors.ts';
import type { FileRun } from '../model/run.ts';
import { valueOfStored } from '../model/stored.ts';
import { primaryKey, type Table, textInKey } from '../model/table.ts';
import type { Feed } from '../model/tenant.ts';
import type { Objects, Registry, Sink, SinkRow } from '../ports.ts';
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
 * The keys of a run's rows, for feeds whose new versions replace the old ones. They are held in memory until the file ends: at most as many as
 * the profile allows rows.
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

/** Deletes the rows that the last loaded version had and this one has not; all of this one's keys have been kept before. */
export async function removeVanished(run: FileRun, feed: Feed, world: ManifestWorld): Promise<void> {
  const { objects, registry, rejectsBucket } = world;
  const history = await registry.read<KeyHistory>(historyPart(run), 'history');
  const before = history?.loaded;
  if (!before || before.run === run.id) return;
  const kept = new Set<string>();
  for await (const text of objects.texts(rejectsBucket, manifestKey(run.id))) {
    for (const line of text.split('\n')) kept.add(line);
  }
  // At an equal time a delete would win over a row, so it is dated a microsecond before the first of ours.
  const writeTime = run.writeTimeBase - 1;
  for await (const text of objects.texts(rejectsBucket, manifestKey(before.run))) {
    const vanished = text.split('\n').filter((line) => line !== '' && !kept.has(line));
    await remove(
      vanished.map((line) => ({ values: valuesOf(feed, line), writeTime })),
      feed,
      world,
    );
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
