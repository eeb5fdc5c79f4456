import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRows } from '../../adapters/cassandra/cells.ts';
import { readBooks } from '../../cli/audit-books.ts';
import { auditRows } from '../../cli/audit-rows.ts';
import { daysSince } from '../../cli/days.ts';
import { exportFlights } from '../../cli/demo-data.ts';
import { namesOf } from '../../core/model/names.ts';
import { arrival, type FileRun, isSettled } from '../../core/model/run.ts';
import { audit } from '../../core/report/audit.ts';
import { shownRun } from '../../core/report/liveness.ts';
import { digestOfRows } from '../../core/report/rows.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import flights from '../../tenants/aviation/feeds/flights.ts';
import { killFunction } from '../support/breakage.ts';
import { deployGuest } from '../support/guest.ts';
import { openSender } from '../support/senders.ts';
import shaken from '../support/tenants/shaken/tenant.ts';
import { aws, openOperator, sluice, until, withFolder } from '../support/user.ts';
import { ingestObject, memoryWorld } from '../support/world.ts';

/** Real files are loaded by the deployed function while its processes are killed, again and again, in the middle of their work. */

const KILLS = 20;
const FILES = 16;
const ROWS = 12_000;
const { staging, deadLetters, ingestObject: functionName } = namesOf('shaken');

const sender = openSender('shaken');
let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;
const files = new Map<string, string>();
/** By key: the seconds until a run whose function was killed was known as dead, and until it was taken up again. */
const seconds: { dead: number[]; resumed: number[] } = { dead: [], resumed: [] };
let killed = 0;

const runs = () => operator.runsOf('shaken', 'flights');

beforeAll(async () => {
  remove = await deployGuest(shaken, join(import.meta.dirname, '..', 'support', 'tenants'));
  operator = await openOperator();
  await withFolder(async (folder) => {
    // The same flights in both formats, so that files meet in the table.
    for (const format of ['csv', 'ndjson'] as const) {
      const whole = join(folder, `all.${format}`);
      await exportFlights({ from: 1_500_000, rows: (FILES / 2) * ROWS, format, file: whole });
      const lines = (await readFile(whole, 'utf8')).trimEnd().split('\n');
      await rm(whole);
      const header = format === 'csv' ? [lines.shift() as string] : [];
      for (let file = 0; file < FILES / 2; file++) {
        const content = [...header, ...lines.slice(file * ROWS, (file + 1) * ROWS)].join('\n');
        files.set(`flights/${file}.${format}`, content);
        await writeFile(join(folder, `${file}.${format}`), content);
      }
    }
    await aws('s3', 'cp', '--recursive', '--no-progress', folder, `s3://${staging}/flights/`);
  });
  await killOften();
}, 300_000);

afterAll(async () => {
  sender.close();
  await operator?.close();
  await remove?.();
});

/** Kills the function each time that it has begun with a file, at any moment of its work. */
async function killOften(): Promise<void> {
  const watched: Promise<void>[] = [];
  let last = '';
  while (killed < KILLS) {
    const run = await until('a file is being loaded', async () =>
      (await runs()).find(
        ({ state, id, attempt }) => state === 'running' && `${id} ${attempt}` !== last && !isDead(id, attempt),
      ),
    );
    last = `${run.id} ${run.attempt}`;
    await sleep(Math.random() * 1200);
    const count = await killFunction(functionName);
    if (count === 0) continue;
    const now = await find(run);
    // It may have come to its end at the last moment: then nothing was killed but an idle process.
    if (now.run.state !== 'running' || now.run.attempt !== run.attempt) continue;
    killed++;
    dead.add(last);
    watched.push(watch(now.run, Date.now()));
  }
  await Promise.all(watched);
}

const dead = new Set<string>();
const isDead = (id: string, attempt: number) => dead.has(`${id} ${attempt}`);

const find = async (run: FileRun) => {
  const found = await operator.ledger('shaken').find(run);
  if (!found) throw new Error(`the run ${run.id} is gone`);
  return found;
};

async function watch(run: FileRun, since: number): Promise<void> {
  const lasted = () => (Date.now() - since) / 1000;
  await until(`${run.id} is known as dead`, async () => {
    const now = await find(run);
    const shown = shownRun(now.run, now.until, new Date());
    return now.run.attempt > run.attempt || shown.state !== 'running' ? true : undefined;
  });
  seconds.dead.push(lasted());
  await until(`${run.id} is taken up again`, async () => {
    const { run: now } = await find(run);
    return now.attempt > run.attempt || isSettled(now.state) ? true : undefined;
  });
  seconds.resumed.push(lasted());
}

