import type { Code } from '../model/codes.ts';
import type { Acknowledged, Lever, Settings } from '../model/stream.ts';
import type { Period } from '../report/periods.ts';
import type { Policy } from './policy.ts';

/** What is known of one finished period of a stream. */
export interface Measures extends Period {
  /** Messages that arrived in the period and are acknowledged by now, their bytes, and how many of them were rejected. */
  readonly messages: number;
  readonly bytes: number;
  readonly rejects: number;
  /** Milliseconds from arrival to acknowledgement, over the runs that were added to in the period; null when there were none. */
  readonly averageMilliseconds: number | null;
  readonly p95Milliseconds: number | null;
  readonly maxMilliseconds: number | null;
  /** Over the same runs: the mean time that the database took for the rows of a batch, and how often it put something off. */
  readonly databaseMilliseconds: number | null;
  readonly throttles: number;
  /** Age of the oldest message that was not acknowledged at the end of the period, 0 for none; null when nobody asked in time. */
  readonly lagSeconds: number | null;
  /** Whether any message was acknowledged in the period, of whatever age. */
  readonly progress: boolean;
  /** The stream and its mapping as they were found. */
  readonly actual: Settings;
  /** False when consumption is stopped. */
  readonly consuming: boolean;
  /** True while Kinesis is changing the shards. */
  readonly resharding: boolean;
}

export interface Change {
  readonly lever: Lever;
  readonly from: number;
  readonly to: number;
}

/** A change that has been decided and is not seen yet. */
export interface Pending extends Change {
  /** Period of the decision, ISO 8601. */
  readonly period: string;
  /** How often it was tried, and why it was put off the last time. */
  readonly tries: number;
  readonly why: string | null;
}

/** A change upwards, with the load that made it necessary: it is undone when the load is half of that. */
export interface Raise extends Change {
  /** Messages and bytes of a minute. */
  readonly load: Load;
  /** False while the stream has not been calm since: its load is not known for sure before it has caught up. */
  readonly known: boolean;
}

export interface Load {
  readonly messages: number;
  readonly bytes: number;
}

export interface Decision {
  /** When it was decided, and start and length of the period, all as ISO 8601 and minutes. */
  readonly at: string;
  readonly period: string;
  readonly action: 'raise' | 'lower' | 'restore' | 'alert' | 'nothing';
  readonly change: Change | null;
  readonly alert: Code | null;
  /** In words, with the figures that caused it. */
  readonly reason: string;
  readonly figures: Measures;
}

/** What the stream manager remembers of a stream: one document, changed by compare-and-set. Times in milliseconds since 1970. */
export interface StreamState {
  /** What the stream should be set to. */
  readonly settings: Settings;
  /** What the profile began with when that was last looked at: another figure is a person's decision. */
  readonly first: Policy['first'];
  /** The latest periods without a gap, the oldest first: as many as a decision looks back. */
  readonly window: readonly Measures[];
  /** End of the last period that was decided about. */
  readonly decidedUpTo: number;
  readonly pending: Pending | null;
  /** The latest last. */
  readonly raises: readonly Raise[];
  /** When shards were changed in the last 24 hours. */
  readonly reshards: readonly number[];
  readonly changedAt: number | null;
  readonly loweredAt: number | null;
  /** As many batches at a time as the database did not bear, and until when as many are not tried again. */
  readonly ceiling: { readonly batches: number; readonly until: number; readonly minutes: number } | null;
  /** When each alert was last told. */
  readonly told: Readonly<Partial<Record<Code, number>>>;
  readonly last: Decision | null;
  /** How far each shard is acknowledged: the open ones, and those closed ones of which something is left. */
  readonly acknowledged: readonly Acknowledged[];
  /** When the oldest message arrived that waited at the last look; null when none did. */
  readonly oldest: number | null;
  /** What is still to be written down and told: it is taken off when that is done. */
  readonly untold: readonly (Decision | Outcome)[];
}

/** What became of a decided change. */
export interface Outcome {
  /** Of the decision. */
  readonly period: string;
  /** When it was seen, ISO 8601. */
  readonly at: string;
  /** `made`, or why it was given up. */
  readonly outcome: string;
}

export const loadOf = ({ messages, bytes, minutes }: Measures): Load => ({
  messages: messages / minutes,
  bytes: bytes / minutes,
});

/** A stream that nobody has looked after: it is right as it is found. */
export const newStreamState = (policy: Policy, actual: Settings): StreamState => ({
  settings: actual,
  first: policy.first,
  window: [],
  decidedUpTo: 0,
  pending: null,
  raises: [],
  reshards: [],
  changedAt: null,
  loweredAt: null,
  ceiling: null,
  told: {},
  last: null,
  acknowledged: [],
  oldest: null,
  untold: [],
});
