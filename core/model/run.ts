import type { Code } from './codes.ts';
import type { Latency } from './latency.ts';
import type { PlanSummary } from './plan.ts';
import type { RuleCounts } from './quality.ts';
import type { Counts, Rejection } from './row.ts';
import { type RunQuality, unseen } from './run-quality.ts';

/**
 * `retrying` waits for its next attempt and `deferred` for quota or hours; the others but `running` end a run: `loaded`, `partial` (loaded, with
 * rejections), `refused`, `skipped` (the same content has loaded), `superseded` (a later version has loaded), `cancelled` (stopped by a person, with what
 * was loaded by then), `failed`.
 */
export type RunState =
  | 'running'
  | 'retrying'
  | 'deferred'
  | 'loaded'
  | 'partial'
  | 'refused'
  | 'skipped'
  | 'superseded'
  | 'cancelled'
  | 'failed';

const unsettled: readonly RunState[] = ['running', 'retrying', 'deferred'];

export const isSettled = (state: RunState): boolean => !unsettled.includes(state);

/** True for a run that nobody tries again by himself: its delivery lies in the dead letters. */
export const isGivenUp = ({ state, nextTryAt }: Pick<FileRun, 'state' | 'nextTryAt'>): boolean =>
  state === 'retrying' && nextTryAt === null;

/** True when the file's rows are in the sinks. */
export const hasLoaded = (state: RunState): boolean => state === 'loaded' || state === 'partial';

/** True when what the run has read counts against the day's quota. */
export const isUsage = ({ state, counts }: Pick<FileRun, 'state' | 'counts'>): boolean =>
  hasLoaded(state) || (state === 'cancelled' && counts.read > 0);

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

/** What is to be done about an object: by its arrival, or by a replay, which is a generation of its own. */
export interface FileDelivery {
  readonly object: ObjectRef;
  /** 0 for what arrived; each replay is one more. */
  readonly generation: number;
  /** When a replay was asked for, in milliseconds since 1970; null for what arrived. */
  readonly requestedAt: number | null;
  /** The run whose rejected records alone are to be loaded again; null for the whole file. */
  readonly rejectsOf: string | null;
}

/** An object that has arrived. */
export const arrival = (object: ObjectRef): FileDelivery => ({
  object,
  generation: 0,
  requestedAt: null,
  rejectsOf: null,
});

/** The ledger's entry for one version of an object. */
export interface FileRun extends FileDelivery {
  readonly id: string;
  readonly feed: string;
  /** UTC day of the object's LastModified, `YYYY-MM-DD`: with the feed it is the ledger's partition. */
  readonly day: string;
  /** When the object came to the bucket (LastModified); when it was looked for, if it was gone by then. */
  readonly modified: Date;
  /** 1 for the first try. */
  readonly attempt: number;
  readonly state: RunState;
  readonly bytes: number;
  readonly counts: Counts;
  /** Microseconds since 1970 from which the rows' write times count; the same for every attempt. */
  readonly writeTimeBase: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** When a deferred run will be looked at again; null for all others. */
  readonly deferredUntil: Date | null;
  /** When the next attempt at a retrying run begins; null for all others, and for one that was given up: it lies in the dead letters. */
  readonly nextTryAt: Date | null;
  /**
   * SHA-256 of the content; of a file in several parts the SHA-256 of theirs, with their number behind, as S3 writes checksums of composite objects. Null until
   * it has been read.
   */
  readonly contentHash: string | null;
  /** Sum of the hashes of all rows loaded, whatever their order: equal digests mean equal rows. Empty when there is none. */
  readonly digest: string;
  /** Which profile and transforms the last attempt ran with. */
  readonly profileVersion: string;
  /** The day, UTC, whose quota the run counts against; null when it has reserved none. */
  readonly usageDay: string | null;
  /** Why the run was refused, failed or is being tried again; null when there is nothing to say. */
  readonly reason: { readonly code: Code; readonly message: string } | null;
  readonly firstRejections: readonly Rejection[];
  /** Null until something is known of it. */
  readonly quality: RunQuality | null;
  /** How a large file is worked on, in parts; null for one that is loaded in one go. */
  readonly plan: PlanSummary | null;
}

