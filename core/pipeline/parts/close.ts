import { knownColumns } from '../../control/known-columns.ts';
import type { Refusal } from '../../formats/format.ts';
import { capped } from '../../model/capped.ts';
import type { Part, Plan, PlanSummary } from '../../model/plan.ts';
import { addCounts, type Counts, noCounts, type Rejection } from '../../model/row.ts';
import type { FileRun, RunState } from '../../model/run.ts';
import { type Checked, type RunQuality, unseen } from '../../model/run-quality.ts';
import { type Asked, Observer } from '../../quality/observer.ts';
import type { Duplicates } from '../../quality/uniqueness.ts';
import { needsCheck, verdictOf } from '../../quality/verdict.ts';
import type { CheckedFile } from '../check-file.ts';
import { addDigests } from '../digest.ts';
import type { LoadWorld } from '../load-file.ts';
import { removeVanished } from '../manifest.ts';
import { firstOf } from '../rejects.ts';
import { hashOfParts } from './hash.ts';
import { keyStore, readSaved, readText, workPrefix } from './saved.ts';
import type { Task } from './task.ts';
import { tooManyRows } from './work.ts';

/** A phase that has come to its end. */
export interface Brought {
  readonly plan: Plan;
  readonly parts: ReadonlyMap<number, Part>;
}

export interface Closing extends Task {
  /** Holds the run. */
  readonly beat: () => Promise<unknown>;
}

/** All parts that have been begun, in their order. */
const begunOf = ({ parts }: Brought): Part[] => [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);

/** Up to and with the first part that was stopped: what lies behind it was not read, as if the file had been read in one go. */
function inOrder({ plan, parts }: Brought): Part[] {
  const all: Part[] = [];
  for (let index = 0; index < plan.stretches.length; index++) {
    const part = parts.get(index);
    if (!part) break;
    all.push(part);
    if (part.state === 'stopped') break;
  }
  return all;
}

const sumOf = (parts: Iterable<Part>): Counts => {
  const total = noCounts();
  for (const { counts } of parts) addCounts(total, counts);
  return total;
};

export function summaryOf({ phase, stretches }: Plan, parts: ReadonlyMap<number, Part>): PlanSummary {
  let [handOvers, takeOvers] = [0, 0];
  for (const part of parts.values()) [handOvers, takeOvers] = [handOvers + part.handOvers, takeOvers + part.takeOvers];
  return { phase, parts: stretches.length, handOvers, takeOvers };
}

/** What a run says of itself while its parts are worked on: only what is loaded counts. */
export const progressOf = (plan: Plan, parts: ReadonlyMap<number, Part>) => ({
  counts: plan.phase === 'load' ? sumOf(parts.values()) : noCounts(),
  plan: summaryOf(plan, parts),
});

/** Where each part begins, as far as the parts before it have been counted, and the rows of all. */
export function countedBy(brought: Brought): NonNullable<Plan['counted']> {
  let next = { position: 1, line: 1 };
  const bases = inOrder(brought).map(({ counts, lines }) => {
    const base = next;
    next = { position: base.position + counts.read, line: base.line + (lines ?? 0) };
    return base;
  });
  return { bases, rows: next.position - 1 };
}

const stopOf = (parts: readonly Part[]) => parts.at(-1)?.stop ?? null;

/** What has been seen of a file by all its parts together. */
async function seenBy(
  run: FileRun,
  brought: Brought,
  asked: Asked,
  closing: Closing,
): Promise<{
  quality: RunQuality;
  duplicates: ReadonlyMap<string, Duplicates>;
  digest: string;
  firstRejections: readonly Rejection[];
}> {
  const { world, admitted, beat } = closing;
  const { plan } = brought;
  // What is in the sink is told, also of parts behind one that was stopped.
  const parts = plan.phase === 'load' ? begunOf(brought) : inOrder(brought);
  const keys = keyStore(world.objects, world.rejectsBucket, run, 'closing', world.signal);
  const observer = new Observer(admitted.feed, admitted.format, asked, keys);
  let digest = '';
  let firstRejections: readonly Rejection[] = [];
  const { bases } = plan.counted ?? countedBy(brought);
  try {
    for (const [index, { saved }] of parts.entries()) {
      const state = await readSaved(world.objects, world.rejectsBucket, saved, world.signal);
      digest = addDigests(digest, state.digest);
      firstRejections = firstOf([...firstRejections, ...state.firstRejections]);
      // Before all is counted, records have been numbered from the start of their part on.
      const before = plan.phase === 'check' ? (bases[index]?.position ?? 1) - 1 : 0;
      if (state.observed) observer.merge(state.observed, before);
      await beat();
    }
    const last = await knownColumns(world.registry, admitted.feed.name);
    const whole = parts.length === plan.stretches.length && parts.every(({ state }) => state === 'done');
    const ended = await observer.end({ arrivedAt: run.modified, last, whole, beat: async () => void (await beat()) });
    return { ...ended, digest, firstRejections };
  } finally {
    await observer.close();
  }
}

