import { setImmediate } from 'node:timers/promises';
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
  type Source,
} from '../model/row.ts';
import type { Table } from '../model/table.ts';
import type { Feed } from '../model/tenant.ts';
import type { Sink } from '../ports.ts';
import { load } from './load.ts';
import { type Output, RecordOutput, RecordSource } from './output.ts';
import { type Patience, type Transformer, transformer } from './transform.ts';

/**
 * Records that are written together. Of 3,000,000 flights, batches have 15.6 rows on average with 6,000, 18.8 with 12,000, and 23.9 if all were one window; a file went
 * a tenth faster with 16,000 than with 6,000, which took 30 MB more, and no faster with 30,000.
 */
export const WINDOW = 12_000;

/**
 * The same for tables whose rows are partitions of their own, which find no neighbours in a larger one. Of 300,000 comments a million took 15.0 s of CPU instead of 17.2, and 220 MiB
 * instead of 276: what is alive when garbage is collected is what it costs.
 */
export const SPREAD_WINDOW = 3000;

/** Characters of their records, beyond which a window is full with fewer of them: a window of the largest ones would fill the memory. */
export const WINDOW_CHARACTERS = 16 * 1024 * 1024;

/** What became of one window of rows, once the sink has acknowledged them. */
export interface Settled {
  readonly counts: Counts;
  readonly loaded: readonly Source[];
  readonly dropped: readonly Source[];
  readonly rejected: readonly Rejection[];
  /** The quality rules that records break, by position: of those that are loaded and of those that are rejected. */
  readonly broken: ReadonlyMap<Row['position'], readonly string[]>;
  /** What the loaded rows became in the sink. */
  readonly outputs: readonly Readonly<Record<string, unknown>>[];
  /** The record that each output is of. */
  readonly owners: readonly Source[];
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
 * Records that are transformed at a time: what is only needed for that is soon forgotten, and the answers of the database are heard in between. Each time begins and ends a
 * thread that watches over the transform (core/pipeline/tenant-code.ts), which takes 0.15 ms, and 2 ms where both processors are busy.
 */
const PIECE = 6000;

/**
 * The pipeline of files and messages alike: read, transform, judge, load, settle, window by window, so that memory does not grow
 * with the delivery. While a window is being written the next is read, transformed and put right behind it, so that the sink does not wait between the two. Answers a refusal
 * when the delivery cannot be read to its end.
 */
export async function ingest(task: IngestTask): Promise<{ counts: Counts; refusal: Refusal | null }> {
  const { feed, sink, signal } = task;
  const counts = noCounts();
  let refusal: Refusal | null = null;
  let stored: Promise<unknown> = Promise.resolve();
  let [before, last] = [Promise.resolve(), Promise.resolve()];

  const settled = async (window: Window, refused: Promise<Rejection[]>, after: Promise<void>) => {
    await after;
    const result = settle(window, await refused);
    addCounts(counts, result.counts);
    await task.settled(result);
  };

  try {
    for await (const window of windows(task, transformer(feed, task, task.patience))) {
      if (task.enough?.()) break;
      refusal = window.refusal;
      await before;
      const refused = load(window.outputs, feed.table, sink, signal);
      stored = refused;
      [before, last] = [last, settled(window, refused, last)];
      // The failure is thrown by an `await` above or below; until then nobody listens.
      for (const each of [refused, last]) each.catch(() => {});
    }
  } finally {
    // Also when reading has failed: nothing may still be written, or counted, behind the back of a caller that has gone on.
    await Promise.allSettled([stored, last]);
  }
  await last;
  return { counts, refusal };
}

function settle(
  { read, outputs: made, dropped, rejected: given, broken, last }: Window,
  refused: Rejection[],
): Settled {
  const rejected = [...given, ...refused];
  const gone = new Set(refused.map(({ position }) => position));
  const owners = gone.size === 0 ? made : made.filter(({ position }) => !gone.has(position));
  const loaded = owners.filter(({ position }, index) => position !== owners[index - 1]?.position);
  const counts = { read, loaded: loaded.length, dropped: dropped.length, rejected: rejected.length };
  if (!balanced(counts)) throw new FatalError('SLU-5005', `counts do not balance: ${JSON.stringify(counts)}`);
  const outputs = owners.map(({ values }) => values);
  return { counts, loaded, dropped, rejected, broken, outputs, owners, last: last ? placeOf(last) : NOWHERE };
}

/** Before the first record. */
const NOWHERE: Place = { position: 0 };

class Window {
  readonly #most: number;
  /** Records that have an outcome. */
  read = 0;
  readonly outputs: Output[] = [];
  readonly dropped: Source[] = [];
  readonly rejected: Rejection[] = [];
  readonly broken = new Map<Row['position'], readonly string[]>();
  last: Place | null = null;
  /** Set when there is no window behind it, because the delivery is not gone on with. */
  refusal: Refusal | null = null;
  #gathered = 0;
  #characters = 0;

  constructor({ clusteringKey }: Table) {
    this.#most = clusteringKey.length === 0 ? SPREAD_WINDOW : WINDOW;
  }

  gather(item: Row | Rejection): void {
    this.#gathered++;
    this.#characters += isRejection(item) ? item.raw.length : (item.size ?? item.raw.length);
    this.last = item;
    if (!isRejection(item)) return;
    this.read++;
    this.rejected.push(item);
  }

  isFull(): boolean {
    return this.#gathered >= this.#most || this.#characters >= WINDOW_CHARACTERS;
  }

  /** Notes what becomes of some of its records; false when the transform is given up. */
  take({ transformed, rejected, refusal }: ReturnType<Transformer>, writeTimeOf: IngestTask['writeTimeOf']): boolean {
    this.read += transformed.length + rejected.length;
    for (const { row, outputs, broken } of transformed) {
      if (broken.length > 0) this.broken.set(row.position, broken);
      if (outputs.length === 0) this.dropped.push(new RecordSource(row));
      else {
        const writeTime = writeTimeOf(row);
        for (const values of outputs) this.outputs.push(new RecordOutput(row, values, writeTime));
      }
    }
    for (const rejection of rejected) this.rejected.push(rejection);
    for (const { position, rules } of rejected) if (rules) this.broken.set(position, rules);
    this.refusal = refusal ?? null;
    return this.refusal === null;
  }
}

/**
 * Gathers chunks into windows whose ends hang on the records alone, so that a second attempt has the same windows. Records that share a write time stay together: only side by
 * side are two with one key told apart (adapters/cassandra/sink.ts).
 */
async function* windows(
  { chunks, writeTimeOf, feed: { table } }: IngestTask,
  transform: Transformer,
): AsyncGenerator<Window> {
  let window = new Window(table);
  let rows: Row[] = [];
  const take = (): boolean => {
    const piece = rows;
    rows = [];
    return piece.length === 0 || window.take(transform(piece), writeTimeOf);
  };
  for await (const { items, refusal } of chunks) {
    for (const item of items) {
      if (window.last && window.isFull() && writeTimeOf(item) !== writeTimeOf(window.last)) {
        const goesOn = take();
        yield window;
        if (!goesOn) return;
        window = new Window(table);
      }
      window.gather(item);
      if (!isRejection(item)) rows.push(item);
      if (rows.length < PIECE) continue;
      if (!take()) return yield window;
      await setImmediate();
    }
    if (!refusal) continue;
    if (take()) window.refusal = refusal;
    return yield window;
  }
  take();
  if (window.last) yield window;
}
