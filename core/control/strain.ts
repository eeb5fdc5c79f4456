import type { Lever } from '../model/stream.ts';
import type { Policy } from './policy.ts';
import { type Load, loadOf, type Measures } from './stream-state.ts';

/** Calm is what stays below this share of a threshold. Between calm and strained nothing changes, so that nothing goes to and fro. */
export const CALM = 0.5;

/** Why more would not help, in words, with the figures of the latest periods. */
export interface Trouble {
  /** `stuck`: nothing gets through at all, so that fewer batches at a time would not help either. */
  readonly kind: 'throttled' | 'slow' | 'stuck';
  readonly why: string;
}

/** Why there should be more of something, and of what, the first choice first. */
export interface Strain {
  readonly why: string;
  readonly levers: readonly Lever[];
}

/** Throttling, or slow answers, in each of the latest periods; or messages that wait while none gets through. */
export function troubleOf({ raiseAfter, thresholds }: Policy, window: readonly Measures[]): Trouble | null {
  const recent = window.slice(-raiseAfter);
  const newest = recent.at(-1);
  if (!newest || recent.length < raiseAfter) return null;
  if (recent.every(({ throttles }) => throttles > 0)) {
    return { kind: 'throttled', why: `the database put ${many(newest.throttles)} writes off` };
  }
  const { databaseMilliseconds: most, lagSeconds } = thresholds;
  if (recent.every((each) => (each.databaseMilliseconds ?? 0) >= most)) {
    const took = many(newest.databaseMilliseconds ?? 0);
    return { kind: 'slow', why: `the database takes ${took} ms for a batch; the threshold is ${many(most)} ms` };
  }
  if (recent.every((each) => !each.progress && (each.lagSeconds ?? 0) >= lagSeconds)) {
    return { kind: 'stuck', why: `the oldest message waits for ${newest.lagSeconds} s, and none gets through` };
  }
  return null;
}

/** Signs of trouble in any of the latest periods: not enough to tell anybody, and enough not to add to it. */
export function isBusy({ raiseAfter, thresholds }: Policy, window: readonly Measures[]): boolean {
  const slow = ({ databaseMilliseconds: took }: Measures) => (took ?? 0) >= thresholds.databaseMilliseconds;
  return window.slice(-raiseAfter).some((each) => each.throttles > 0 || slow(each));
}

/** What is beyond its threshold in each of the latest periods. */
export function strainOf(policy: Policy, window: readonly Measures[]): Strain | null {
  const recent = window.slice(-policy.raiseAfter);
  const newest = recent.at(-1);
  if (!newest || recent.length < policy.raiseAfter) return null;
  const always = (value: (measures: Measures) => number, most: number) => recent.every((each) => value(each) >= most);
  const { lagSeconds, averageMilliseconds, messagesPerShard, bytesPerShard } = policy.thresholds;

  // What arrives is Kinesis' to take: only more shards help.
  if (always((each) => perShard(each).messages, messagesPerShard)) {
    return { why: full(perShard(newest).messages, 'messages', messagesPerShard), levers: ['shards'] };
  }
  if (always((each) => perShard(each).bytes, bytesPerShard)) {
    return { why: full(perShard(newest).bytes, 'bytes', bytesPerShard), levers: ['shards'] };
  }
  // What costs nothing by the hour comes first.
  const levers: readonly Lever[] = ['parallel', 'batchSize', 'shards'];
  // A database that has just come back must find its feet first: messages must get through in each of the periods.
  if (always((each) => (each.progress ? (each.lagSeconds ?? 0) : 0), lagSeconds)) {
    return {
      why: `the oldest message waits for ${newest.lagSeconds} s; the threshold is ${many(lagSeconds)} s`,
      levers,
    };
  }
  if (always((each) => each.averageMilliseconds ?? 0, averageMilliseconds)) {
    const took = many(newest.averageMilliseconds ?? 0);
    return { why: `a message takes ${took} ms on average; the threshold is ${many(averageMilliseconds)} ms`, levers };
  }
  return null;
}

export function isCalm({ thresholds }: Policy, measures: Measures): boolean {
  const { throttles, lagSeconds, averageMilliseconds, consuming } = measures;
  return (
    consuming &&
    throttles === 0 &&
    lagSeconds !== null &&
    lagSeconds <= CALM * thresholds.lagSeconds &&
    (averageMilliseconds ?? 0) <= CALM * thresholds.averageMilliseconds
  );
}

const perShard = (measures: Measures): Load => {
  const { messages, bytes } = loadOf(measures);
  return { messages: messages / measures.actual.shards, bytes: bytes / measures.actual.shards };
};

const full = (value: number, what: string, most: number): string =>
  `${many(value)} ${what} a minute and shard; the threshold is ${many(most)}`;

export const many = (value: number): string => Math.round(value).toLocaleString('en-US');
