import type { Fields } from './fields.ts';
import type { Format, FormatSettings } from './formats.ts';
import type { Rule } from './quality.ts';
import type { Table } from './table.ts';

/** What a transform is told about the record besides its fields. */
export interface TransformContext {
  readonly tenant: string;
  readonly feed: string;
  /** Place in a file, or sequence number of a message. */
  readonly position: number | string;
  /** `s3://bucket/key` of the file, or the stream's name. */
  readonly origin: string;
}

/** When a tenant's files are loaded: between two times of the day, or from the moments of a cron expression on. All is UTC. */
export type Hours =
  /** `HH:MM`; `from` after `to` goes over midnight, and equal ones mean all day. */
  | { readonly from: string; readonly to: string }
  /** Five fields, checked with the profile; loading may begin for `minutes` from each of its moments. */
  | { readonly cron: string; readonly minutes: number };

/** One kind of data that a tenant sends: `s3://<staging>/<name>/…`, or messages on the stream. */
export interface Feed<Out = unknown> {
  readonly name: string;
  readonly description: string;
  /** Formats of its files, by name or with settings; the extension of a key tells which. */
  readonly formats: readonly (Format | FormatSettings)[];
  readonly table: Table<Out>;
  /** Of files that wait, those of the feed with the greater number come first; 0 when absent. */
  readonly priority?: number;
  /** What becomes of a file whose very content the feed has loaded before: it is loaded (when absent) or skipped. */
  readonly sameContent?: 'load' | 'skip';
  /**
   * What a new version of a key does: its rows are put beside and over those of the old one (`upsert`, when absent), or the rows of the old one that
   * it has no more are deleted (`replace`).
   */
  readonly overwrite?: 'upsert' | 'replace';
  /** When files of this feed are loaded; absent: when those of the tenant are. */
  readonly hours?: Hours;
  /** The columns that its records have; absent: whatever the transform makes of them. */
  readonly contract?: Contract;
  /**
   * What becomes of a file with bad records, which are those that reading, transform and rules reject: the others are loaded (`continue`, when
   * absent), none is (`skip-file`), or none if there are more than so many.
   */
  readonly errors?: 'continue' | 'skip-file' | { readonly threshold: Threshold };
  /** What must hold of its records, and what is done when it does not; docs/quality.md. */
  readonly quality?: readonly Rule<Out>[];
  /**
   * The tenant's own code: one record in, a row out, several rows, or null to drop the record. Throwing rejects it.
   * It is pure: no I/O, no clock, no state, so that a second attempt gives the same rows.
   */
  transform(fields: Fields, context: TransformContext): NoInfer<Out> | readonly NoInfer<Out>[] | null;
}

/** Columns of records as they come, by their names in the header or their fields. */
export interface Contract {
  /** A record in which one of them is missing, null or empty is rejected. */
  readonly required?: readonly string[];
  /** May be missing. */
  readonly optional?: readonly string[];
  /**
   * What becomes of a column that is named in neither: it is left to the transform (`ignore`, when absent), its record is rejected, or name and value
   * are kept in a column of the table, a `map<text, text>` or, as JSON, a text.
   */
  readonly unknown?: 'ignore' | 'reject' | { readonly rescue: string };
}

/** How many bad records a file may have; of two bounds the narrower counts. */
export interface Threshold {
  readonly count?: number;
  /** Of all records, 0 to 1. */
  readonly share?: number;
}

/** Keeps the row's type between a feed's table and its transform. */
export const defineFeed = <Out>(feed: Feed<Out>): Feed<Out> => feed;

export interface Limits {
  /** Largest file, in bytes. */
  readonly maxFileBytes: number;
  /** Most rows of one file. */
  readonly maxFileRows: number;
  /** Largest message, in bytes. */
  readonly maxMessageBytes: number;
  /** Files, their bytes and their rows that are loaded in a day, UTC; what goes beyond waits for the next day. Absent: no limit. */
  readonly filesPerDay?: number;
  readonly bytesPerDay?: number;
  readonly rowsPerDay?: number;
  /** Files that are loaded at one time. Absent: no limit. */
  readonly filesAtOnce?: number;
  /** Messages, and bytes of messages, that are let in of those that arrive in a day, UTC. Absent: no limit. */
  readonly messagesPerDay?: number;
  readonly messageBytesPerDay?: number;
  /** Bytes of messages that are let in of a second, on average over the minute in which they arrive. Absent: no limit. */
  readonly messageBytesPerSecond?: number;
  /** Files that one `sluice upload` takes: a guard against a wrong folder, before anything is sent. Absent: the platform's cap. */
  readonly filesPerUpload?: number;
}