const settledRuns = () =>
  until(
    'all files are loaded',
    async () => {
      const all = await runs();
      return all.length >= FILES && all.every(({ state }) => isSettled(state)) ? all : undefined;
    },
    150_000,
  );

/** The rows of an undisturbed load of the same files, and the digest of each. */
async function undisturbed() {
  const world = memoryWorld(shaken);
  const digests = new Map<string, string>();
  for (const [key, content] of files) {
    digests.set(key, (await ingestObject(world.upload(key, content), world.attempt())).digest);
  }
  return { digests, rows: world.sink.rows(flights.table.name) };
}

/** As `sluice audit --deep`, which knows the transforms of the checkout's tenants only. */
async function audited() {
  const books = await readBooks(operator, shaken, daysSince(undefined));
  const { disagreements, gone } = audit(books);
  const rows = await auditRows(operator, shaken, books, gone, new AbortController().signal);
  return { disagreements: [...disagreements, ...rows.disagreements], rows: rows.rows };
}

describe(`after ${KILLS} kills of the function`, () => {
  test('every file is loaded once, with the digest of an undisturbed load', async () => {
    const found = await settledRuns();
    const { digests } = await undisturbed();
    expect(found).toHaveLength(FILES);
    expect(new Map(found.map(({ object, digest }) => [object.key, digest]))).toEqual(digests);
    expect(found.every(({ state, counts }) => state === 'loaded' && counts.read === ROWS)).toBe(true);
    expect(killed).toBeGreaterThanOrEqual(KILLS);
  });

  test('the rows in Cassandra are those of an undisturbed load', async () => {
    const { rows } = await undisturbed();
    const stored = await readRows(operator.cassandra, 'shaken', flights.table);
    expect(stored).toHaveLength(rows.length);
    expect(digestOfRows(flights.table, stored)).toBe(digestOfRows(flights.table, rows));
  });

  test('the quota is exact', async () => {
    const found = await settledRuns();
    const usage = await until('nothing is reserved', async () => {
      const day = found[0]?.usageDay as string;
      const now = await operator.registry('shaken').read<Record<string, unknown>>('usage', day);
      return now && Object.keys(now.reserved as object).length === 0 ? now : undefined;
    });
    const bytes = found.reduce((sum, run) => sum + run.bytes, 0);
    expect(usage).toEqual({ files: FILES, bytes, rows: FILES * ROWS, reserved: {} });
  });

  test('a killed run is known as dead within 30 s, and taken up within two minutes', () => {
    console.log(`dead after ${Math.max(...seconds.dead)} s, taken up after ${Math.max(...seconds.resumed)} s at most`);
    expect(seconds.dead).toHaveLength(killed);
    expect(Math.max(...seconds.dead)).toBeLessThan(30);
    expect(Math.max(...seconds.resumed)).toBeLessThan(120);
  });

  test('the audit finds nothing, down to every row', async () => {
    const { disagreements, rows } = await audited();
    expect(disagreements).toEqual([]);
    expect(rows).toBeGreaterThan(FILES * ROWS * 0.9);
  });
});

describe('after all that', () => {
  const versions = async () => (await runs()).map(({ object }) => object);

  test('events that come again, in another order, change nothing', async () => {
    const before = await settledRuns();
    for (const { key, versionId } of (await versions()).toReversed()) await sender.notify(key, versionId);
    await until('the queue is empty', async () => ((await sender.queued()) === 0 ? true : undefined));
    expect(byId(await runs())).toEqual(byId(before));
  });

  test('a full dead-letter queue that is redriven changes nothing', async () => {
    const before = await settledRuns();
    const sqs = new SQSClient(clientOptions(loadSettings()));
    const { QueueUrl } = JSON.parse(await aws('sqs', 'get-queue-url', '--queue-name', deadLetters));
    for (const object of await versions()) {
      const MessageBody = JSON.stringify({ sluice: arrival(object) });
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    }
    sqs.destroy();
    expect((await sluice('dlq', 'redrive', 'shaken')).exit).toBe(0);
    await until('both queues are empty', async () =>
      (await sender.queued()) + (await sender.givenUp()) === 0 ? true : undefined,
    );
    expect(byId(await runs())).toEqual(byId(before));
    expect((await audited()).disagreements).toEqual([]);
  });
});

const byId = (all: readonly FileRun[]) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
