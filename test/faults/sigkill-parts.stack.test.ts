import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRows } from '../../adapters/cassandra/cells.ts';
import { exportFlights } from '../../cli/demo-data.ts';
import { namesOf } from '../../core/model/names.ts';
import { isSettled } from '../../core/model/run.ts';
import { digestOfRows } from '../../core/report/rows.ts';
import flights from '../../tenants/aviation/feeds/flights.ts';
import { killFunction } from '../support/breakage.ts';
import { deployGuest } from '../support/guest.ts';
import bulky from '../support/tenants/bulky/tenant.ts';
import { aws, openOperator, sluice, until, withFolder } from '../support/user.ts';
import { ingestObject, memoryWorld } from '../support/world.ts';
import { openPollers } from './pollers.ts';

/** Large files are loaded in many parts, by several functions side by side, all of which are killed again and again in the middle of their work. */

const KILLS = 20;
const ROWS = 150_000;
const formats = ['csv', 'ndjson', 'parquet'] as const;
const { staging, queue, ingestObject: functionName } = namesOf('bulky');

let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;
let pollers: Awaited<ReturnType<typeof openPollers>>;
const whole = memoryWorld(bulky);
const digests = new Map<string, string>();
let kills = 0;

const runs = () => operator.runsOf('bulky', 'flights');
const settled = async () => {
  const all = await runs();
  return all.length === formats.length && all.every(({ state }) => isSettled(state)) ? all : undefined;
};

beforeAll(async () => {
  const figures = { largeFilesFromBytes: 500_000, partBytes: 500_000, sliceSeconds: 5 };
  remove = await deployGuest(bulky, join(import.meta.dirname, '..', 'support', 'tenants'), figures);
  operator = await openOperator();
  pollers = await openPollers(3, { queue, functionName });
  await withFolder(async (folder) => {
    for (const [index, format] of formats.entries()) {
      const file = join(folder, `all.${format}`);
      await exportFlights({ from: index * ROWS, rows: ROWS, format, file });
      const key = `flights/all.${format}`;
      const run = await ingestObject(whole.upload(key, await readFile(file)), whole.attempt());
      digests.set(key, run.digest);
      await aws('s3', 'cp', '--no-progress', file, `s3://${staging}/${key}`);
    }
  });
  pollers.start();
  while (kills < KILLS && !(await settled())) {
    await sleep(1000 + Math.random() * 4000);
    if ((await runs()).some(({ state }) => state === 'running') && (await killFunction(functionName)) > 0) kills++;
  }
}, 600_000);

afterAll(async () => {
  await pollers?.close();
  await operator?.close();
  await remove?.();
});

describe(`after ${KILLS} kills of all functions that work on parts`, () => {
  test('each file is loaded once, with the digest of an undisturbed load', async () => {
    const found = await until('all files are loaded', settled, 300_000);
    expect(new Map(found.map(({ object, digest }) => [object.key, digest]))).toEqual(digests);
    expect(found.every(({ counts }) => counts.read === ROWS)).toBe(true);
    const taken = found.reduce((sum, { plan }) => sum + (plan?.takeOvers ?? 0), 0);
    console.log(`${kills} kills, ${taken} parts taken over after a function had died`);
    expect(kills).toBe(KILLS);
    expect(taken).toBeGreaterThan(KILLS / 4);
  }, 400_000);

  test('the rows in Cassandra are those of an undisturbed load, and the books agree', async () => {
    const rows = whole.sink.rows(flights.table.name);
    const stored = await readRows(operator.cassandra, 'bulky', flights.table);
    expect(stored).toHaveLength(rows.length);
    expect(digestOfRows(flights.table, stored)).toBe(digestOfRows(flights.table, rows));
    const { stdout } = await sluice('audit', 'bulky', '--json');
    expect(JSON.parse(stdout).disagreements).toEqual([]);
  });
});
