import { knownColumns } from '../control/known-columns.ts';
import type { Chunk, Refusal } from '../formats/format.ts';
import { readRecords } from '../formats/readers.ts';
import { addCounts, noCounts } from '../model/row.ts';
import type { FileRun, RunState } from '../model/run.ts';
import type { Tenant } from '../model/tenant.ts';
import type { Ledger, Objects, Registry, Sink, StoredObject } from '../ports.ts';
import { Observer } from '../quality/observer.ts';
import type { Admitted } from './admit.ts';
import { addToDigest } from './digest.ts';
import { maxRecordOf } from './first-pass.ts';
import { ingest, type Settled } from './ingest.ts';
import { type HeldRun, holdOn } from './lease.ts';
import { keepKeys, keepReplayedKeys, putKeys, removeVanished } from './manifest.ts';
import { firstOf, putFileRejections, rejectedPositions } from './rejects.ts';
import { PATIENCE_WITH_FILES } from './transform.ts';
import { earliestWriteTime, rowWriteTime, type WriteTimes } from './write-time.ts';

export interface LoadWorld extends WriteTimes {
  readonly tenant: Tenant;
  readonly objects: Objects;
  readonly ledger: Ledger;
  readonly registry: Registry;
  readonly sink: Sink;
  readonly rejectsBucket: string;
  /** Ends when the function's time is nearly used up. */
  readonly signal: AbortSignal;
}

/** Loads a file's rows, noting after each window what is settled. Answers the run as it is to end. */
export async function loadFile(
  held: HeldRun,
  admittedRun: FileRun,
  stored: StoredObject,
  { feed, format }: Admitted,
  world: LoadWorld,
): Promise<FileRun> {
  const { tenant, objects, rejectsBucket, signal } = world;
  // An attempt long after the first may find the base out of the database's reach; a later one then only ever raises it.
  const writeTimeBase = Math.max(admittedRun.writeTimeBase, earliestWriteTime(world));
  let run: FileRun = { ...admittedRun, writeTimeBase, counts: noCounts(), firstRejections: [], digest: '' };
  const only = run.rejectsOf === null ? null : await rejectedPositions(objects, rejectsBucket, run, run.rejectsOf);
  const chunks = readRecords(stored, format, { maxRecord: maxRecordOf(tenant.limits) }, signal);
  // What may refuse the file has been asked before; records that were rejected once are no file.
  const observer = new Observer(feed, format, only ? 'no rules on files' : 'rules that warn');
  const beat = () => holdOn(held, run, world.registry);
  const keys = feed.overwrite === 'replace' ? keepKeys(feed.table) : null;

  const settled = async (window: Settled) => {
    const { counts, rejected, outputs } = window;
    await putFileRejections(objects, rejectsBucket, run, rejected);
    const total = { ...run.counts };
    addCounts(total, counts);
    keys?.add(outputs);
    await observer.add(window);
    const firstRejections = firstOf([...run.firstRejections, ...rejected]);
    run = { ...run, counts: total, firstRejections, digest: addToDigest(run.digest, outputs, feed.table) };
    await beat();
  };
  let refusal: Refusal | null;
  try {
    ({ refusal } = await ingest({
      tenant: tenant.id,
      feed,
      origin: `s3://${run.object.bucket}/${run.object.key}`,
      chunks: only ? onlyAt(chunks, only) : observer.watch(chunks),
      sink: world.sink,
      signal,
      patience: PATIENCE_WITH_FILES,
      writeTimeOf: ({ position }) => rowWriteTime(run, position, tenant.limits),
      settled,
    }));
    const last = await knownColumns(world.registry, feed.name);
    const { quality } = await observer.end({ arrivedAt: run.modified, last, whole: !refusal, beat });
    run = { ...run, quality: { ...quality, checked: run.quality?.checked ?? null } };
  } finally {
    await observer.close();
  }
  if (keys && !refusal) {
    if (only) await keepReplayedKeys(keys.all(), run, world);
    else {
      await putKeys(keys.all(), run, world);
      await removeVanished(run, feed, { ...world, beat: () => held.beat(run) });
    }
  }
  const state: RunState = refusal ? 'refused' : run.counts.rejected > 0 ? 'partial' : 'loaded';
  return { ...run, state, reason: refusal };
}

/** Leaves only the records at some positions. */
export async function* onlyAt(chunks: AsyncIterable<Chunk>, positions: ReadonlySet<number>): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    yield { ...chunk, items: chunk.items.filter(({ position }) => positions.has(Number(position))) };
  }
}