/** Messages of a batch where a profile names no number: few conditional writes to the ledger, little waiting. */
export const BATCH_SIZE = 500;

/** What the monitor holds each period of the stream against. All are means over the period, so that its length does not change them. */
export interface StreamThresholds {
  /** Milliseconds from a message's arrival to its acknowledgement; 10,000 when absent. */
  readonly averageMilliseconds?: number;
  /** Age, in seconds, of the oldest message that is not acknowledged; 60 when absent. */
  readonly lagSeconds?: number;
  /** Messages of a minute on each open shard; 42,000 when absent: 70 % of what a shard takes. */
  readonly messagesPerShard?: number;
  /** Bytes of a minute on each open shard; 42,000,000 when absent: 70 % of what a shard takes. */
  readonly bytesPerShard?: number;
  /** Milliseconds that the database takes for the rows of a batch; from here on it is the bottleneck. 2,000 when absent. */
  readonly databaseMilliseconds?: number;
}

/** How far the stream manager may go by itself. Where a figure is absent it stays as it is deployed. */
export interface StreamScaling {
  /** Fewest and most open shards; `shards` when absent. Each costs money by the hour. */
  readonly minShards?: number;
  readonly maxShards?: number;
  /** Most batches of one shard that are loaded at a time, 1 to 10; 1 when absent. */
  readonly maxParallel?: number;
  /** Most messages of a batch; `batchSize` when absent. */
  readonly maxBatch?: number;
  /** Periods in a row that must be beyond a threshold before anything is raised; 2 when absent. */
  readonly raiseAfter?: number;
  /** Periods in a row that must be calm before anything is lowered; 10 when absent. */
  readonly lowerAfter?: number;
  /** Minutes between two changes; 5 when absent. */
  readonly coolDownMinutes?: number;
}

export interface StreamSettings {
  /** Open shards to begin with; when it changes in the profile, from the next deployment on. */
  readonly shards: number;
  /** Hours that Kinesis keeps a message: 24 to 8760. */
  readonly retentionHours: number;
  /** The feed of a message without an envelope, or whose envelope names none. */
  readonly feed: string;
  /**
   * What becomes of messages beyond the limits: they are rejected and lie in the rejects bucket (`reject`, when absent), and are loaded by themselves once
   * there is room, at the latest after midnight UTC (`keep`).
   */
  readonly overQuota?: 'reject' | 'keep';
  /** Messages of a batch to begin with, 1 to 10,000; 500 when absent. */
  readonly batchSize?: number;
  /** Minutes that are measured and decided about together: a divisor of 60; 1 when absent. */
  readonly periodMinutes?: number;
  readonly thresholds?: StreamThresholds;
  /** Absent: the stream is watched and nothing is changed. */
  readonly scaling?: StreamScaling;
}

/** A customer of the platform and its service agreement: plain data, but for the transforms of its feeds. */
export interface Tenant {
  /** Lower case letters and digits, starting with a letter, at most 32: it names buckets, keyspaces and roles. */
  readonly id: string;
  readonly name: string;
  /** Where the operator writes when something is wrong. */
  readonly contact: string;
  readonly limits: Limits;
  readonly stream: StreamSettings;
  /** When files are loaded whose feed has no hours of its own; absent: at any time. */
  readonly hours?: Hours;
  // biome-ignore lint/suspicious/noExplicitAny: each feed has a row type of its own, checked where it is defined
  readonly feeds: readonly Feed<any>[];
}

export const defineTenant = (tenant: Tenant): Tenant => tenant;

/** The two keyspaces of a tenant: its data, and the ledger of what happened to it. */
export const keyspaces = (tenantId: string) => ({ data: tenantId, ops: `${tenantId}_ops` }) as const;
