import type { Order, OrderAnswer } from './model/order.ts';
import type { Receipt } from './model/receipt.ts';
import type {
  FileDelivery,
  FileRun,
  Message,
  ObjectRef,
  SettledMessage,
  Stamp,
  StreamRun,
  StreamSlot,
} from './model/run.ts';
import type { Acknowledged, Answer, Lever, StreamAlert, StreamFound, Waiting } from './model/stream.ts';
import type { Table } from './model/table.ts';

/**
 * What the core asks of the world. Terms: a *broken world* throws `TransientError` (try again later) or `FatalError` (a person
 * must act); bad data never throws, it comes back as a value.
 */

/** A row on its way into a sink. */
export interface SinkRow {
  readonly values: Readonly<Record<string, unknown>>;
  /** Microseconds since 1970; of two writes of one cell the later one stays, in whatever order they come. */
  readonly writeTime: number;
}

export interface SinkFailure {
  /** Which of the rows given. */
  readonly index: number;
  readonly message: string;
  /** False: the database refuses this row and always will. */
  readonly retryable: boolean;
}

/** Where rows go. Writing a row again with the same write time changes nothing. */
export interface Sink {
  readonly name: string;
  /** Writes all rows, in any order; the rows that are not named in the answer are stored. */
  write(table: Table, rows: readonly SinkRow[], signal: AbortSignal): Promise<readonly SinkFailure[]>;
  /** Deletes rows by their keys; what was written after the write time stays. */
  remove(table: Table, keys: readonly SinkRow[], signal: AbortSignal): Promise<readonly SinkFailure[]>;
  close(): Promise<void>;
}

/** A row as it is stored, and when each of its cells outside of the key was written; null for a cell that is not there. */
export interface StoredRow {
  readonly values: Readonly<Record<string, unknown>>;
  readonly writeTimes: Readonly<Record<string, number | null>>;
}

/** From byte `start` up to, and without, byte `end`, which is not beyond the object's size; never empty. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredObject {
  readonly size: number;
  readonly lastModified: Date;
  /** Opens the content, or a part of it; to be read once. It gives every byte that was asked for, or throws. */
  open(signal: AbortSignal, range?: ByteRange): AsyncIterable<Uint8Array>;
}

/** A store of objects by bucket and key. */
export interface Objects {
  /** Looks at one version of an object; null when it is not there (any more). */
  find(ref: ObjectRef): Promise<StoredObject | null>;
  /** Stores a text, or bytes, over any object of that key. */
  put(bucket: string, key: string, content: string | Uint8Array): Promise<void>;
  /** The keys that begin with a prefix, in their order. */
  keys(bucket: string, prefix: string): Promise<readonly string[]>;
  /** The texts of all objects whose keys begin with a prefix, in the order of the keys. */
  texts(bucket: string, prefix: string): AsyncIterable<string>;
  /**
   * One page of an object store's versions, without those that are deletions, from a place that an earlier page has named (null:
   * from the start); `next` is null on the last.
   */
  versions(bucket: string, prefix: string, from: string | null): Promise<VersionPage>;
}

export interface VersionPage {
  readonly versions: readonly (ObjectRef & { readonly size: number; readonly lastModified: Date })[];
  readonly next: string | null;
}

/** The function that loads messages, to be asked besides its stream. */
export interface Loader {
  ask(order: Order): Promise<OrderAnswer>;
}

/** A batch that Lambda has given up after all attempts. */
export interface FailedBatch {
  /** The records as they came from the stream. */
  readonly records: readonly Message[];
  /** Why it was given up, in Lambda's words. */
  readonly condition: string;
  readonly failedAt: Date;
}

/** Where Lambda puts the batches of a stream that it has given up. */
export interface FailedBatches {
  /** Their keys, those of a shard in the order of time. */
  keys(): Promise<readonly string[]>;
  /** Null when it is not there (any more); a text tells why it cannot be read. */
  read(key: string): Promise<FailedBatch | string | null>;
  remove(key: string): Promise<void>;
}

/** Where deliveries of files wait. */
export interface Queue {
  send(delivery: FileDelivery): Promise<void>;
}

/** Tells whoever has subscribed what became of a file. */
export interface Announcements {
  announce(receipt: Receipt): Promise<void>;
}

