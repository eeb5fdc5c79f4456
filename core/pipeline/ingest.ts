import { type Chunk, isRejection, type Refusal } from '../formats/format.ts';
import { FatalError } from '../model/errors.ts';
import { addCounts, balanced, type Counts, noCounts, type Rejection, type Row } from '../model/row.ts';
import type { Feed } from '../model/tenant.ts';
import type { Sink } from '../ports.ts';
import { load } from './load.ts';
import { type Patience, type Transformed, transformer } from './transform.ts';

/** Rows that are transformed and written together; from the measurements in docs/throughput.md. */
export const WINDOW = 6000;

/** Characters of their records, beyond which a window is full with fewer of them: a window of the largest ones would fill the memory. */
export const WINDOW_CHARACTERS = 16 * 1024 * 1024;

/** What became of one window of rows, once the sink has acknowledged them. */
export interface Settled {
  readonly counts: Counts;
  readonly loaded: readonly Row[];
  readonly dropped: readonly Row[];
  readonly rejected: readonly Rejection[];
  /** The quality rules that records break, by position: of those that are loaded and of those that are rejected. */
  readonly broken: ReadonlyMap<Row['position'], readonly string[]>;
  /** What the loaded rows became in the sink. */
  readonly outputs: readonly Readonly<Record<string, unknown>>[];
  /** The row that each output is of. */
  readonly owners: readonly Row[];
}

export interface IngestTask {
  readonly tenant: string;
  readonly feed: Feed;
  readonly origin: string;
  readonly chunks: AsyncIterable<Chunk>;
  readonly sink: Sink;
  /** The write time of a row, in microseconds since 1970: the same on every attempt. */
  writeTimeOf(row: Row): number;
  /** Called for every window in order, when its rows are stored; may end the ingestion by throwing. */
  settled(window: Settled): Promise<void>;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
}

/**
 * The pipeline of files and messages alike: read, transform, judge, load, settle, window by window, so that memory does not grow
 * with the delivery. While one window is being written the next is read and transformed. Answers a refusal when the
 * delivery cannot be read to its end.
 */
export async function ingest(task: IngestTask): Promise<{ counts: Counts; refusal: Refusal | null }> {
  const { feed, sink, signal } = task;
  const transform = transformer(feed, task, task.patience);
  const counts = noCounts();
  let refusal: Refusal | null = null;
  let writing = Promise.resolve();

  try {
    for await (const window of windows(task.chunks)) {
      const { transformed, rejected, refusal: givenUp } = transform(window.rows);
      refusal = givenUp ?? window.refusal ?? null;
      const outputs = transformed.filter(({ outputs }) => outputs.length > 0);
      await writing;
      writing = load(outputs, feed.table, sink, task.writeTimeOf, signal).then(async (refused) => {
        const read = transformed.length + rejected.length + window.rejected.length;
        const result = settle(read, transformed, [...window.rejected, ...rejected, ...refused]);
        addCounts(counts, result.counts);
        await task.settled(result);
      });
      // The failure is thrown by the `await` above; until then nobody listens.
      writing.catch(() => {});
      if (givenUp) break;
    }
  } finally {
    // Also when reading has failed: nothing may still be written, or counted, behind the back of a caller that has gone on.
    await writing.catch(() => {});
  }
  await writing;
  return { counts, refusal };
}

function settle(read: number, transformed: readonly Transformed[], rejected: Rejection[]): Settled {
  const refused = new Set(rejected.map(({ position }) => position));
  const loaded: Row[] = [];
  const dropped: Row[] = [];
  const stored: Readonly<Record<string, unknown>>[] = [];
  const owners: Row[] = [];
  const broken = new Map(rejected.flatMap(({ position, rules }) => (rules ? [[position, rules]] : [])));
  for (const { row, outputs, broken: rules } of transformed) {
    if (rules.length > 0) broken.set(row.position, rules);
    if (outputs.length === 0) dropped.push(row);
    else if (!refused.has(row.position)) {
      loaded.push(row);
      for (const output of outputs) {
        stored.push(output);
        owners.push(row);
      }
    }
  }
  const counts = { read, loaded: loaded.length, dropped: dropped.length, rejected: rejected.length };
  if (!balanced(counts)) throw new FatalError('SLU-5005', `counts do not balance: ${JSON.stringify(counts)}`);
  return { counts, loaded, dropped, rejected, broken, outputs: stored, owners };
}

interface Window {
  readonly rows: Row[];
  readonly rejected: Rejection[];
  readonly refusal?: Refusal;
}

/** Gathers chunks into windows whose ends hang on the records alone, so that a second attempt has the same windows. */
async function* windows(chunks: AsyncIterable<Chunk>): AsyncGenerator<Window> {
  let window: Window = { rows: [], rejected: [] };
  let characters = 0;
  for await (const { items, refusal } of chunks) {
    for (const item of items) {
      if (isRejection(item)) window.rejected.push(item);
      else window.rows.push(item);
      characters += isRejection(item) ? item.raw.length : (item.size ?? item.raw.length);
      if (window.rows.length + window.rejected.length < WINDOW && characters < WINDOW_CHARACTERS) continue;
      yield window;
      window = { rows: [], rejected: [] };
      characters = 0;
    }
    if (refusal) return yield { ...window, refusal };
  }
  if (window.rows.length + window.rejected.length > 0) yield window;
}
