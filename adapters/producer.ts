import { KinesisClient } from '@aws-sdk/client-kinesis';
import { type Group, groups } from './producer/groups.ts';
import { lanes } from './producer/lanes.ts';
import { CALL, faultOf, RECORD } from './producer/limits.ts';
import { pace } from './producer/pace.ts';
import { pauses, planner } from './producer/pauses.ts';
import { type Answer, type PutRecordsClient, put } from './producer/put.ts';
import type { Spread } from './producer/spread.ts';
import { tellings } from './producer/tellings.ts';

/**
 * Puts records on a Kinesis stream, as a tenant's own program does. It knows nothing of Sluice: what a record must hold for it stands in
 * docs/producing.md. Terms: a record is *pending* from `send` until it is *settled*, once, as sent or as failed.
 */

/** A record on its way to a stream. Those with one key keep their order. */
export interface Outgoing {
  /** Partition key: 1 to 256 characters. */
  readonly key: string;
  readonly data: string | Uint8Array;
}

/**
 * Why a record was given up: `invalid` was never put, because of its key or size; `refused` by Kinesis, for a reason that does not pass;
 * `unavailable` was tried for as long as `giveUpAfter` says, or waited behind others when nothing at all was taken for so long; `aborted`
 * by the signal.
 */
export type Reason = 'invalid' | 'refused' | 'unavailable' | 'aborted';

/** What became of a record; `attempts` counts the calls that it was in. */
export type Outcome<R extends Outgoing = Outgoing> = { readonly record: R; readonly attempts: number } & (
  | { readonly status: 'sent'; readonly shard: string; readonly sequenceNumber: string }
  | {
      readonly status: 'failed';
      readonly reason: Reason;
      /** Name of Kinesis' last error. */
      readonly code: string;
      readonly message: string;
      /** A call with it got no answer: it may be in the stream all the same. */
      readonly maybe: boolean;
    }
);

export interface ProducerReport {
  readonly sent: number;
  readonly failed: number;
  readonly pending: number;
  /** Bytes of what was sent: data and keys. */
  readonly bytes: number;
  /** Calls of PutRecords; how often a record was put again, and how often one was throttled. */
  readonly calls: number;
  readonly retries: number;
  readonly throttled: number;
  /** From the first call to the last answer. */
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  /**
   * Of the records sent: milliseconds from the start of the first call that held the record to the answer that took it, with all retries and pauses
   * between. Not in it: waiting in the producer before, for `rate`, for an earlier record of the key, or for a free call.
   */
  readonly latency: Spread | null;
}

export interface ProducerOptions<R extends Outgoing = Outgoing> {
  /** Name of the stream. */
  readonly stream: string;
  /** A client of one's own, best with `maxAttempts: 1`, because the producer tries again by itself. */
  readonly client?: PutRecordsClient;
  /** Hears of each record once, in the order of its key. It must not throw. Without it `flush` and `close` throw when records have failed. */
  readonly settled?: (outcome: Outcome<R>) => void;
  /** Records that may be put in a second, those that are put again included; absent: as many as the stream takes. */
  readonly rate?: number;
  /** Calls at one time; 4 when absent. */
  readonly calls?: number;
  /** From so many records, or bytes, that are pending `send` waits; 5,000 and 32 MiB when absent. */
  readonly maxPending?: number;
  readonly maxPendingBytes?: number;
  /** Milliseconds, from its first call, for which a record is tried; 60,000 when absent. */
  readonly giveUpAfter?: number;
  /** Largest record, data and key, in bytes: 1 MiB when absent, unless the stream is configured for more. */
  readonly maxRecordBytes?: number;
  /**
   * Sends a report of its own to the platform, as a message of the reserved feed `_producer`: every so many milliseconds (60,000 when absent) in which
   * something happened, and when it is closed. It is counted nowhere, and one that is not taken is made up for by the next.
   */
  readonly report?: { readonly producer: string; readonly every?: number };
  /** Ends it at once: what is pending fails as `aborted`. To end in order call `close`. */
  readonly signal?: AbortSignal;
}

