import type { Usage } from '../control/usage.ts';
import type { OpenRun } from '../control/waiting.ts';
import { type Receipt, receiptOf } from '../model/receipt.ts';
import { balanced } from '../model/row.ts';
import {
  type FileRun,
  hasLoaded,
  isSettled,
  isUsage,
  judgedCounts,
  type MessageTotals,
  type ObjectRef,
  type StreamRun,
} from '../model/run.ts';
import { letIn } from '../model/tally.ts';

/** All that a tenant's ledger and buckets say of the same files, to be held against each other. */
export interface Books {
  readonly tenant: string;
  readonly now: Date;
  readonly runs: readonly FileRun[];
  readonly streams: readonly StreamRun[];
  readonly open: readonly OpenRun[];
  /** By day; only of days all of whose runs are among `runs`. */
  readonly usage: ReadonlyMap<string, Usage>;
  /** Every version in the staging bucket. */
  readonly staged: readonly (ObjectRef & { readonly lastModified: Date })[];
  /** How many rejections are stored, by run. */
  readonly rejects: ReadonlyMap<string, number>;
  /** One for each run: that of its end, where there is one. */
  readonly receipts: readonly Receipt[];
  /** What messages are noted to have used, by day; only of days all of whose stream runs are among `streams`. */
  readonly messageUsage: ReadonlyMap<string, MessageTotals>;
  /** How many stored messages wait for room in the quota, by stream run. */
  readonly waiting: ReadonlyMap<string, number>;
  /** The stream runs that `tick` looks after for their sake. */
  readonly kept: ReadonlySet<string>;
}

/** Two books that disagree about a run, an object or a day. */
export interface Disagreement {
  readonly book: 'ledger' | 'open runs' | 'rejects' | 'receipts' | 'staging' | 'usage' | 'rows';
  readonly about: string;
  readonly message: string;
}

export interface Audit {
  readonly disagreements: readonly Disagreement[];
  /** Runs whose object is no longer there, deleted or gone with its bucket: nothing can be held against them. */
  readonly gone: readonly string[];
  /** Runs that are being worked on, or wait. */
  readonly open: number;
}

/** Milliseconds in which an event may still be on its way, or a run be about to be finished: no book is wrong for being that much behind. */
const GRACE = 5 * 60_000;

