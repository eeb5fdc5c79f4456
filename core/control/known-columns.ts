import { type FileRun, hasLoaded } from '../model/run.ts';
import type { Registry } from '../ports.ts';
import type { KnownColumns } from '../quality/drift.ts';

const PART = 'columns';

/** The columns of the feed's latest file that has loaded; null before the first. */
export const knownColumns = (registry: Pick<Registry, 'read'>, feed: string): Promise<KnownColumns | null> =>
  registry.read<KnownColumns>(PART, feed);

/** Notes the columns of a file that has loaded, unless those of a later one are known or there is nothing new to them. */
export async function learnColumns(run: FileRun, registry: Registry): Promise<void> {
  const source = run.quality?.source;
  if (!source || !hasLoaded(run.state) || run.rejectsOf !== null) return;
  const modified = run.modified.getTime();
  await registry.change<KnownColumns, void>(PART, run.feed, (before) => {
    const isLate = before !== null && before.modified > modified;
    // Records whose columns have no order say nothing about that of others.
    const isSame = before !== null && sameColumns(before, source);
    return { value: isLate || isSame ? before : { ...source, run: run.id, modified }, result: undefined };
  });
}

const sameColumns = (
  before: KnownColumns,
  { names, ordered }: KnownColumns | Pick<KnownColumns, 'names' | 'ordered'>,
) => textOf(before.names, ordered && before.ordered) === textOf(names, ordered && before.ordered);

const textOf = (names: readonly string[], ordered: boolean): string =>
  JSON.stringify(ordered ? names : names.toSorted());
