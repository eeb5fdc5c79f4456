import { createProducer, type Outcome, type ProducerOptions, type ProducerReport } from '../adapters/producer.ts';
import type { Refusal } from '../core/formats/format.ts';
import { placeText } from '../core/model/row.ts';
import { type Reason, reasons } from '../core/report/reasons.ts';
import { type Making, messagesIn, type Produced, type Source } from './produce-records.ts';
import { bytes, type Ui } from './ui.ts';

/** Records of each reason that are kept, and of those that were not taken. */
const KEPT = 2;
const FAILED = 8;
/** Milliseconds between two lines of progress. */
const QUIET = 1000;

/** What became of the records: `read = sent + bad + failed`, also when it ended early. */
export interface Made extends Omit<ProducerReport, 'pending' | 'failed'> {
  readonly read: number;
  /** Not sent, because they are no messages. */
  readonly bad: { readonly count: number; readonly reasons: readonly Reason[] };
  /** Not taken by the stream; the first of them. */
  readonly failed: { readonly count: number; readonly first: readonly Failed[] };
  /** Why the rest could not be read. */
  readonly refusal: Refusal | null;
  /** It ended before its source: because the stream takes nothing more, or because it was interrupted. */
  readonly ended: 'stream' | 'interrupted' | null;
}

type Failed = Pick<Extract<Outcome, { status: 'failed' }>, 'reason' | 'code' | 'message' | 'maybe'> & { place: string };

/** Puts all records of a source on a stream; ends early when it is interrupted, or when the stream takes nothing more. */
export async function produce(
  source: Source,
  making: Making,
  options: Omit<ProducerOptions<Produced>, 'settled'>,
  ui: Pick<Ui, 'signal' | 'progress' | 'endInOrder'>,
): Promise<Made> {
  const bad = reasons(KEPT);
  const failed: Failed[] = [];
  const end = new AbortController();
  const stop = () => end.abort();
  let badCount = 0;
  let streamless = false;
  let read = 0;
  let refusal: Refusal | null = null;
  const settled = (outcome: Outcome<Produced>) => {
    if (outcome.status === 'sent') return;
    const { reason, code, message, maybe, record } = outcome;
    if (failed.length < FAILED) failed.push({ place: placeText(record), reason, code, message, maybe });
    if (reason === 'invalid') return;
    streamless = true;
    stop();
  };
  const producer = createProducer({ ...options, settled });
  const progress = progressOf(producer.report, ui);
  ui.signal.addEventListener('abort', stop, { once: true });
  ui.endInOrder();
  try {
    reading: for await (const chunk of messagesIn(source, making, end.signal)) {
      for (const item of chunk.items) {
        if (end.signal.aborted) break reading;
        read++;
        if ('stage' in item) {
          badCount++;
          bad.add([item]);
        } else await producer.send(item);
      }
      refusal = chunk.refusal ?? null;
    }
  } catch (error) {
    // Reading is what an interruption breaks off; whatever else goes wrong is not ours.
    if (!end.signal.aborted) throw error;
  } finally {
    ui.signal.removeEventListener('abort', stop);
    await producer.close();
    clearInterval(progress);
  }
  const { pending: _, failed: count, ...report } = producer.report();
  return {
    read,
    ...report,
    bad: { count: badCount, reasons: bad.all() },
    failed: { count, first: failed },
    refusal,
    ended: streamless ? 'stream' : ui.signal.aborted ? 'interrupted' : null,
  };
}

function progressOf(report: () => ProducerReport, ui: Pick<Ui, 'progress'>): NodeJS.Timeout {
  let last = report();
  return setInterval(() => {
    const now = report();
    if (now.calls === last.calls) return;
    const speed = `${count(Math.round(((now.sent - last.sent) * 1000) / QUIET))} records/s, ${bytes(Math.round(((now.bytes - last.bytes) * 1000) / QUIET))}/s`;
    ui.progress('produce', `${count(now.sent)} sent, ${speed}, ${count(now.retries)} retries`);
    last = now;
  }, QUIET);
}

const count = (value: number): string => value.toLocaleString('en-US');