export interface Producer<R extends Outgoing = Outgoing> {
  /** Takes a record over; resolves when there is room for the next. A record that cannot be put is settled as failed, it does not throw. */
  send(record: R): Promise<void>;
  /** Resolves when all that was sent before is settled. */
  flush(): Promise<void>;
  /** Settles all that is pending, and takes nothing more. */
  close(): Promise<ProducerReport>;
  report(): ProducerReport;
}

/** Records were not taken by the stream, and nobody listened for them. */
export class UndeliveredError extends Error {
  override readonly name = 'UndeliveredError';
  readonly count: number;
  constructor(stream: string, count: number, first: string) {
    super(`${count} records did not get onto the stream ${stream}; the first: ${first}`);
    this.count = count;
  }
}

/** A record while it is pending. */
interface Entry<R> {
  /** Null for a report of the producer's own. */
  readonly record: R | null;
  readonly key: string;
  readonly data: Uint8Array;
  readonly size: number;
  readonly group: Group;
  attempts: number;
  firstAt: number;
  maybe: boolean;
}

/** Why a record is given up, but for how often it was tried. */
interface Failure {
  readonly reason: Reason;
  readonly code: string;
  readonly message: string;
}

const ABORTED: Failure = { reason: 'aborted', code: 'Aborted', message: 'the producer was aborted' };

