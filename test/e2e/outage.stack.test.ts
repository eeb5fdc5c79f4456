import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportFlights } from '../../cli/demo-data.ts';
import { namesOf } from '../../core/model/names.ts';
import { isSettled } from '../../core/model/run.ts';
import { bringBack, crashCassandra, killFunction } from '../support/breakage.ts';
import { openSender } from '../support/senders.ts';
import { aws, openOperator, unique, until, withFolder } from '../support/user.ts';

/** Two minutes without a database while files and messages arrive, and a function that has died in the middle of a file just before. */

const OUTAGE = 120_000;
const id = unique('D');
const senders = { aviation: openSender('aviation'), wildlife: openSender('wildlife') };
const FEEDS = { aviation: 'flights', wildlife: 'strikes' } as const;
const TENANTS = ['aviation', 'wildlife'] as const;
type TenantId = (typeof TENANTS)[number];
const FILES = 3;
const MESSAGES = 25;
const BIG = 60_000;

let operator: Awaited<ReturnType<typeof openOperator>>;
const givenUp = new Map<TenantId, number>();
const settled = new Map<TenantId, number>();
const bigKey = `flights/${id}-big.csv`;

const record = (tenant: TenantId, name: string): Record<string, unknown> =>
  tenant === 'aviation'
    ? {
        flight_id: `${id}-${name}`,
        date: '1997-03-01T08:15:00Z',
        delay: 20,
        distance: 2176,
        origin: 'LAS',
        destination: 'PHL',
      }
    : {
        'Airport Name': `${id}-${name}`,
        'Effect Amount of damage': 'None',
        'Flight Date': '1988-06-22',
        'Origin State': 'Outage',
        'Phase of flight': 'Climb',
        'Wildlife Size': 'Small',
        'Time of day': 'Day',
        'Cost Other': 0,
        'Cost Repair': 0,
        'Cost Total $': 0,
      };
const lines = (tenant: TenantId, file: number) =>
  Array.from({ length: 10 }, (_, at) => JSON.stringify(record(tenant, `f${file}-${at}`))).join('\n');
const keyOf = (tenant: TenantId, file: number) => `${FEEDS[tenant]}/${id}-${file}.ndjson`;
const messagesSettled = async (tenant: TenantId) => (await operator.tallies(tenant))[FEEDS[tenant]]?.read ?? 0;

beforeAll(async () => {
  operator = await openOperator();
  for (const tenant of TENANTS) {
    givenUp.set(tenant, await senders[tenant].givenUp());
    settled.set(tenant, await messagesSettled(tenant));
  }
  await withFolder(async (folder) => {
    const file = `${folder}/big.csv`;
    await exportFlights({ from: 1_000_000, rows: BIG, format: 'csv', file });
    await aws('s3', 'cp', '--no-progress', file, `s3://${namesOf('aviation').staging}/${bigKey}`);
  });
  await until('the big file is being loaded', async () =>
    (await operator.runsOf('aviation', 'flights')).find(
      ({ object, state }) => object.key === bigKey && state === 'running',
    ),
  );
  expect(await killFunction(namesOf('aviation').ingestObject)).toBeGreaterThan(0);
  const [big] = (await operator.runsOf('aviation', 'flights')).filter(({ object }) => object.key === bigKey);
  expect(big?.state).toBe('running');
  await operator.close();

  await crashCassandra();
  const down = Date.now();
  for (const tenant of TENANTS) {
    for (let file = 0; file < FILES; file++) await senders[tenant].put(keyOf(tenant, file), lines(tenant, file));
    for (const part of ['a', 'b', 'c', 'd', 'e']) {
      const batch = Array.from({ length: MESSAGES / 5 }, (_, at) => JSON.stringify(record(tenant, `m${part}${at}`)));
      await senders[tenant].say(`${id}-${part}`, batch);
      await sleep(2000);
    }
  }
  await sleep(down + OUTAGE - Date.now());
  const { running } = await bringBack();
  expect(running).toBe(true);
  operator = await openOperator();
}, 240_000);

afterAll(async () => {
  await operator.close();
  for (const sender of Object.values(senders)) sender.close();
});

test.each(TENANTS)('every file of %s is loaded by itself within a minute', async (tenant) => {
  for (let file = 0; file < FILES; file++) {
    const key = keyOf(tenant, file);
    const run = await until(
      `the run of ${key}`,
      async () =>
        (await operator.runsOf(tenant, FEEDS[tenant])).find(
          ({ object, state }) => object.key === key && isSettled(state),
        ),
      60_000,
    );
    expect({ state: run.state, counts: run.counts }).toEqual({
      state: 'loaded',
      counts: { read: 10, loaded: 10, dropped: 0, rejected: 0 },
    });
  }
});

test.each(TENANTS)('every message of %s is counted once, within a minute', async (tenant) => {
  const wanted = (settled.get(tenant) ?? 0) + MESSAGES;
  await until('all messages', async () => ((await messagesSettled(tenant)) >= wanted ? true : undefined), 60_000);
  expect(await messagesSettled(tenant)).toBe(wanted);
});

test('the rows are there', async () => {
  const expected = FILES * 10 + MESSAGES;
  const flights = await operator.cassandra.execute(
    "SELECT flight_id FROM aviation.flights_by_origin WHERE origin = 'LAS' AND day = '1997-03-01'",
    [],
    { prepare: true, fetchSize: 5000 },
  );
  expect(flights.rows.filter((row) => String(row.get('flight_id')).startsWith(id))).toHaveLength(expected);
  const strikes = await operator.cassandra.execute(
    "SELECT airport FROM wildlife.strikes_by_state WHERE origin_state = 'Outage' AND year = 1988",
    [],
    { prepare: true, fetchSize: 5000 },
  );
  expect(strikes.rows.filter((row) => String(row.get('airport')).startsWith(id))).toHaveLength(expected);
});

test('the file whose function had died is taken up by a second attempt and loaded whole', async () => {
  const run = await operator.settledRun('aviation', 'flights', bigKey);
  expect(run.state).toBe('loaded');
  expect(run.counts.read).toBe(BIG);
  expect(run.attempt).toBeGreaterThan(1);
});

test.each(TENANTS)('nothing of %s is given up', async (tenant) => {
  expect(await senders[tenant].givenUp()).toBe(givenUp.get(tenant));
});
