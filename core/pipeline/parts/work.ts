import { isCancelled, notePart, PART_LEASE_SECONDS, type TakenPart } from '../../control/parts.ts';
import type { Chunk } from '../../formats/format.ts';
import { readRecords } from '../../formats/readers.ts';
import { capped } from '../../model/capped.ts';
import { TransientError } from '../../model/errors.ts';
import type { Part, Plan } from '../../model/plan.ts';
import { addCounts, type Place, placeOf } from '../../model/row.ts';
import type { FileRun } from '../../model/run.ts';
import type { Registry, StoredObject } from '../../ports.ts';
import { Observer } from '../../quality/observer.ts';
import type { Duplicates } from '../../quality/uniqueness.ts';
import { needsCheck } from '../../quality/verdict.ts';
import type { Admitted } from '../admit.ts';
import { repeated } from '../check-file.ts';
import { addToDigest } from '../digest.ts';
import { maxRecordOf } from '../first-pass.ts';
import { ingest, type Settled } from '../ingest.ts';
import { takenAway } from '../lease.ts';
import { nowhere } from '../load.ts';
import { type LoadWorld, onlyAt } from '../load-file.ts';
import { keepKeys, keepReplayedKeys, putKeys } from '../manifest.ts';
import { isUnreadable, reasonOf } from '../reason.ts';
import { firstOf, putFileRejections } from '../rejects.ts';
import { PATIENCE_WITH_FILES } from '../transform.ts';
import { hashing } from './hash.ts';
import { momentsOf } from './moments.ts';
import { attemptName, keyStore, readSaved, type Saved, savedKey } from './saved.ts';

/** What is to be done with the parts of a file in one phase. */
export interface PartWork {
  readonly run: FileRun;
  readonly plan: Plan;
  readonly file: StoredObject;
  readonly admitted: Admitted;
  readonly world: LoadWorld & { readonly registry: Registry };
  /** Names this attempt. */
  readonly owner: string;
  /** The positions that are to be loaded; null for all. */
  readonly only: ReadonlySet<number> | null;
  /** By rule, the records whose key came before: they cost the file. */
  readonly duplicates: ReadonlyMap<string, Duplicates>;
  /** When the part is handed on, if it is not done by then. */
  readonly until: Date;
  /** Holds the run. */
  beat(): Promise<void>;
}

/** How an attempt leaves a part: done, or stopped for good; or with the rest of it for another one. */
export type Left = 'ended' | 'time' | 'cancelled';

/** Milliseconds between two checkpoints: what is lost with a function that dies, and a quarter of what keeps others away. */
const CHECKPOINT = (PART_LEASE_SECONDS * 1000) / 4;

/**
 * Works on a part from its last checkpoint on. What cannot be read, and what no attempt would bring further, stops it for good; what may pass is thrown,
 * and the part is free for the next attempt.
 */
export async function workOnPart(taken: TakenPart, work: PartWork): Promise<Left> {
  const { index } = taken;
  const { run, plan, world, owner } = work;
  const note = async (change: Partial<Part>) => {
    if (!(await notePart(world.registry, run, plan.phase, index, owner, change))) throw takenAway(run);
  };
  try {
    const pass = plan.phase === 'check' && !isJudged(work) ? countPart : ingestPart;
    const { left, change } = await pass(taken, work, note);
    if (left === 'time') await note({ ...change, owner: null, handOvers: taken.part.handOvers + 1 });
    else if (left === 'cancelled') await note({ ...change, owner: null });
    else await note({ ...change, owner: null, state: change.stop ? 'stopped' : 'done' });
    return left;
  } catch (error) {
    if (error instanceof TransientError) {
      // If this fails, too, the lease runs out.
      await note({ owner: null }).catch(() => {});
      throw error;
    }
    await note({
      owner: null,
      state: 'stopped',
      stop: { state: isUnreadable(error) ? 'refused' : 'failed', ...reasonOf(error) },
    });
    return 'ended';
  }
}

