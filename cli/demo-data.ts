import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import type { Code } from '../core/model/codes.ts';

/**
 * Real data for the demo, the tests and the measurements, from the npm package `vega-datasets`: three million flights of US
 * carriers from January to June 2001. The same call always gives the same bytes.
 *
 * The data set's times are local to the airport of departure and name no zone; they are written out as UTC, so that the
 * day of a flight stays the day on which it left. It has no identifier: `flight_id` is made of the row's number.
 */
export interface Flight {
  readonly flight_id: string;
  readonly date: string;
  /** Minutes late on arrival; negative when early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

export interface FlightRange {
  /** Rows to leave out before the first; 0 starts with `F0000001`. */
  readonly from: number;
  readonly rows: number;
}

export interface Exported {
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Where a file of the package `vega-datasets` lies, such as `birdstrikes.csv`. */
export const dataset = (name: string): string =>
  join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data', name);

export type FlightFormat = 'csv' | 'ndjson' | 'xml' | 'parquet';

/**
 * Writes flights as a file that the feed `flights` takes, compressed when its name ends in `.gz`; memory does not grow with the number of rows, but
 * for Parquet.
 */
export async function exportFlights(to: FlightRange & { format: FlightFormat; file: string }): Promise<Exported> {
  return write(to.file, to.rows, writers[to.format](readFlights(to)));
}

type Content = AsyncIterable<string | Uint8Array>;

const writers: Readonly<Record<FlightFormat, (flights: AsyncIterable<Flight[]>) => Content>> = {
  csv: (flights) => csvOf(flights),
  ndjson: ndjsonOf,
  xml: xmlOf,
  parquet: parquetOf,
};

/** Flights as the messages that the aviation tenant puts on its stream, each in its envelope. */
export async function* flightMessages(range: FlightRange): AsyncGenerator<{ feed: 'flights'; message: Flight }> {
  for await (const flights of readFlights(range)) for (const message of flights) yield { feed: 'flights', message };
}

/** What the dirty file's sender did wrong: the rejection to expect, and how the record's cells came out. */
const faults: readonly (readonly [Code, (cells: string[]) => string[]])[] = [
  ['SLU-2004', (cells) => cells.with(1, '2001-02-30T08:15:00Z')],
  ['SLU-2003', (cells) => cells.with(4, '')],
  ['SLU-2002', (cells) => cells.slice(0, 4)],
  ['SLU-2004', (cells) => cells.with(2, 'n/a')],
  ['SLU-2004', (cells) => cells.with(5, 'Newark, NJ')],
  ['SLU-2003', (cells) => cells.with(0, '')],
  ['SLU-2004', (cells) => cells.with(3, '99999')],
];

/** Every tenth record of a dirty file is broken. */
const STEP = 10;

/** Writes flights as CSV with real mistakes in every tenth record, and tells which rejections they must give. */
export async function exportDirtyFlights(
  to: FlightRange & { file: string },
): Promise<Exported & { rejections: { position: number; code: Code }[] }> {
  const rejections: { position: number; code: Code }[] = [];
  const exported = await write(
    to.file,
    to.rows,
    csvOf(readFlights(to), (cells, position) => {
      const fault = position % STEP === 0 && faults[(position / STEP - 1) % faults.length];
      if (!fault) return cells;
      rejections.push({ position, code: fault[0] });
      return fault[1](cells);
    }),
  );
  return { ...exported, rejections };
}

/** Reads flights a row group at a time, in stretches that a stream likes. */
async function* readFlights({ from, rows }: FlightRange): AsyncGenerator<Flight[]> {
  const file = await asyncBufferFromFile(dataset('flights-3m.parquet'));
  const metadata = await parquetMetadataAsync(file);
  const end = from + rows;
  if (from < 0 || rows < 0 || end > metadata.num_rows) {
    throw new RangeError(`flights ${from} to ${end} asked for, of ${metadata.num_rows}`);
  }
  let start = 0;
  for (const group of metadata.row_groups) {
    const [rowStart, rowEnd] = [Math.max(from, start), Math.min(end, start + Number(group.num_rows))];
    start += Number(group.num_rows);
    if (rowStart >= rowEnd) continue;
    let cells: unknown[][] = [];
    await parquetRead({ file, metadata, compressors, rowStart, rowEnd, onComplete: (read) => (cells = read) });
    for (let at = 0; at < cells.length; at += 1000) {
      yield cells.slice(at, at + 1000).map((row, index) => flightOf(row, rowStart + at + index + 1));
    }
  }
}

function flightOf([date, delay, distance, origin, destination]: unknown[], number: number): Flight {
  return {
    flight_id: `F${String(number).padStart(7, '0')}`,
    date: `${(date as Date).toISOString().slice(0, 19)}Z`,
    delay: Number(delay),
    distance: Number(distance),
    origin: origin as string,
    destination: destination as string,
  };
}

const HEADER = 'flight_id,date,delay,distance,origin,destination\n';

async function* csvOf(
  flights: AsyncIterable<Flight[]>,
  change: (cells: string[], position: number) => string[] = (cells) => cells,
): AsyncGenerator<string> {
  yield HEADER;
  let position = 0;
  for await (const stretch of flights) {
    let text = '';
    for (const flight of stretch) {
      const cells = change(Object.values(flight).map(String), ++position);
      text += `${cells.map(csvCell).join(',')}\n`;
    }
    yield text;
  }
}

const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

async function* ndjsonOf(flights: AsyncIterable<Flight[]>): AsyncGenerator<string> {
  for await (const stretch of flights) yield `${stretch.map((flight) => JSON.stringify(flight)).join('\n')}\n`;
}

async function* xmlOf(flights: AsyncIterable<Flight[]>): AsyncGenerator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<flights>\n';
  for await (const stretch of flights) {
    let text = '';
    for (const { flight_id, ...fields } of stretch) {
      const elements = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`);
      text += `  <flight flight_id="${flight_id}">${elements.join('')}</flight>\n`;
    }
    yield text;
  }
  yield '</flights>\n';
}

async function* parquetOf(flights: AsyncIterable<Flight[]>): AsyncGenerator<Uint8Array> {
  const all: Flight[] = [];
  for await (const stretch of flights) all.push(...stretch);
  const columnData: ColumnSource[] = [
    { name: 'flight_id', data: all.map(({ flight_id }) => flight_id), type: 'STRING' },
    { name: 'date', data: all.map(({ date }) => new Date(date)), type: 'TIMESTAMP' },
    { name: 'delay', data: all.map(({ delay }) => delay), type: 'INT32' },
    { name: 'distance', data: all.map(({ distance }) => distance), type: 'INT32' },
    { name: 'origin', data: all.map(({ origin }) => origin), type: 'STRING' },
    { name: 'destination', data: all.map(({ destination }) => destination), type: 'STRING' },
  ];
  yield new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 20_000 }));
}

/** The file appears under its name when it is whole: one that was interrupted is never taken for good. */
async function write(file: string, rows: number, content: Content): Promise<Exported> {
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.part`;
  try {
    const packing = file.endsWith('.gz') ? [createGzip()] : [];
    await pipeline([Readable.from(content), ...packing, createWriteStream(unfinished)]);
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
  return { file, rows, bytes: (await stat(file)).size };
}
