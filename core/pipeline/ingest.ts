import { type Chunk, isRejection, type Refusal } from '../formats/format.ts';
import { FatalError } from '../model/errors.ts';
import {
  addCounts,
  balanced,
  type Counts,
  noCounts,
  type Place,
  placeOf,
  type Rejection,
  type Row,
} from '../model/row.ts';
import type { Feed } from '../model/tenant.ts';
import type { Sink } from '../ports.ts';
import { load } from './load.ts';
import { type Patience, type Transformed, transformer } from './transform.ts';

/**
 * Rows that are transformed and written together. Of 3,000,000 flights, batches have 15.6 rows on average with 6,000, 18.8 with 12,000, and 23.9 if all were one window; a file went
 * a tenth faster with 16,000 than with 6,000, which took 30 MB more, and no faster with 30,000.
 */
export const WINDOW = 12_000;

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
  /** Where the last record of the window lies. */
  readonly last: Place;
}

export interface IngestTask {
  readonly tenant: string;
  readonly feed: Feed;
  readonly origin: string;
  readonly chunks: AsyncIterable<Chunk>;
  readonly sink: Sink;
  /** The write time of a row, in microseconds since 1970: the same on every attempt. */
  writeTimeOf(record: Place): number;
  /** Called for every window in order, when its rows are stored; may end the ingestion by throwing. */
  settled(window: Settled): Promise<void>;
  readonly signal: AbortSignal;
  readonly patience?: Patience;
  /** Asked before each window: true ends the ingestion behind the one before. */
  enough?(): boolean;
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
    for await (const window of windows(task)) {
      if (task.enough?.()) break;
      const { transformed, rejected, refusal: givenUp } = transform(window.rows);
      refusal = givenUp ?? window.refusal ?? null;
      const outputs = transformed.filter(({ outputs }) => outputs.length > 0);
      await writing;
      writing = load(outputs, feed.table, sink, task.writeTimeOf, signal).then(async (refused) => {
        const read = transformed.length + rejected.length + window.rejected.length;
        const result = settle(read, transformed, [...window.rejected, ...rejected, ...refused], window.last);
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

function settle(read: number, transformed: readonly Transformed[], rejected: Rejection[], last: Place): Settled {
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
  return { counts, loaded, dropped, rejected, broken, outputs: stored, owners, last };
}

interface Window {
  readonly rows: Row[];
  readonly rejected: Rejection[];
  readonly last: Place;
  readonly refusal?: Refusal;
}

/**
 * Gathers chunks into windows whose ends hang on the records alone, so that a second attempt has the same windows. Records that share a write time stay together: only side by
 * side are two with one key told apart (adapters/cassandra/sink.ts).
 */
async function* windows({ chunks, writeTimeOf }: Pick<IngestTask, 'chunks' | 'writeTimeOf'>): AsyncGenerator<Window> {
  let rows: Row[] = [];
  let rejected: Rejection[] = [];
  let characters = 0;
  let last: Row | Rejection | undefined;
  const isFull = () => rows.length + rejected.length >= WINDOW || characters >= WINDOW_CHARACTERS;
  for await (const { items, refusal } of chunks) {
    for (const item of items) {
      if (last && isFull() && writeTimeOf(item) !== writeTimeOf(last)) {
        yield { rows, rejected, last: placeOf(last) };
        [rows, rejected, characters] = [[], [], 0];
      }
      if (isRejection(item)) rejected.push(item);
      else rows.push(item);
      characters += isRejection(item) ? item.raw.length : (item.size ?? item.raw.length);
      last = item;
    }
    if (refusal) return yield { rows, rejected, last: last ? placeOf(last) : NOWHERE, refusal };
  }
  if (last && rows.length + rejected.length > 0) yield { rows, rejected, last: placeOf(last) };
}

/** Before the first record. */
const NOWHERE: Place = { position: 0 };
