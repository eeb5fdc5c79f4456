import { createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { flightMessages } from '../cli/demo-data.ts';
import { comments, type FileRecord } from './comments.ts';

/** Files to load, whose columns are those of the benchmark's tables: all clients read the same ones. The same call always gives the same bytes. */
export type DataName = 'flights' | 'comments';
export type FileFormat = 'csv' | 'ndjson' | 'parquet';

export interface DataFile {
  readonly data: DataName;
  readonly format: FileFormat;
  readonly rows: number;
  readonly file: string;
  readonly bytes: number;
}

type Cell = FileRecord[string];
type Records = AsyncIterable<FileRecord> | Iterable<FileRecord>;

/** Flights in the data set; where more are asked for they come again, as flights with other identifiers. */
const FLIGHTS = 3_000_000;

/** Makes a file unless an earlier run of the benchmark has. */
export async function dataFile(folder: string, data: DataName, format: FileFormat, rows: number): Promise<DataFile> {
  const file = join(folder, `${data}-${rows}.${format}`);
  if (!existsSync(file)) {
    await mkdir(dirname(file), { recursive: true });
    const part = `${file}.part`;
    if (format === 'parquet') writeFileSync(part, await parquetOf(recordsOf(data, rows)));
    else await pipeline(Readable.from(textOf(recordsOf(data, rows), format)), createWriteStream(part));
    await rename(part, file);
  }
  return { data, format, rows, file, bytes: (await stat(file)).size };
}

const recordsOf = (data: DataName, rows: number): Records => (data === 'flights' ? flightsOf(rows) : comments(rows));

async function* flightsOf(rows: number): AsyncGenerator<FileRecord> {
  for (let from = 0; from < rows; from += FLIGHTS) {
    const round = from === 0 ? '' : `-${from / FLIGHTS}`;
    for await (const { message } of flightMessages({ from: 0, rows: Math.min(FLIGHTS, rows - from) })) {
      const { flight_id, date, origin, destination, delay, distance } = message;
      const day = date.slice(0, 10);
      yield { flight_id: flight_id + round, departed_at: date, day, origin, destination, delay, distance };
    }
  }
}

/** In stretches that a stream likes. */
async function* textOf(records: Records, format: 'csv' | 'ndjson'): AsyncGenerator<string> {
  let text = '';
  let first = true;
  for await (const record of records) {
    if (format === 'csv' && first) text += `${Object.keys(record).join(',')}\n`;
    first = false;
    text += `${format === 'csv' ? Object.values(record).map(csvCell).join(',') : JSON.stringify(record)}\n`;
    if (text.length < 65_536) continue;
    yield text;
    text = '';
  }
  yield text;
}

const csvCell = (cell: Cell): string => {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const columns: readonly Pick<ColumnSource, 'name' | 'type'>[] = [
  { name: 'flight_id', type: 'STRING' },
  { name: 'departed_at', type: 'TIMESTAMP' },
  { name: 'day', type: 'STRING' },
  { name: 'origin', type: 'STRING' },
  { name: 'destination', type: 'STRING' },
  { name: 'delay', type: 'INT32' },
  { name: 'distance', type: 'INT32' },
] as const;

/** Flights alone: comments have no Parquet. */
async function parquetOf(records: Records): Promise<Uint8Array> {
  const data = columns.map(() => [] as (Cell | Date)[]);
  for await (const record of records) {
    for (const [index, { name, type }] of columns.entries()) {
      const cell = record[name as string] as Cell;
      data[index]?.push(type === 'TIMESTAMP' ? new Date(cell) : cell);
    }
  }
  const columnData = columns.map((column, index) => ({ ...column, data: data[index] ?? [] })) as ColumnSource[];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 20_000 }));
}
