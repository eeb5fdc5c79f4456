import { knownColumns } from '../control/known-columns.ts';
import type { Chunk, Refusal } from '../formats/format.ts';
import { capped } from '../model/capped.ts';
import { isFileRule } from '../model/quality.ts';
import { addCounts, type Counts, noCounts, placeOf, type Rejection } from '../model/row.ts';
import type { FileRun } from '../model/run.ts';
import { type Checked, type RunQuality, unseen } from '../model/run-quality.ts';
import { show } from '../model/show.ts';
import { primaryKey } from '../model/table.ts';
import type { Feed, Tenant } from '../model/tenant.ts';
import type { Objects, Registry, StoredObject } from '../ports.ts';
import { Observer } from '../quality/observer.ts';
import type { Duplicates } from '../quality/uniqueness.ts';
import { certainly, needsCheck, verdictOf } from '../quality/verdict.ts';
import type { Admitted } from './admit.ts';
import { type FirstPass, firstPass, scan } from './first-pass.ts';
import { ingest, type Settled } from './ingest.ts';
import { nowhere } from './load.ts';
import { firstOf, putFileRejections } from './rejects.ts';
import { PATIENCE_WITH_FILES } from './transform.ts';

export interface CheckWorld {
  readonly tenant: Tenant;
  readonly objects: Objects;
  readonly registry: Registry;
  readonly rejectsBucket: string;
  readonly profileVersion: string;
  readonly signal: AbortSignal;
}

/** The run with what is known of its file before the load; `refusal` when there is to be none. */
export interface CheckedFile {
  readonly run: FileRun;
  readonly rows: number;
  readonly refusal: Refusal | null;
}

/**
 * Reads a file before its load, once: for its number of rows, its hash and whether it can be read to its end; and where the feed says that bad records
 * cost the file, through transform and rules too. What is refused is read again, to store all that is wrong with it. `beat` holds the run meanwhile; an
 * attempt that takes over with the same profile takes the answer over, too.
 */
export async function checkFile(
  run: FileRun,
  stored: StoredObject,
  admitted: Admitted,
  world: CheckWorld,
  beat: () => Promise<void>,
): Promise<CheckedFile> {
  const { tenant, profileVersion, signal, objects, rejectsBucket } = world;
  const before = run.quality?.checked;
  if (before?.profileVersion === profileVersion && run.contentHash) {
    return { run, rows: before.counts.read, refusal: null };
  }
  // A replay of rejects is not a file of its own: its run's file has been judged.
  if (!needsCheck(admitted.feed) || run.rejectsOf !== null) {
    const pass = await firstPass(stored, admitted.format, capped(tenant.limits), signal, beat);
    if ('code' in pass) return { run, rows: 0, refusal: pass };
    return { run: { ...run, contentHash: pass.contentHash }, rows: pass.rows, refusal: null };
  }
  const task = { run, stored, admitted, world, beat };
  const first = await passOver(task, certainly);
  const checkedBy = (counts: Counts, refusal: Refusal | null): Checked => ({ profileVersion, counts, refusal });
  if (!first.refusal) {
    const { rows, contentHash } = await first.passed();
    return { run: { ...run, contentHash, quality: unseen(checkedBy(first.counts, null)) }, rows, refusal: null };
  }
  let firstRejections: readonly Rejection[] = [];
  const told = await passOver(
    task,
    () => null,
    async (window) => {
      const rejected = [...window.rejected, ...repeated(window, first.duplicates, admitted.feed)];
      firstRejections = firstOf([...firstRejections, ...rejected]);
      await putFileRejections(objects, rejectsBucket, run, rejected);
    },
  );
  const refusal = told.refusal ?? first.refusal;
  // What cannot be read to its end has no content.
  const contentHash = told.broken ? null : (await told.passed()).contentHash;
  const quality = { ...told.quality, checked: checkedBy(told.counts, refusal) };
  return { run: { ...run, contentHash, quality, firstRejections }, rows: told.counts.read, refusal };
}

interface Passed {
  readonly refusal: Refusal | null;
  /** It cannot be read, or transformed, to its end. */
  readonly broken: boolean;
  passed(): Promise<FirstPass>;
  readonly counts: Counts;
  readonly quality: RunQuality;
  readonly duplicates: ReadonlyMap<string, Duplicates>;
}

interface Task {
  readonly run: FileRun;
  readonly stored: StoredObject;
  readonly admitted: Admitted;
  readonly world: CheckWorld;
  readonly beat: () => Promise<void>;
}

/** Takes a file through the pipeline without loading it, to its end or to where `until` knows the answer. */
async function passOver(
  { run, stored, admitted: { feed, format }, world: { tenant, registry, signal }, beat }: Task,
  until: typeof certainly | (() => null),
  settled?: (window: Settled) => Promise<void>,
): Promise<Passed> {
  const { chunks, passed } = scan(stored, format, capped(tenant.limits), signal, beat);
  const observer = new Observer(feed, format, 'all rules');
  const total = noCounts();
  let certain: Refusal | null = null;
  try {
    const { refusal } = await ingest({
      tenant: tenant.id,
      feed,
      origin: `s3://${run.object.bucket}/${run.object.key}`,
      chunks: untilThat(observer.watch(chunks), () => certain !== null),
      sink: nowhere,
      signal,
      patience: PATIENCE_WITH_FILES,
      writeTimeOf: ({ position }) => Number(position),
      settled: async (window) => {
        addCounts(total, window.counts);
        await observer.add(window);
        await settled?.(window);
        certain ??= until(feed, total, observer.rules());
      },
    });
    const last = await knownColumns(registry, feed.name);
    const whole = refusal === null && certain === null;
    const { quality, duplicates } = await observer.end({ arrivedAt: run.modified, last, whole, beat });
    const verdict = refusal ?? certain ?? verdictOf(feed, total, quality);
    return { refusal: verdict, broken: refusal !== null, passed, counts: total, quality, duplicates };
  } finally {
    await observer.close();
  }
}

async function* untilThat(chunks: AsyncIterable<Chunk>, enough: () => boolean): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    yield chunk;
    if (enough()) return;
  }
}

/** Rejections for the records of a window whose key came before, where that costs the file. */
export function repeated(
  { owners, outputs }: Settled,
  duplicates: ReadonlyMap<string, Duplicates>,
  { table, quality = [] }: Feed,
): Rejection[] {
  return quality.flatMap((rule) => {
    const first = duplicates.get(rule.name)?.first;
    if (!first || rule.severity !== 'refuse' || !isFileRule(rule) || !('unique' in rule.file)) return [];
    const columns = rule.file.unique.length > 0 ? rule.file.unique : primaryKey(table);
    return owners.flatMap((row, index) => {
      const before = first.get(Number(row.position));
      // A record that has made several rows is told of once.
      if (before === undefined || owners[index - 1]?.position === row.position) return [];
      const key = columns.map((column) => `${column} ${show(outputs[index]?.[column])}`).join(', ');
      const message = `the rule "${rule.name}" is broken: record ${before} has the same ${key}`;
      return [{ ...placeOf(row), stage: 'judge', code: 'SLU-2021', message, rules: [rule.name], raw: row.raw }];
    });
  });
}