/** What became of a file's records; of one that was refused for them, what would have. */
export const judgedCounts = ({ counts, quality }: Pick<FileRun, 'counts' | 'quality'>): Counts =>
  quality?.checked?.refusal ? quality.checked.counts : counts;

/** Where the ledger keeps a run: its feed and day can be read off its id. */
export function placeOf(id: string): Pick<FileRun, 'feed' | 'day' | 'id'> {
  const [feed = '', day = ''] = id.split('.');
  return { id, feed, day: day.replace(/^(....)(..)(..)$/, '$1-$2-$3') };
}

/** A run as the next attempt takes it over: what the attempts before have fixed stays. */
export const takenOver = (stored: FileRun, fresh: FileRun): FileRun => ({
  ...fresh,
  attempt: stored.attempt + 1,
  modified: stored.modified,
  bytes: stored.bytes,
  writeTimeBase: stored.writeTimeBase,
  contentHash: stored.contentHash,
  usageDay: stored.usageDay,
  quality: stored.quality?.checked ? unseen(stored.quality.checked) : null,
  plan: stored.plan,
});

/** How the database took the messages of one feed. */
export interface DatabaseTally {
  /** Messages whose rows it was asked to store. */
  messages: number;
  /** Milliseconds that it took for the rows of a message's batch, attempts and pauses included, summed over these messages. */
  sum: number;
  /** How often it put a row, or a change of the ledger, off: throttling, timeouts, nobody there. */
  throttles: number;
}

/** What became of the messages of one feed in one stream run. */
export interface FeedTally {
  counts: Counts;
  /** How many messages broke a quality rule, by its name; a rule that none has broken is absent. */
  rules?: RuleCounts;
  bytes: number;
  latency: Latency;
  /** Absent, like the next, in runs that were counted by an older version. */
  database?: DatabaseTally;
  /** The greatest position counted. */
  newest?: string;
  /** Of the rejected ones those that found no room in the tenant's quota; absent when all did. */
  overQuota?: MessageTotals;
}

export interface MessageTotals {
  messages: number;
  bytes: number;
}

/** Names a stream run: the messages of one shard that arrived in one minute. */
export interface StreamSlot {
  /** Name and creation time of the stream: a stream made anew under the same name starts its positions anew. */
  readonly stream: string;
  readonly shard: string;
  /** Start of the minute of arrival, or of the request of a replay. */
  readonly minute: Date;
  /** Of a replay: the run whose rejected messages are loaded again, and when that was asked for. */
  readonly replay?: { readonly of: string; readonly requestedAt: Date };
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

/** One record of a stream, or one message of an aggregated record. */
export interface Message {
  /** Sequence number, unique in its shard and growing; with the place in an aggregated record (position.ts). */
  readonly position: string;
  readonly shard: string;
  readonly arrivedAt: Date;
  readonly data: Uint8Array;
}

/** A message's place in its shard, and when its rows were written, in microseconds since 1970. */
export interface Stamp {
  readonly position: string;
  readonly writeTime: number;
}

/** What one invocation adds to a stream run: each message once, by its position. */
export interface SettledMessage extends Stamp {
  readonly feed: string;
  readonly outcome: 'loaded' | 'dropped' | Rejection;
  /** Quality rules that the message breaks; absent when it breaks none. */
  readonly broken?: readonly string[];
  readonly bytes: number;
  /** Milliseconds from arrival to the database's answer. */
  readonly latency: number;
  /** Milliseconds that the database took for the rows of the message's batch; absent when it was not asked. */
  readonly database?: number;
  /** How often the database put something off; what befell a batch is told with one message of it. */
  readonly throttles?: number;
  /** True for a rejected message that found no room in the tenant's quota. */
  readonly overQuota?: boolean;
  /** True for one of these that the platform keeps until there is room. */
  readonly kept?: boolean;
}
