import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportDirtyFlights, exportFlights, flightMessages } from '../../cli/demo-data.ts';
import { localFile } from '../../cli/local-file.ts';
import { csvReader } from '../../core/formats/csv.ts';
import { readRecords } from '../../core/formats/readers.ts';
import { type FileFormat, fileFormatOf } from '../../core/model/formats.ts';
import { runSample } from '../../core/pipeline/samples.ts';
import flights from '../../tenants/aviation/feeds/flights.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-demo-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

const lines = async (file: string) => (await readFile(file, 'utf8')).trimEnd().split('\n');

describe('the exported flights', () => {
  test('are the data set’s own rows, numbered from one', async () => {
    const file = join(folder, 'three.csv');
    expect(await exportFlights({ from: 0, rows: 3, format: 'csv', file })).toEqual({ file, rows: 3, bytes: 185 });
    expect(await lines(file)).toEqual([
      'flight_id,date,delay,distance,origin,destination',
      'F0000001,2001-01-01T00:01:00Z,33,2176,LAS,PHL',
      'F0000002,2001-01-01T00:01:00Z,19,215,ATL,SAV',
      'F0000003,2001-01-01T00:01:00Z,14,405,MCI,MDW',
    ]);
  });

  test('are the same as CSV, as NDJSON and as messages, across the edge of a row group', async () => {
    const range = { from: 272_700, rows: 60 };
    const [csv, ndjson] = [join(folder, 'edge.csv'), join(folder, 'new', 'edge.ndjson')];
    await exportFlights({ ...range, format: 'csv', file: csv });
    await exportFlights({ ...range, format: 'ndjson', file: ndjson });
    const rows = (await lines(ndjson)).map((line) => JSON.parse(line));
    expect(rows.map((row) => row.flight_id)).toEqual(Array.from({ length: 60 }, (_, i) => `F0${272_701 + i}`));
    const cells: Record<string, string>[] = parse(await readFile(csv), { columns: true });
    expect(cells.map((row) => ({ ...row, delay: Number(row.delay), distance: Number(row.distance) }))).toEqual(rows);
    const messages: unknown[] = [];
    for await (const message of flightMessages(range)) messages.push(message);
    expect(messages).toEqual(rows.map((message) => ({ feed: 'flights', message })));
  });

  test('are the same in every format that the feed takes', async () => {
    const range = { from: 272_700, rows: 60 };
    const [first, ...others] = await Promise.all(
      ['a.csv', 'a.ndjson', 'a.xml', 'a.parquet', 'a.csv.gz', 'a.xml.gz'].map(async (name) => {
        const file = join(folder, name);
        const format = name.split('.')[1] as 'csv' | 'ndjson' | 'xml' | 'parquet';
        await exportFlights({ ...range, format, file });
        const stored = await localFile(file);
        const takes = fileFormatOf(file, flights.formats) as FileFormat;
        const chunks = readRecords(stored, takes, { maxRecord: 65_536 }, new AbortController().signal);
        return runSample('aviation', flights, chunks);
      }),
    );
    expect(first?.filter((outcome) => 'rows' in outcome)).toHaveLength(60);
    for (const other of others) expect(other).toEqual(first);
  });

  test('that do not exist are refused, and no file is left', async () => {
    const file = join(folder, 'beyond.csv');
    await expect(exportFlights({ from: 2_999_999, rows: 2, format: 'csv', file })).rejects.toThrow('of 3000000');
    expect((await readdir(folder)).filter((name) => name.startsWith('beyond'))).toEqual([]);
  });
});

describe('the dirty file', () => {
  test('has one broken record in ten and says which rejection each must give', async () => {
    const file = join(folder, 'dirty.csv');
    const { rejections } = await exportDirtyFlights({ from: 0, rows: 75, file });
    expect(rejections).toEqual([
      { position: 10, code: 'SLU-2004' },
      { position: 20, code: 'SLU-2003' },
      { position: 30, code: 'SLU-2002' },
      { position: 40, code: 'SLU-2004' },
      { position: 50, code: 'SLU-2004' },
      { position: 60, code: 'SLU-2003' },
      { position: 70, code: 'SLU-2004' },
    ]);
    const records: string[][] = parse(await readFile(file), { relax_column_count: true });
    const clean = join(folder, 'clean.csv');
    await exportFlights({ from: 0, rows: 75, format: 'csv', file: clean });
    const originals: string[][] = parse(await readFile(clean));
    const changed = records.flatMap((cells, position) =>
      cells.join() === originals[position]?.join() ? [] : [position],
    );
    expect(changed).toEqual(rejections.map(({ position }) => position));
    expect(records[50]?.[5]).toBe('Newark, NJ');
  });

  test('comes to just those rejections in the pipeline, and every other record is loaded', async () => {
    const file = join(folder, 'pipeline.csv');
    const { rejections } = await exportDirtyFlights({ from: 0, rows: 200, file });
    const outcomes = await runSample(
      'aviation',
      flights,
      csvReader({ format: 'csv' })(createReadStream(file), { maxRecord: 65_536 }),
    );
    const rejected = outcomes.filter((outcome) => 'rejected' in outcome);
    expect(rejected.map(({ position, rejected: code }) => ({ position, code }))).toEqual(rejections);
    expect(outcomes.filter((outcome) => 'rows' in outcome)).toHaveLength(180);
  });
});
