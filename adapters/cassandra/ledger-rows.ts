import type { types } from 'cassandra-driver';
import type { Code } from '../../core/model/codes.ts';
import { runsTable } from '../../core/model/ledger-tables.ts';
import type { FileRun, RunState, StreamRun, StreamSlot } from '../../core/model/run.ts';
import { streamRunId } from '../../core/model/tally.ts';

const keyColumns = ['feed', 'day', 'run_id'];

/** Parameters of a run's row: its key, then the other columns in the table's order. */
export function fileRunParams(run: FileRun, owner: string, until: Date | null): [key: unknown[], mutable: unknown[]] {
  const { counts, object, reason } = run;
  const values: Record<string, unknown> = {
    feed: run.feed,
    day: run.day,
    run_id: run.id,
    bucket: object.bucket,
    object_key: object.key,
    version_id: object.versionId,
    generation: run.generation,
    attempt: run.attempt,
    state: run.state,
    owner,
    lease_until: until,
    write_time_base: run.writeTimeBase,
    bytes: run.bytes,
    rows_read: counts.read,
    rows_loaded: counts.loaded,
    rows_dropped: counts.dropped,
    rows_rejected: counts.rejected,
    started_at: run.startedAt,
    ended_at: run.endedAt,
    reason_code: reason?.code ?? null,
    reason: reason?.message ?? null,
    first_rejections: JSON.stringify(run.firstRejections),
    modified: run.modified,
    requested_at: run.requestedAt === null ? null : new Date(run.requestedAt),
    rejects_of: run.rejectsOf,
    deferred_until: run.deferredUntil,
    content_hash: run.contentHash,
    digest: run.digest,
    profile_version: run.profileVersion,
    usage_day: run.usageDay,
    next_try_at: run.nextTryAt,
    quality: run.quality && JSON.stringify(run.quality),
    plan: run.plan && JSON.stringify(run.plan),
  };
  const names = Object.keys(runsTable.columns);
  const mutable = names.filter((name) => !keyColumns.includes(name));
  return [keyColumns.map((name) => values[name]), mutable.map((name) => values[name])];
}

/** `until` is null when nobody holds the run. */
export function fileRunOf(row: types.Row): { run: FileRun; owner: string; until: Date | null } {
  const run: FileRun = {
    id: row.run_id,
    feed: row.feed,
    day: String(row.day),
    object: { bucket: row.bucket, key: row.object_key, versionId: row.version_id },
    generation: row.generation,
    attempt: row.attempt,
    state: row.state as RunState,
    bytes: Number(row.bytes),
    counts: {
      read: Number(row.rows_read),
      loaded: Number(row.rows_loaded),
      dropped: Number(row.rows_dropped),
      rejected: Number(row.rows_rejected),
    },
    writeTimeBase: Number(row.write_time_base),
    startedAt: row.started_at,
    endedAt: row.ended_at,
    reason: row.reason_code ? { code: row.reason_code as Code, message: row.reason } : null,
    firstRejections: JSON.parse(row.first_rejections),
    modified: row.modified,
    requestedAt: row.requested_at?.getTime() ?? null,
    rejectsOf: row.rejects_of ?? null,
    deferredUntil: row.deferred_until ?? null,
    contentHash: row.content_hash ?? null,
    digest: row.digest ?? '',
    profileVersion: row.profile_version ?? '',
    usageDay: row.usage_day ?? null,
    nextTryAt: row.next_try_at ?? null,
    quality: row.quality ? JSON.parse(row.quality) : null,
    plan: row.plan ? JSON.parse(row.plan) : null,
  };
  return { run, owner: row.owner, until: row.lease_until };
}

/** What one row holds of a stream run. */
export const streamRunOf = (row: types.Row, slot: StreamSlot): StreamRun => ({
  ...slot,
  id: streamRunId(slot),
  feeds: JSON.parse(row.feeds),
  startedAt: row.started_at,
  endedAt: row.ended_at,
  firstRejections: JSON.parse(row.first_rejections),
});