export function createProducer<R extends Outgoing = Outgoing>(options: ProducerOptions<R>): Producer<R> {
  const { stream, calls = 4, maxPending = 5000, maxPendingBytes = 32 * 1024 * 1024, giveUpAfter = 60_000 } = options;
  const own = options.client ? undefined : new KinesisClient({ maxAttempts: 1 });
  const client = options.client ?? (own as KinesisClient);
  const stop = new AbortController();
  const waiting = lanes<Entry<R>>();
  const speed = pace(options.rate);
  const counts = tellings(options.report?.producer ?? '');
  const next = planner(start);
  const pausing = pauses<Entry<R>>((entries) => {
    waiting.retry(entries);
    next.soon();
  });
  const sets = groups();
  const senders: (() => void)[] = [];
  let pending = 0;
  let pendingBytes = 0;
  let calling = 0;
  let closed = false;
  let takenAt = Number.NEGATIVE_INFINITY;
  let unheard: { count: number; first: string } = { count: 0, first: '' };

  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted) abort();
  const reporting = options.report && setInterval(tellPlatform, options.report.every ?? 60_000);
  reporting?.unref();

  return { send, flush, close, report: () => ({ ...counts.get(), pending }) };

  function send(record: R): Promise<void> {
    if (closed) return Promise.reject(new Error(`the producer of the stream ${stream} is closed`));
    const data = typeof record.data === 'string' ? Buffer.from(record.data) : record.data;
    const size = data.byteLength + Buffer.byteLength(record.key);
    const fault = faultOf(record.key, size, options.maxRecordBytes ?? RECORD);
    if (fault) {
      tell({ record, attempts: 0, status: 'failed', reason: 'invalid', ...fault, maybe: false });
      return Promise.resolve();
    }
    take(record, record.key, data, size);
    return hasRoom() ? Promise.resolve() : new Promise((resolve) => senders.push(resolve));
  }

  function take(record: R | null, key: string, data: Uint8Array, size: number): void {
    pending++;
    pendingBytes += size;
    waiting.add({ record, key, data, size, group: sets.enter(), attempts: 0, firstAt: 0, maybe: false });
    next.soon();
  }

  function tellPlatform(): void {
    const told = counts.telling();
    if (told) take(null, told.key, told.data, told.data.byteLength + told.key.length);
  }

  function hasRoom(): boolean {
    return pending < maxPending && pendingBytes < maxPendingBytes;
  }

  /** Calls begin after the running code has sent all that it has: so records come together. */
  function start(): void {
    if (stop.signal.aborted) giveUp(ABORTED);
    while (calling < calls && waiting.ready()) {
      const allowed = Math.min(CALL.records, speed.available());
      if (allowed < 1) {
        next.in(speed.wait());
        return;
      }
      void call(waiting.take(allowed, CALL.bytes));
    }
  }

  async function call(entries: readonly Entry<R>[]): Promise<void> {
    const began = performance.now();
    const records = entries.filter(({ record }) => record !== null);
    if (records.length > 0) counts.called(began, records.filter(({ attempts }) => attempts > 0).length);
    for (const entry of entries) if (entry.attempts++ === 0) entry.firstAt = began;
    speed.spend(entries.length);
    calling++;
    const answers = await put(client, stream, entries, stop.signal);
    calling--;
    judge(entries, answers, performance.now());
    next.soon();
  }

  function judge(entries: readonly Entry<R>[], answers: readonly Answer[], at: number): void {
    const taken = answers.filter(({ kind }) => kind === 'taken').length;
    const throttled = answers.filter(({ kind }) => kind === 'throttled').length;
    if (entries.some(({ record }) => record !== null)) counts.answered(at, throttled);
    speed.answered(taken, throttled);
    const again: Entry<R>[] = [];
    let silence: Failure | undefined;
    for (const [index, entry] of entries.entries()) {
      const answer = answers[index] as Answer;
      if (answer.kind === 'taken') {
        takenAt = at;
        if (entry.record) counts.sent(entry.size, at - entry.firstAt);
        settle(entry, { status: 'sent', shard: answer.shard, sequenceNumber: answer.sequenceNumber });
        continue;
      }
      entry.maybe ||= answer.maybe;
      const { code, message } = answer;
      if (stop.signal.aborted) fail(entry, ABORTED);
      else if (answer.kind === 'refused') fail(entry, { reason: 'refused', code, message });
      else if (at - entry.firstAt < giveUpAfter) again.push(entry);
      else {
        fail(entry, { reason: 'unavailable', code, message });
        if (takenAt < entry.firstAt)
          silence = {
            reason: 'unavailable',
            code,
            message: `nothing was taken for ${giveUpAfter / 1000} s: ${message}`,
          };
      }
    }
    if (again.length > 0) pausing.hold(again);
    if (silence) giveUp(silence);
  }

  /** Ends all that is not in a call at this moment. */
  function giveUp(failure: Failure): void {
    waiting.retry(pausing.end());
    for (let entries = waiting.drain(); entries.length > 0; entries = waiting.drain())
      for (const entry of entries) fail(entry, failure);
  }

  function abort(): void {
    stop.abort();
    giveUp(ABORTED);
  }

  function fail(entry: Entry<R>, failure: Failure): void {
    settle(entry, { status: 'failed', ...failure, maybe: entry.maybe });
  }

  function settle(entry: Entry<R>, result: Result): void {
    waiting.settle(entry);
    pending--;
    pendingBytes -= entry.size;
    if (entry.record) tell({ record: entry.record, attempts: entry.attempts, ...result });
    sets.leave(entry.group);
    while (senders.length > 0 && hasRoom()) senders.shift()?.();
  }

  function tell(outcome: Outcome<R>): void {
    if (outcome.status === 'failed') {
      counts.failed();
      if (!options.settled && unheard.count++ === 0) unheard.first = `${outcome.code}: ${outcome.message}`;
    }
    options.settled?.(outcome);
  }

  async function flush(): Promise<void> {
    await sets.empty();
    const { count, first } = unheard;
    unheard = { count: 0, first: '' };
    if (count > 0) throw new UndeliveredError(stream, count, first);
  }

  async function close(): Promise<ProducerReport> {
    closed = true;
    clearInterval(reporting);
    try {
      await sets.empty();
      if (options.report) tellPlatform();
      await flush();
      return { ...counts.get(), pending };
    } finally {
      options.signal?.removeEventListener('abort', abort);
      own?.destroy();
    }
  }
}

type Result = OutcomeOf<Outcome>;
type OutcomeOf<T> = T extends unknown ? Omit<T, 'record' | 'attempts'> : never;