interface Pass {
  readonly left: Left;
  readonly change: Partial<Part>;
}

type Note = (change: Partial<Part>) => Promise<void>;

const isJudged = ({ admitted, run }: PartWork): boolean => needsCheck(admitted.feed) && run.rejectsOf === null;

/** Whether a part is to be left now, and when its checkpoint is due. */
function pacer({ world: { clock, registry }, run, until }: PartWork) {
  let due = clock.now().getTime() + CHECKPOINT;
  let left: Left | null = null;
  return {
    left: () => left,
    /** Notes a checkpoint when it is time, and looks whether the part is to be left. */
    async step(checkpoint: (change: { readonly until: number }) => Promise<void>): Promise<void> {
      const now = clock.now();
      if (now >= until) left ??= 'time';
      if (now.getTime() < due) return;
      due = now.getTime() + CHECKPOINT;
      await checkpoint({ until: now.getTime() + PART_LEASE_SECONDS * 1000 });
      if (await isCancelled(registry, run)) left = 'cancelled';
    },
  };
}

/** Opens the records of a part, behind those that are settled; what is told of lines goes to `lines`. */
function opened(
  { index, part }: TakenPart,
  work: PartWork,
  file: StoredObject,
  lines: (count: number) => void,
  counting = false,
) {
  const { plan, admitted, world } = work;
  const stretch = plan.stretches[index];
  const base = plan.phase === 'check' ? undefined : plan.counted?.bases[index];
  const start = { ...(stretch && { stretch }), ...(base && { base }), ...(part.after && { after: part.after }) };
  const options = { maxRecord: maxRecordOf(world.tenant.limits), counting };
  async function* chunks(): AsyncGenerator<Chunk> {
    for await (const chunk of readRecords(file, admitted.format, options, world.signal, start)) {
      if (chunk.next) lines(chunk.next.line - (base?.line ?? 1));
      yield chunk;
    }
  }
  return chunks();
}

/** A file with more rows than it may have, of which nothing is loaded. */
export const tooManyRows = (most: number) =>
  ({
    state: 'refused',
    code: 'SLU-3007',
    message: `the file has more than ${most} rows, which is what the profile allows`,
  }) as const;

/** Bytes that a part is to hash: its own, or of a Parquet file as many as every other part. */
function bytesOf({ index }: TakenPart, { plan: { stretches }, file, admitted }: PartWork) {
  const stretch = stretches[index];
  const share = (part: number) => Math.floor((file.size * part) / stretches.length);
  const inBytes = stretch && admitted.format.among.every(({ format }) => format !== 'parquet');
  return inBytes ? stretch : { start: share(index), end: share(index + 1) };
}

/** Counts the records of a part; all count as loaded. */
async function countPart(taken: TakenPart, work: PartWork, note: Note): Promise<Pass> {
  const { part } = taken;
  const { maxFileRows } = capped(work.world.tenant.limits);
  const hash = hashing(work.file, bytesOf(taken, work));
  const pace = pacer(work);
  const counts = { ...part.counts };
  let after = part.after;
  let lines = part.lines ?? 0;
  const saw = (count: number) => {
    lines = count;
  };
  for await (const { items, refusal } of opened(taken, work, hash.file, saw, true)) {
    if (refusal) return { left: 'ended', change: { stop: { state: 'refused', ...refusal } } };
    await work.beat();
    counts.read += items.length;
    counts.loaded += items.length;
    const last = items.at(-1);
    // Without a record nothing has been won that could be handed on.
    if (!last) continue;
    after = placeOf(last);
    if (counts.read > maxFileRows) return { left: 'ended', change: { counts, stop: tooManyRows(maxFileRows) } };
    await pace.step((change) => note({ ...change, counts: { ...counts }, after, lines }));
    const left = pace.left();
    if (left) return { left, change: { counts, after, lines } };
  }
  return { left: 'ended', change: { counts, after, lines, hash: await hash.digest(work.world.signal, work.beat) } };
}