/** Tells whoever has subscribed what is wrong with a stream. */
export interface Alerts {
  alert(alert: StreamAlert): Promise<void>;
}

/** A tenant's stream and its consumption: looked at, and changed. */
export interface StreamManager {
  look(): Promise<StreamFound>;
  /** What waits behind what is acknowledged, shard by shard. */
  waiting(shards: readonly Acknowledged[]): Promise<readonly Waiting[]>;
  /** Asks for a change; asking again for what is already so does no harm. */
  set(lever: Lever, to: number): Promise<Answer>;
}

/** A run that the caller holds: until `until` no other attempt works on it. */
export interface Lease {
  readonly run: FileRun;
  readonly owner: string;
  readonly until: Date;
}

/** `held`: go on. `busy`: another attempt holds a lease that is still good. `settled`: the run has ended already. */
export type Claim =
  | { readonly kind: 'held'; readonly lease: Lease }
  | { readonly kind: 'busy' | 'settled'; readonly run: FileRun };

/**
 * Remembers runs. Every change is a compare-and-set, so that of two attempts at one thing only one counts.
 * After an answer that was lost it reads back before it decides: a change is made once or not at all.
 */
export interface Ledger {
  /** Opens a run, or takes over one whose lease has run out, keeping its write time base and raising its attempt. */
  claim(run: FileRun, owner: string, leaseSeconds: number): Promise<Claim>;
  /** Prolongs a lease and notes the counts so far; null when another attempt has taken the run. */
  renew(lease: Lease, run: FileRun, leaseSeconds: number): Promise<Lease | null>;
  /** Gives a lease into other hands, which may be those of several; null when another attempt has taken the run. */
  hand(lease: Lease, owner: string, leaseSeconds: number): Promise<Lease | null>;
  /** Ends an attempt with the run's state; false when another attempt has taken the run. */
  settle(lease: Lease, run: FileRun): Promise<boolean>;
  /** A run and who holds it; `until` is null when nobody does. */
  find(
    run: Pick<FileRun, 'feed' | 'day' | 'id'>,
  ): Promise<{ readonly run: FileRun; readonly until: Date | null } | null>;
  /** Which of these positions have been counted in a stream run. */
  counted(slot: StreamSlot, positions: readonly string[]): Promise<Counted>;
  /** Counts messages once each: those that were counted before are left out. Answers the whole stream run. */
  tally(slot: StreamSlot, messages: readonly SettledMessage[]): Promise<StreamRun>;
}

export interface Counted {
  readonly positions: ReadonlySet<string>;
  /** Those of them that were counted as over the quota: of deliveries that judge at one time the one counts that is first. */
  readonly over: ReadonlySet<string>;
  /** Of all messages that have been counted in the stream run that which is last in its shard; null when there is none. */
  readonly last: Stamp | null;
}

/**
 * Small documents of the ledger, by part and name. Like runs they change by compare-and-set alone: of changes at one time each sees what
 * the one before has left, and each is made once or, when it throws, not at all.
 */
export interface Registry {
  /** Null when there is no such document. */
  read<T>(part: string, name: string): Promise<T | null>;
  /** The documents of a part, by name; a part holds what fits in memory. */
  list<T>(part: string): Promise<readonly { readonly name: string; readonly value: T }[]>;
  /**
   * Changes a document by a pure function, which may be asked more than once: what it answers as `value` is stored (null deletes the
   * document, the very same object leaves it alone) and `result` is given back.
   */
  change<T, R>(
    part: string,
    name: string,
    by: (value: T | null) => { readonly value: T | null; readonly result: R },
  ): Promise<R>;
}

/** Reads the ledger of one tenant, for reports. */
export interface LedgerReader {
  /** Runs of a feed's files by the day of the object; `NO_FEED` gives those that belong to none. */
  fileRuns(feed: string, day: string): Promise<readonly FileRun[]>;
  streamRuns(day: string): Promise<readonly StreamRun[]>;
  /** The runs of one minute, of all shards. */
  streamRunsOf(minute: Date): Promise<readonly StreamRun[]>;
  /** Runs of the messages that arrived in an hour, which begins at the given time. */
  streamRunsIn(hour: Date): Promise<readonly StreamRun[]>;
}

export interface Clock {
  now(): Date;
}
