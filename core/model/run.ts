import type { Code } from './codes.ts';
import type { Counts, Rejection } from './row.ts';

/** `partial` is loaded with rejections; `retrying` waits for its next attempt; the others end a run. */
export type RunState = 'running' | 'retrying' | 'loaded' | 'partial' | 'refused' | 'failed';

export const isSettled = (state: RunState): boolean => state !== 'running' && state !== 'retrying';

/** The feed under which runs are kept whose key names no feed of the tenant. */
export const NO_FEED = '_';

/** How many rejections a run carries itself; all of them are in the rejects bucket. */
export const SAMPLE_SIZE = 5;

/** Which attempt at which object: one version of an object is one run, however often its event arrives. */
export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
  /** Empty for a bucket without versions. */
  readonly versionId: string;
}

/** The ledger's entry for one version of an object. */
export interface FileRun {
  readonly id: string;
  readonly feed: string;
  /** UTC day of the object's LastModified, `YYYY-MM-DD`: with the feed it is the ledger's partition. */
  readonly day: string;
  readonly object: ObjectRef;
  readonly generation: number;
  /** 1 for the first try. */
  readonly attempt: number;
  readonly state: RunState;
  readonly bytes: number;
  readonly counts: Counts;
  /** Microseconds since 1970 from which the rows' write times count; the same for every attempt. */
  readonly writeTimeBase: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** Why the run was refused, failed or is being tried again; null when there is nothing to say. */
  readonly reason: { readonly code: Code; readonly message: string } | null;
  readonly firstRejections: readonly Rejection[];
}

/** Milliseconds between the arrival of messages and the answer of the database. */
export interface Latency {
  min: number;
  max: number;
  sum: number;
}

/** What became of the messages of one feed in one stream run. */
export interface FeedTally {
  counts: Counts;
  bytes: number;
  latency: Latency;
}

/** Names a stream run: the messages of one shard that arrived in one minute. */
export interface StreamSlot {
  /** Name and creation time of the stream: a stream made anew under the same name starts its positions anew. */
  readonly stream: string;
  readonly shard: string;
  /** Start of the minute of arrival. */
  readonly minute: Date;
}

/** The ledger's entry for one shard and one arrival minute. */
export interface StreamRun extends StreamSlot {
  readonly id: string;
  readonly feeds: Readonly<Record<string, FeedTally>>;
  /** First and last time that messages of this run were settled. */
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly firstRejections: readonly (Rejection & { readonly feed: string })[];
}

/** One record of a stream. */
export interface Message {
  /** Sequence number: unique in its shard, and growing. */
  readonly position: string;
  readonly shard: string;
  readonly arrivedAt: Date;
  readonly data: Uint8Array;
}

/** What one invocation adds to a stream run: each message once, by its position. */
export interface SettledMessage {
  readonly position: string;
  readonly feed: string;
  readonly outcome: 'loaded' | 'dropped' | Rejection;
  readonly bytes: number;
  /** Milliseconds from arrival to the database's answer. */
  readonly latency: number;
}