/** Holds a tenant's books against each other, without looking at a row. */
export function audit(books: Books): Audit {
  const found: Disagreement[] = [];
  const tell = (book: Disagreement['book'], about: string, message: string) => found.push({ book, about, message });
  const runs = new Map(books.runs.map((run) => [run.id, run]));
  const open = new Set(books.open.map(({ run }) => run.id));
  const staged = new Set(books.staged.map(nameOf));
  const receipts = new Map(books.receipts.map((receipt) => [receipt.run, receipt]));
  const isRecent = (time: Date) => books.now.getTime() - time.getTime() < GRACE;
  // Its platform did not keep receipts and quotas yet.
  const isOld = ({ profileVersion }: FileRun) => profileVersion === '';
  const isGone = (run: FileRun) => !staged.has(nameOf(run.object));

  for (const run of books.runs) {
    const settled = isSettled(run.state);
    if (!balanced(run.counts)) tell('ledger', run.id, `its counts do not balance: ${JSON.stringify(run.counts)}`);
    if (settled && !run.endedAt) tell('ledger', run.id, `it is ${run.state} and has no end`);
    if (hasLoaded(run.state) && run.usageDay === null && !isOld(run))
      tell('usage', run.id, 'it has loaded and counts for no day');
    if (settled && open.has(run.id) && !isRecent(run.endedAt ?? run.startedAt))
      tell('open runs', run.id, `it is ${run.state} and stands among the open runs`);
    if (!settled && !open.has(run.id) && !isRecent(run.startedAt))
      tell('open runs', run.id, `it is ${run.state} and nobody looks after it`);
    if (!open.has(run.id) || run.state === 'deferred') compareReceipt(run);
    compareRejects(run);
  }
  for (const id of receipts.keys()) if (!runs.has(id)) tell('receipts', id, 'there is a receipt and no run');
  for (const version of books.staged) {
    if (isRecent(version.lastModified) || books.runs.some((run) => nameOf(run.object) === nameOf(version))) continue;
    tell('staging', nameOf(version), 'the object has been there for more than five minutes and has no run');
  }
  for (const [day, usage] of books.usage) compareUsage(day, usage);
  for (const stream of books.streams) compareStream(stream);
  for (const [day, used] of books.messageUsage) compareMessages(day, used);
  return { disagreements: found, gone: books.runs.filter(isGone).map(({ id }) => id), open: open.size };

  function compareReceipt(run: FileRun): void {
    if (!isSettled(run.state) && run.state !== 'deferred') return;
    const found = receipts.get(run.id);
    // Those of older versions know nothing of quality.
    const receipt = found && !('quality' in found) ? { ...(found as Receipt), quality: null } : found;
    const wanted = receiptOf(books.tenant, run);
    if (!receipt) {
      if (!isGone(run) && !isOld(run)) tell('receipts', run.id, `it is ${run.state} and has no receipt`);
    } else if (JSON.stringify(receipt) !== JSON.stringify(wanted)) {
      tell('receipts', run.id, differences(wanted, receipt));
    }
  }

  /** An attempt that died may have stored rejections that the one after it, which did not load, does not count. */
  function compareRejects(run: FileRun): void {
    const stored = books.rejects.get(run.id) ?? 0;
    const counted = judgedCounts(run).rejected;
    if (!isSettled(run.state) || (stored === 0 && isGone(run))) return;
    if (hasLoaded(run.state) ? stored !== counted : stored < counted)
      tell('rejects', run.id, `${counted} rows are counted as rejected, and ${stored} are stored`);
  }

  function compareStream({ id, feeds, endedAt }: StreamRun): void {
    let counted = 0;
    for (const { counts } of Object.values(feeds)) {
      counted += counts.rejected;
      if (!balanced(counts)) tell('ledger', id, `its counts do not balance: ${JSON.stringify(counts)}`);
    }
    const kept = books.waiting.get(id) ?? 0;
    if (kept > 0 && !books.kept.has(id) && !isRecent(endedAt))
      tell('rejects', id, `${kept} messages wait for room in the quota, and nobody looks after them`);
    const stored = books.rejects.get(id) ?? 0;
    // Rejections are stored before they are counted. Those that went with their bucket went all together.
    if (stored === counted || stored === 0 || (stored > counted && isRecent(endedAt))) return;
    tell('rejects', id, `${counted} messages are counted as rejected, and ${stored} are stored`);
  }

  /** What a batch has used is noted right after it is counted, or when it comes again. */
  function compareMessages(day: string, used: MessageTotals): void {
    const runs = books.streams.filter(({ minute }) => minute.toISOString().startsWith(day));
    const open = runs.some(({ endedAt }) => isRecent(endedAt));
    for (const name of ['messages', 'bytes'] as const) {
      const wanted = runs.map(letIn).reduce((sum, each) => sum + each[name], 0);
      if (used[name] > wanted || (used[name] < wanted && !open))
        tell(
          'usage',
          day,
          `${used[name]} ${name === 'bytes' ? 'bytes of messages' : name} are noted, and the day’s runs have ${wanted}`,
        );
    }
  }

  function compareUsage(day: string, usage: Usage): void {
    // A run that has ended is folded in by its end's last steps, during which it stands among the open ones.
    const counted = books.runs.filter((run) => run.usageDay === day && isUsage(run) && !open.has(run.id));
    const folding = books.runs.filter((run) => run.usageDay === day && isUsage(run) && open.has(run.id));
    const wanted = {
      files: counted.length,
      bytes: counted.reduce((sum, { bytes }) => sum + bytes, 0),
      rows: counted.reduce((sum, run) => sum + run.counts.read, 0),
    };
    for (const name of ['files', 'bytes', 'rows'] as const) {
      if (folding.length === 0 && usage[name] !== wanted[name])
        tell('usage', day, `${usage[name]} ${name} are counted, and the day’s runs have ${wanted[name]}`);
    }
    for (const id of Object.keys(usage.reserved)) {
      const run = runs.get(id);
      if (run && !open.has(id)) tell('usage', day, `something is reserved for ${id}, which is ${run.state}`);
      if (!run) tell('usage', day, `something is reserved for ${id}, of which the ledger knows nothing`);
    }
  }
}

const nameOf = ({ bucket, key, versionId }: ObjectRef): string => `s3://${bucket}/${key} (${versionId})`;

function differences(wanted: Receipt, found: Receipt): string {
  const names = (Object.keys(wanted) as (keyof Receipt)[]).filter(
    (name) => JSON.stringify(wanted[name]) !== JSON.stringify(found[name]),
  );
  const told = names.map((name) => `${name} ${JSON.stringify(found[name])} instead of ${JSON.stringify(wanted[name])}`);
  return `its receipt says ${told.join(', ')}`;
}
