import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kinesisClient } from '../../adapters/kinesis.ts';
import { createProducer } from '../../adapters/producer.ts';
import { exportDirtyFlights, exportFlights } from '../../cli/demo-data.ts';
import { namesOf } from '../../core/model/names.ts';
import { balanced } from '../../core/model/row.ts';
import { rejectsPrefix } from '../../core/pipeline/rejects.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import { aws, openOperator, rejectsUnder, sluice, unique, until, upload, withFolder } from '../support/user.ts';

const { staging, rejects, stream } = namesOf('aviation');
let operator: Awaited<ReturnType<typeof openOperator>>;

beforeAll(async () => {
  operator = await openOperator();
});
afterAll(() => operator.close());

const flight = (id: string, more: Record<string, unknown> = {}) => ({
  flight_id: id,
  date: '1999-07-04T08:15:00Z',
  delay: 20,
  distance: 2176,
  origin: 'LAS',
  destination: 'PHL',
  ...more,
});

const stored = async (prefix: string) => {
  const query = "SELECT * FROM aviation.flights_by_origin WHERE origin = 'LAS' AND day = '1999-07-04'";
  const { rows } = await operator.cassandra.execute(query, [], { prepare: true, fetchSize: 10_000 });
  return rows.filter((row) => String(row.get('flight_id')).startsWith(prefix));
};

describe('files', () => {
  test('real flights copied with the AWS CLI as CSV are all accounted for, and their rows are in Cassandra', async () => {
    const key = `flights/${unique('real')}.csv`;
    const day = await withFolder(async (folder) => {
      const file = `${folder}/flights.csv`;
      await exportFlights({ from: 2_000_000, rows: 20_000, format: 'csv', file });
      await aws('s3', 'cp', '--no-progress', file, `s3://${staging}/${key}`);
      return /F\d+,(\S{10})T/.exec(await readFile(file, 'utf8'))?.[1];
    });
    const run = await operator.settledRun('aviation', 'flights', key);
    expect(run.state).toBe('loaded');
    expect(run.counts.read).toBe(20_000);
    expect(run.counts.rejected).toBe(0);
    expect(balanced(run.counts)).toBe(true);
    const { rows } = await operator.cassandra.execute(
      "SELECT * FROM aviation.flights_by_origin WHERE origin = 'ATL' AND day = ?",
      [day],
      { prepare: true },
    );
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.every((row) => row.get('distance_km') > row.get('distance_miles'))).toBe(true);
  });

  test('an NDJSON file goes the same way', async () => {
    const id = unique('N');
    const key = `flights/${id}.ndjson`;
    const lines = [flight(`${id}-1`), flight(`${id}-2`, { delay: -3 }), flight(`${id}-3`, { destination: 'LAS' })];
    await upload(lines.map((line) => JSON.stringify(line)).join('\n'), `s3://${staging}/${key}`);
    const run = await operator.settledRun('aviation', 'flights', key);
    expect(run.counts).toEqual({ read: 3, loaded: 2, dropped: 1, rejected: 0 });
    expect((await stored(id)).map((row) => row.get('delay_class')).sort()).toEqual(['early', 'late']);
  });

  test('broken records are rejected with place, reason and text, and the records beside them are loaded', async () => {
    const key = `flights/${unique('dirty')}.csv`;
    const expected = await withFolder(async (folder) => {
      const file = `${folder}/dirty.csv`;
      const made = await exportDirtyFlights({ from: 2_100_000, rows: 300, file });
      await aws('s3', 'cp', '--no-progress', file, `s3://${staging}/${key}`);
      return made.rejections;
    });
    const run = await operator.settledRun('aviation', 'flights', key);
    expect(run.state).toBe('partial');
    expect(run.counts.read).toBe(300);
    expect(run.counts.rejected).toBe(expected.length);
    expect(balanced(run.counts)).toBe(true);
    const found = await rejectsUnder(rejects, rejectsPrefix(run.feed, run.day, run.id));
    expect(found.map(({ position, code }) => ({ position, code }))).toEqual(expected);
    for (const { message, raw, stage } of found) {
      expect(message).toMatch(/\S/);
      expect(raw).toMatch(/^F?\d*,/);
      expect(['read', 'transform']).toContain(stage);
    }
  });

  test('a key that is overwritten gives a second run, and the rows of the later version stay', async () => {
    const id = unique('O');
    const key = `flights/${id}.ndjson`;
    await upload(JSON.stringify(flight(id, { delay: 1 })), `s3://${staging}/${key}`);
    await operator.settledRun('aviation', 'flights', key);
    // S3 dates objects by the second: two versions of one second would have equal write times.
    await until('the next second', async () => (new Date().getMilliseconds() < 200 ? true : undefined));
    await upload(JSON.stringify(flight(id, { delay: 200 })), `s3://${staging}/${key}`);
    await operator.settledRun('aviation', 'flights', key, 2);
    const rows = await stored(id);
    expect(rows.map((row) => row.get('delay_minutes'))).toEqual([200]);
  });
});

describe('messages', () => {
  test('messages put on the stream arrive as rows, are counted once, and a bad one is rejected with its reason', async () => {
    const id = unique('M');
    const before = (await operator.tallies('aviation')).flights?.read ?? 0;
    const messages = [
      ...Array.from({ length: 40 }, (_, index) => JSON.stringify(flight(`${id}-${index}`))),
      JSON.stringify(flight(`${id}-bad`, { delay: 'soon' })),
    ];
    const client = kinesisClient(clientOptions(loadSettings()));
    const producer = createProducer({ stream, client });
    for (const data of messages) await producer.send({ key: id, data });
    await producer.close();
    client.destroy();
    await until('41 messages more in the ledger', async () =>
      ((await operator.tallies('aviation')).flights?.read ?? 0) >= before + 41 ? true : undefined,
    );
    const tally = (await operator.tallies('aviation')).flights;
    expect(tally?.read).toBe(before + 41);
    expect(tally && balanced(tally)).toBe(true);
    expect(await stored(id)).toHaveLength(40);
    const day = new Date().toISOString().slice(0, 10);
    const found = await rejectsUnder(rejects, `rejects/flights/${day}/`);
    expect(found.filter(({ raw }) => String(raw).includes(`${id}-bad`))).toMatchObject([
      { code: 'SLU-2004', column: 'delay', stage: 'transform' },
    ]);
  });
});

test('the report tells the same counts as the ledger, as one JSON document', async () => {
  const { exit, stdout } = await sluice('report', 'aviation', '--json');
  expect(exit).toBe(0);
  const [report] = JSON.parse(stdout);
  expect(report.tenant).toBe('aviation');
  expect(balanced(report.totals)).toBe(true);
  const flights = report.feeds.find(({ feed }: { feed: string }) => feed === 'flights');
  expect(flights.counts.read).toBeGreaterThanOrEqual(20_000);
  expect(flights.fileSeconds.min).toBeLessThanOrEqual(flights.fileSeconds.average);
});
