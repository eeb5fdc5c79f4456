import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRows } from '../../adapters/cassandra/cells.ts';
import { messagesOf } from '../../adapters/kinesis.ts';
import { readBooks } from '../../cli/audit-books.ts';
import { daysSince } from '../../cli/days.ts';
import { exportFlights } from '../../cli/demo-data.ts';
import { messageUsagePart } from '../../core/control/message-quota.ts';
import { type ShardUsage, totalUsed } from '../../core/control/message-usage.ts';
import { namesOf } from '../../core/model/names.ts';
import { comparePositions } from '../../core/model/position.ts';
import type { Rejection } from '../../core/model/row.ts';
import { ingestMessages, takenApart } from '../../core/pipeline/messages.ts';
import { audit } from '../../core/report/audit.ts';
import { digestOfRows } from '../../core/report/rows.ts';
import flights from '../../tenants/aviation/feeds/flights.ts';
import { together } from '../support/aggregate.ts';
import { killAtWork, killFunction, processesOf } from '../support/breakage.ts';
import { deployGuest } from '../support/guest.ts';
import { openSender } from '../support/senders.ts';
import shaken from '../support/tenants/shaken/tenant.ts';
import { loggedSince, openOperator, until, withFolder } from '../support/user.ts';
import { memoryWorld } from '../support/world.ts';
import { openStreamPollers } from './stream-pollers.ts';

/** Real messages are loaded by the deployed function while its processes are killed, again and again, in the middle of their batches. */

const KILLS = 20;
const FLIGHTS = 6000;
/** Of these a second version follows, of the same key. */
const CHANGED = 300;
/** Records of a call of PutRecords. */
const CALL = 200;
const BATCH = 200;
/** About the time of the processor that a batch takes, in hundredths of a second. */
const BATCH_TIME = 6;
/** Two for each of the batches that go on side by side, of both shards. */
const KEYS = ['a', 'b', 'e', 'h', 'c', 'd', 'g', 'j'];
const { stream, rejects: rejectsBucket, ingestStream: functionName } = namesOf('shaken');

const sender = openSender('shaken');
let remove: () => Promise<void>;
let pollers: Awaited<ReturnType<typeof openStreamPollers>>;
let operator: Awaited<ReturnType<typeof openOperator>>;
let lines: string[];
/** Messages that the stream holds, and the records that they came in. */
let sent = 0;
let put = 0;

beforeAll(async () => {
  remove = await deployGuest(shaken, join(import.meta.dirname, '..', 'support', 'tenants'));
  operator = await openOperator();
  lines = await withFolder(async (folder) => {
    const file = join(folder, 'flights.ndjson');
    await exportFlights({ from: 2_000_000, rows: FLIGHTS, format: 'ndjson', file });
    return (await readFile(file, 'utf8')).trimEnd().split('\n');
  });
  const options = { stream, functionName, rejectsBucket, batchSize: BATCH, attempts: [3, 1] };
  pollers = await openStreamPollers(options);
  await sayAll(lines.map((line, number) => (number % 50 === 49 ? line.replace('"origin"', '"orign"') : line)));
  await sayAll(lines.slice(0, CHANGED).map((line) => JSON.stringify({ ...JSON.parse(line), delay: 99 })));
  for (let at = 0; at < 60; at += 6) {
    const some = lines.slice(at, at + 6).map((line) => ({ ...JSON.parse(line), flight_id: `together-${at}` }));
    sent += some.length - 1;
    await sayAll([together(...some)]);
  }
  await pollers.read(put);
  await pollers.deliverEach();
  await killOften();
  while (pollers.waiting().some((count) => count > 0)) await pollers.deliverEach();
}, 600_000);

afterAll(async () => {
  sender.close();
  await pollers?.close();
  await operator?.close();
  await remove?.();
});

/** Each call has another key; a flight and its second version have the same. */
async function sayAll(records: readonly (string | Uint8Array)[]): Promise<void> {
  for (let at = 0; at < records.length; at += CALL) {
    await sender.say(KEYS[(at / CALL) % KEYS.length] as string, records.slice(at, at + CALL));
  }
  sent += records.length;
  put += records.length;
}

