import type { Counts, Rejection } from './row.ts';
import type { FileRun, RunState } from './run.ts';
import type { RunQuality } from './run-quality.ts';

/** What a tenant is told about one file: an object in its rejects bucket, and an event. */
export interface Receipt {
  readonly tenant: string;
  readonly run: string;
  readonly feed: string;
  readonly object: string;
  readonly versionId: string;
  readonly generation: number;
  readonly state: RunState;
  readonly counts: Counts;
  readonly bytes: number;
  /** Why it is not loaded, or not yet; null when there is nothing to say. */
  readonly reason: { readonly code: string; readonly message: string } | null;
  /** When a deferred file will be looked at again. */
  readonly deferredUntil: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Equal digests mean equal rows. */
  readonly digest: string;
  readonly profileVersion: string;
  readonly firstRejections: readonly Rejection[];
  /** What was found in the data; null when nothing of it has been read. */
  readonly quality: RunQuality | null;
}

export const receiptOf = (tenant: string, run: FileRun): Receipt => ({
  tenant,
  run: run.id,
  feed: run.feed,
  object: `s3://${run.object.bucket}/${run.object.key}`,
  versionId: run.object.versionId,
  generation: run.generation,
  state: run.state,
  counts: run.counts,
  bytes: run.bytes,
  reason: run.reason,
  deferredUntil: run.deferredUntil?.toISOString() ?? null,
  startedAt: run.startedAt.toISOString(),
  endedAt: run.endedAt?.toISOString() ?? null,
  digest: run.digest,
  profileVersion: run.profileVersion,
  firstRejections: run.firstRejections,
  quality: run.quality,
});

/**
 * Where the receipt of a run lies. The one that says "later" lies beside the one of the run's end: an attempt that was left behind must not write the
 * former over the latter.
 */
export const receiptKey = ({ feed, day, id, state }: Place): string =>
  `receipts/${feed}/${day}/${id}${state === 'deferred' ? '.deferred' : ''}.json`;

interface Place extends Pick<FileRun, 'feed' | 'day' | 'id'> {
  readonly state?: RunState;
}

/** One receipt for each run: that of its end, where there is one. */
export function lastReceipts(receipts: Iterable<Receipt>): Receipt[] {
  const last = new Map<string, Receipt>();
  for (const receipt of receipts) {
    if (receipt.state !== 'deferred' || !last.has(receipt.run)) last.set(receipt.run, receipt);
  }
  return [...last.values()];
}
