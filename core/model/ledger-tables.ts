import { defineTable } from './table.ts';

/**
 * Runs of files. A partition holds the runs of one feed and one day, so that a report reads few partitions and none grows for
 * ever. Every change is conditional: mixing plain and conditional writes on one row loses updates.
 */
export const runsTable = defineTable({
  name: 'runs',
  columns: {
    feed: 'text',
    day: 'date',
    run_id: 'text',
    bucket: 'text',
    object_key: 'text',
    version_id: 'text',
    generation: 'int',
    attempt: 'int',
    state: 'text',
    owner: 'text',
    lease_until: 'timestamp',
    write_time_base: 'bigint',
    bytes: 'bigint',
    rows_read: 'bigint',
    rows_loaded: 'bigint',
    rows_dropped: 'bigint',
    rows_rejected: 'bigint',
    started_at: 'timestamp',
    ended_at: 'timestamp',
    reason_code: 'text',
    reason: 'text',
    first_rejections: 'text',
    modified: 'timestamp',
    requested_at: 'timestamp',
    rejects_of: 'text',
    deferred_until: 'timestamp',
    content_hash: 'text',
    digest: 'text',
    profile_version: 'text',
    usage_day: 'text',
    next_try_at: 'timestamp',
    quality: 'text',
    plan: 'text',
  },
  partitionKey: ['feed', 'day'],
  clusteringKey: ['run_id'],
});

/**
 * Runs of a stream, each of a shard and an arrival minute, with the set of positions that are counted in it. A run with many positions has several
 * rows, named after the shard; first and last position tell what a row can hold.
 */
export const streamRunsTable = defineTable({
  name: 'stream_runs',
  columns: {
    hour: 'timestamp',
    minute: 'timestamp',
    stream: 'text',
    shard: 'text',
    revision: 'text',
    positions: 'blob',
    over_quota: 'blob',
    first_position: 'text',
    last_position: 'text',
    last_write_time: 'bigint',
    feeds: 'text',
    started_at: 'timestamp',
    ended_at: 'timestamp',
    first_rejections: 'text',
  },
  partitionKey: ['hour'],
  clusteringKey: ['minute', 'stream', 'shard'],
});

/** Small documents that change by compare-and-set: usage of a day, histories of keys, open runs, cursors, the registered profile. */
export const entriesTable = defineTable({
  name: 'entries',
  columns: { part: 'text', name: 'text', value: 'text', revision: 'text' },
  partitionKey: ['part'],
  clusteringKey: ['name'],
});

export const ledgerTables = [runsTable, streamRunsTable, entriesTable] as const;