/** Kills the processes of the function at any moment of their batches, each time that they have shown that they are at it again. */
async function killOften(): Promise<void> {
  for (let more = 0; pollers.told.deaths < KILLS; ) {
    if (pollers.waiting().some((count) => count < 2 * BATCH)) {
      await sayAll(lines.slice(0, 8 * BATCH).map((line) => line.replace('"flight_id":"F', `"flight_id":"M${more}-`)));
      await pollers.read(put);
      more++;
    }
    await pollers.deliverEach();
    const processes = await processesOf(functionName);
    const over = new AbortController();
    const delivered = pollers.deliverEach().finally(() => over.abort());
    await Promise.all(processes.map((pid) => killAtWork(pid, 1 + Math.floor(Math.random() * BATCH_TIME), over.signal)));
    if (processes.length === 0) {
      await sleep(Math.random() * 10 * BATCH_TIME);
      await killFunction(functionName);
    }
    await delivered;
  }
}

const runs = async () => (await Promise.all(days().map((day) => operator.ledger('shaken').streamRuns(day)))).flat();
const days = () => [0, 86_400_000].map((ago) => new Date(Date.now() - ago).toISOString().slice(0, 10));
const read = async () => Object.values(await operator.tallies('shaken')).reduce((sum, counts) => sum + counts.read, 0);

const allCounted = () =>
  until(
    `${sent} messages in the ledger`,
    async () => ((await read()) >= sent && (await sender.givenUp()) === 0 ? true : undefined),
    240_000,
  );

const messages = () => messagesOf({ Records: pollers.seen as never }).flatMap(takenApart);

/** The same messages, loaded at once with nothing in the way. */
async function undisturbed() {
  const world = memoryWorld(shaken);
  const { counts } = await ingestMessages(messages(), world.attempt());
  return { counts, rows: world.sink.rows(flights.table.name), rejects: [...world.rejects().values()].flat().map(told) };
}

/** What a sender is told of a rejected message. */
const told = ({ position, code, message, raw }: Rejection) => ({ position, code, message, raw });
const byPosition = (all: readonly Pick<Rejection, 'position'>[]) =>
  all.toSorted((a, b) => comparePositions(String(a.position), String(b.position)));

describe(`after ${KILLS} kills of the function in the middle of its batches`, () => {
  test('every message is counted once, with its outcome, however its batch was cut, halved, given up and brought back', async () => {
    await allCounted();
    const { deaths, halved, givenUp } = pollers.told;
    console.log(`${deaths} batches were killed, ${halved} were halved, ${givenUp} given up`);
    expect(deaths).toBeGreaterThanOrEqual(KILLS);
    expect(givenUp).toBeGreaterThan(0);
    expect(pollers.seen.length).toBeGreaterThan(FLIGHTS);
    const { counts, rejects } = await undisturbed();
    expect(await operator.tallies('shaken')).toEqual({ flights: counts });
    const stored = [...(await sender.messageRejections('flights')).values()].map(told);
    expect(byPosition(stored)).toEqual(byPosition(rejects));
  }, 300_000);

  test('the rows in Cassandra are those of an undisturbed load', async () => {
    const { rows } = await undisturbed();
    const stored = await readRows(operator.cassandra, 'shaken', flights.table);
    expect(stored).toHaveLength(rows.length);
    expect(digestOfRows(flights.table, stored)).toBe(digestOfRows(flights.table, rows));
  });

  test('the quota is exact', async () => {
    const registry = operator.registry('shaken');
    const noted = await Promise.all(days().map((day) => registry.list<ShardUsage>(messageUsagePart(day))));
    const bytes = messages().reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(totalUsed(noted.flat().map(({ value }) => value))).toEqual({ messages: sent, bytes });
  });

  test('the audit finds nothing', async () => {
    expect(audit(await readBooks(operator, shaken, daysSince(undefined))).disagreements).toEqual([]);
  });

  test('nothing changes when all of the stream is read again from its horizon', async () => {
    const before = await runs();
    const since = Date.now();
    await pollers.handBack();
    await until('everything was read again', async () => {
      const batches = (await loggedSince(functionName, since)).filter(({ counts }) => counts?.read === 0);
      return batches.reduce((sum, { records = 0 }) => sum + records, 0) >= put ? true : undefined;
    });
    expect(byId(await runs())).toEqual(byId(before));
  });
});

const byId = (all: Awaited<ReturnType<typeof runs>>) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
