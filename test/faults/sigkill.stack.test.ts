import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { digestOfRows } from '../../core/report/rows.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import flights from '../../tenants/aviation/feeds/flights.ts';
import { deployGuest } from '../support/guest.ts';
import { openSender } from '../support/senders.ts';
import shaken from '../support/tenants/shaken/tenant.ts';
import { aws, openOperator, sluice, until, withFolder } from '../support/user.ts';
import { ingestObject, memoryWorld } from '../support/world.ts';
import { type Kills, killOften } from './kills.ts';
import { openPollers } from './pollers.ts';

/** Real files are loaded by the deployed function while its processes are killed, again and again, in the middle of their work. */

const KILLS = 20;
/** Files at first; more come when all are loaded before the function has been killed often enough. Each has two windows. */
const FILES = 22;
const ROWS = 6_500;
/** Files at one time. */
const POLLERS = 4;
const { staging, queue, deadLetters, ingestObject: functionName } = namesOf('shaken');

const sender = openSender('shaken');
let remove: () => Promise<void>;
let pollers: Awaited<ReturnType<typeof openPollers>>;
let operator: Awaited<ReturnType<typeof openOperator>>;
const files = new Map<string, string>();
let kills: Kills;

const runs = () => operator.runsOf('shaken', 'flights');

beforeAll(async () => {
  remove = await deployGuest(shaken, join(import.meta.dirname, '..', 'support', 'tenants'));
  operator = await openOperator();
  pollers = await openPollers(POLLERS, { queue, functionName });
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
  pollers.start();
  const ledger = operator.ledger('shaken');
  kills = await killOften(KILLS, { function: functionName, ledger, runs, more });
}, 400_000);

afterAll(async () => {
  sender.close();
  await pollers?.close();
  await operator?.close();
  await remove?.();
});

/** Another file, when all are loaded and the function has not been killed often enough. */
async function more(before: readonly FileRun[]): Promise<void> {
  if (before.length < files.size) return;
  const key = `flights/more-${files.size}.csv`;
  const content = files.get('flights/0.csv') as string;
  files.set(key, content);
  await sender.put(key, content);
}

const settledRuns = () =>
  until(
    'all files are loaded',
    async () => {
      const all = await runs();
      return all.length >= files.size && all.every(({ state }) => isSettled(state)) ? all : undefined;
    },
    150_000,
  );

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= work();
    return answer;
  };
}

/** The rows of an undisturbed load of the same files, and the digest of each. */
const undisturbed = once(async () => {
  const world = memoryWorld(shaken);
  const digests = new Map<string, string>();
  for (const [key, content] of files) {
    digests.set(key, (await ingestObject(world.upload(key, content), world.attempt())).digest);
  }
  return { digests, rows: world.sink.rows(flights.table.name) };
});

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
    expect(new Map(found.map(({ object, digest }) => [object.key, digest]))).toEqual(digests);
    expect(found.every(({ state, counts }) => state === 'loaded' && counts.read === ROWS)).toBe(true);
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
    expect(usage).toEqual({ files: files.size, bytes, rows: files.size * ROWS, reserved: {} });
  });

  test('a killed run is known as dead within 30 s, and taken up within two minutes', () => {
    console.log(`dead after ${Math.max(...kills.dead)} s, taken up after ${Math.max(...kills.resumed)} s at most`);
    expect(kills.dead.length).toBeGreaterThanOrEqual(KILLS);
    expect(Math.max(...kills.dead)).toBeLessThan(30);
    expect(Math.max(...kills.resumed)).toBeLessThan(120);
  });

  test('the audit finds nothing, down to every row', async () => {
    const { disagreements, rows } = await audited();
    expect(disagreements).toEqual([]);
    expect(rows).toBeGreaterThan(files.size * ROWS * 0.9);
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
    expect(audit(await readBooks(operator, shaken, daysSince(undefined))).disagreements).toEqual([]);
  });
});

const byId = (all: readonly FileRun[]) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