/** Takes the records of a part through the pipeline: into the sink, or, to judge them or to tell their rejections, nowhere. */
async function ingestPart(taken: TakenPart, work: PartWork, note: Note): Promise<Pass> {
  const { index, part } = taken;
  const { run, plan, admitted, world, owner, only, beat } = work;
  const { feed, format } = admitted;
  const { tenant, objects, rejectsBucket, signal } = world;
  const loads = plan.phase === 'load';
  const saved = await readSaved(objects, rejectsBucket, part.saved, signal);
  const asked = loads ? (only ? 'no rules on files' : 'rules that warn') : 'all rules';
  const keys = keyStore(objects, rejectsBucket, run, `${plan.phase}/${attemptName(index, owner)}`, signal);
  const observer = new Observer(feed, format, asked, keys);
  if (saved.observed) observer.merge(saved.observed);
  const hash = hashing(work.file, bytesOf(taken, work));
  const pace = pacer(work);
  let counts = part.counts;
  let after: Place | null = part.after;
  let lines = part.lines ?? 0;
  let { digest, firstRejections }: Saved = saved;
  let saves = 0;

  let kept = loads && feed.overwrite === 'replace' ? keepKeys(feed.table) : null;
  let from = after?.position ?? 0;

  const save = async (): Promise<Partial<Part>> => {
    // Keys of rows that a later attempt may write again do no harm: it is the same file.
    if (kept && kept.all().length > 0) {
      const name = `.${index}.${from}`;
      await (only ? keepReplayedKeys(kept.all(), run, world, name) : putKeys(kept.all(), run, world, name));
      [kept, from] = [keepKeys(feed.table), after?.position ?? 0];
    }
    const key = savedKey(run, plan.phase, index, owner, saves++);
    const state: Saved = { digest, firstRejections, observed: await observer.state() };
    await objects.put(rejectsBucket, key, JSON.stringify(state));
    return { counts, after, lines, saved: key };
  };
  const settled = async (window: Settled) => {
    const rejected =
      plan.phase === 'tell' ? [...window.rejected, ...repeated(window, work.duplicates, feed)] : window.rejected;
    if (plan.phase !== 'check') await putFileRejections(objects, rejectsBucket, run, rejected);
    await observer.add(window);
    firstRejections = firstOf([...firstRejections, ...rejected]);
    kept?.add(window.outputs);
    if (loads) digest = addToDigest(digest, window.outputs, feed.table);
    const total = { ...counts };
    addCounts(total, window.counts);
    [counts, after] = [total, window.last];
    await beat();
    await pace.step(async (change) => note({ ...change, ...(await save()) }));
  };
  try {
    const records = opened(taken, work, hash.file, (count) => {
      lines = count;
    });
    const { refusal } = await ingest({
      tenant: tenant.id,
      feed,
      origin: `s3://${run.object.bucket}/${run.object.key}`,
      chunks: only ? onlyAt(records, only) : observer.watch(records),
      sink: loads ? world.sink : nowhere,
      signal,
      patience: PATIENCE_WITH_FILES,
      writeTimeOf: loads ? momentsOf(run, plan, index, tenant.limits) : ({ position }) => Number(position),
      settled,
      enough: () => pace.left() !== null,
    });
    const left = pace.left();
    const change = await save();
    if (refusal) return { left: 'ended', change: { ...change, stop: { state: 'refused', ...refusal } } };
    // The time may be up just when the work is done: then the next attempt finds nothing more.
    if (left || loads) return { left: left ?? 'ended', change };
    const { maxFileRows } = capped(tenant.limits);
    if (counts.read > maxFileRows) return { left: 'ended', change: { ...change, stop: tooManyRows(maxFileRows) } };
    return { left: 'ended', change: { ...change, hash: await hash.digest(signal, beat) } };
  } finally {
    await observer.close();
  }
}