/** What the phase `check` has found. Where records have cost the file, its rejections must be told. */
export async function judge(
  run: FileRun,
  brought: Brought,
  closing: Closing,
): Promise<{ checked: CheckedFile; mustBeTold: boolean }> {
  const { world, admitted } = closing;
  const parts = inOrder(brought);
  const counts = sumOf(parts);
  const contentHash = parts.every(({ hash }) => hash !== null)
    ? hashOfParts(parts.map(({ hash }) => hash as string))
    : null;
  const { maxFileRows } = capped(world.tenant.limits);
  const stop = stopOf(parts) ?? (counts.read > maxFileRows ? tooManyRows(maxFileRows) : null);
  const refusal: Refusal | null = stop && { code: stop.code, message: stop.message };
  const found = { ...run, contentHash: refusal ? null : contentHash };
  if (!needsCheck(admitted.feed) || run.rejectsOf !== null || stop?.code === 'SLU-3007') {
    return { checked: { run: found, rows: counts.read, refusal }, mustBeTold: false };
  }
  if (run.quality?.checked?.profileVersion === world.profileVersion && !run.quality.checked.refusal) {
    return { checked: { run: found, rows: counts.read, refusal: null }, mustBeTold: false };
  }
  const { quality, duplicates } = await seenBy(run, brought, 'all rules', closing);
  const verdict = refusal ?? verdictOf(admitted.feed, counts, quality);
  const checked: Checked = { profileVersion: world.profileVersion, counts, refusal: verdict };
  if (verdict) await putDuplicates(run, duplicates, world);
  return {
    checked: { run: { ...found, quality: unseen(checked) }, rows: counts.read, refusal: verdict },
    mustBeTold: verdict !== null,
  };
}

/** A file that is refused for its records, when all that is wrong with them has been stored. */
export async function toldBy({ run, refusal }: CheckedFile, brought: Brought, closing: Closing): Promise<CheckedFile> {
  const { quality, firstRejections } = await seenBy(run, brought, 'all rules', closing);
  const counts = sumOf(inOrder(brought));
  const checked: Checked = { profileVersion: closing.world.profileVersion, counts, refusal };
  return { run: { ...run, quality: { ...quality, checked }, firstRejections }, rows: counts.read, refusal };
}

/** The run as it is to end, by what has become of its parts. */
export async function loadedBy(run: FileRun, brought: Brought, closing: Closing): Promise<FileRun> {
  const parts = inOrder(brought);
  const counts = sumOf(brought.parts.values());
  const stop = stopOf(parts);
  const asked = run.rejectsOf === null ? 'rules that warn' : 'no rules on files';
  const { quality, digest, firstRejections } = await seenBy(run, brought, asked, closing);
  const { feed } = closing.admitted;
  const ended = brought.plan.stretches.every((_, index) => brought.parts.get(index)?.state === 'done');
  if (ended && feed.overwrite === 'replace' && run.rejectsOf === null) {
    await removeVanished(run, feed, { ...closing.world, beat: closing.beat });
  }
  const state: RunState = stop ? stop.state : counts.rejected > 0 ? 'partial' : 'loaded';
  const where =
    parts.length > 1 && stop?.state === 'failed' ? `part ${parts.length} of ${brought.plan.stretches.length}: ` : '';
  return {
    ...run,
    state,
    counts,
    digest,
    firstRejections,
    quality: { ...quality, checked: run.quality?.checked ?? null },
    plan: summaryOf(brought.plan, brought.parts),
    reason: stop && { code: stop.code, message: `${where}${stop.message}` },
  };
}

const duplicatesKey = (run: FileRun): string => `${workPrefix(run)}duplicates.json`;

type Stored = readonly (readonly [rule: string, count: number, first: readonly (readonly [number, number])[]])[];

const putDuplicates = (
  run: FileRun,
  duplicates: ReadonlyMap<string, Duplicates>,
  { objects, rejectsBucket }: LoadWorld,
): Promise<void> => {
  const stored: Stored = [...duplicates].map(([rule, { count, first }]) => [rule, count, [...first]]);
  return objects.put(rejectsBucket, duplicatesKey(run), JSON.stringify(stored));
};

export async function readDuplicates(
  run: FileRun,
  { objects, rejectsBucket, signal }: LoadWorld,
): Promise<ReadonlyMap<string, Duplicates>> {
  const text = await readText(objects, rejectsBucket, duplicatesKey(run), signal);
  const stored = JSON.parse(text) as Stored;
  return new Map(stored.map(([rule, count, first]) => [rule, { count, first: new Map(first) }]));
}
