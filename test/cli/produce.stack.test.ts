import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSettings } from '../../local/settings.ts';
import { openOperator, sluice, unique, until, withFolder } from '../support/user.ts';

/** `sluice produce`, from what a user types to the rows in Cassandra. */

let operator: Awaited<ReturnType<typeof openOperator>>;

beforeAll(async () => {
  operator = await openOperator();
});
afterAll(() => operator.close());

const flight = (id: string, delay: number) =>
  JSON.stringify({
    flight_id: id,
    date: '1999-07-05T08:15:00Z',
    delay,
    distance: 2176,
    origin: 'LAS',
    destination: 'PHL',
  });

const stored = async (prefix: string) => {
  const query = "SELECT * FROM aviation.flights_by_origin WHERE origin = 'LAS' AND day = '1999-07-05'";
  const { rows } = await operator.cassandra.execute(query, [], { prepare: true, fetchSize: 10_000 });
  return rows.filter((row) => String(row.get('flight_id')).startsWith(prefix));
};

const read = async (feed: string) => (await operator.tallies('aviation'))[feed]?.read ?? 0;

describe('sluice produce', () => {
  test('puts a file on the stream, tells the bad records, and leaves the last word to the last record of a row', async () => {
    const id = unique('P');
    const [before, told] = [await read('flights'), await read('_producer')];
    // Each flight twice, the second time with another delay; and two lines that are no flights.
    const lines = [1, 2].flatMap((round) =>
      Array.from({ length: 1000 }, (_, index) => flight(`${id}-${index}`, round * 10)),
    );
    const { exit, stdout, stderr } = await withFolder(async (folder) => {
      const file = join(folder, 'flights.ndjson');
      await writeFile(file, [...lines.toSpliced(700, 0, 'nonsense'), '{"flight_id":'].join('\n'));
      return await sluice('produce', 'aviation', 'flights', file, '--report', id, '--json');
    });
    expect([exit, stderr.includes('SLU-')]).toEqual([6, false]);
    const made = JSON.parse(stdout);
    expect(made).toMatchObject({ tenant: 'aviation', stream: 'sluice-aviation', read: 2002, sent: 2000, ended: null });
    expect(made.bad).toMatchObject({
      count: 2,
      reasons: [{ code: 'SLU-2001', rejections: [{ line: 701 }, { line: 2002 }] }],
    });
    await until('2,000 flights and the report of the producer in the ledger', async () =>
      (await read('flights')) >= before + 2000 && (await read('_producer')) > told ? true : undefined,
    );
    expect(await read('flights')).toBe(before + 2000);
    const rows = await stored(id);
    expect(rows).toHaveLength(1000);
    expect(new Set(rows.map((row) => row.get('delay_minutes')))).toEqual(new Set([20]));
    const [report] = JSON.parse((await sluice('report', 'aviation', '--json')).stdout);
    expect(report.producers.find(({ producer }: { producer: string }) => producer === id).total).toMatchObject({
      sent: 2000,
      failed: 0,
    });
  });

  test('sends records of an endless input as they come, and ends in order by Ctrl-C', async () => {
    const id = unique('E');
    const bin = join(loadSettings().root, 'cli', 'main.ts');
    const args = ['produce', 'aviation', 'flights', '-', '--format', 'csv', '--rate', '100/s'];
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin.write(`flight_id,date,delay,distance,origin,destination\n${id},1999-07-05T08:15:00Z,3,2176,LAS,PHL\n`);
    // The input stays open: what is there is not held back.
    await until('the row', async () => ((await stored(id)).length === 1 ? true : undefined));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(printed).toContain('1 read = 1 sent + 0 bad + 0 failed, then interrupted');
  });
});
