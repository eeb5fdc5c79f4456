import { quote } from '../adapters/cassandra/cql.ts';
import { fileRunParams } from '../adapters/cassandra/ledger-rows.ts';
import { historyPart, USAGE_PART } from '../core/control/admission.ts';
import { entriesTable, runsTable, streamRunsTable } from '../core/model/ledger-tables.ts';
import type { FileRun } from '../core/model/run.ts';
import { keyspaces, type Tenant } from '../core/model/tenant.ts';
import type { Database } from './database.ts';
import { whole } from './tables.ts';

/** A past for a tenant: rows of the ledger as runs leave them behind, written at once. */

export interface Seeded {
  /** A day on which the tenant has as many runs of files as every other has. */
  readonly day: string;
  /** A key of which the history knows a version. */
  readonly key: string;
}

const DAY = 86_400_000;
const IN_FLIGHT = 64;

/** Half of the runs are of files, at most 1,000 a day; the others of minutes of a stream. The last day has 50 files in any case. */
export async function seedRuns(
  { client }: Database,
  tenant: Tenant,
  runs: number,
  tell: (message: string) => void,
): Promise<Seeded> {
  const { ops } = keyspaces(tenant.id);
  const today = Math.floor(Date.now() / DAY) * DAY;
  const lastDay = today - 2 * DAY;
  const files = runs / 2;
  const statements = statementsOf(ops);
  let done = 0;
  const note = () => {
    if (++done % 100_000 === 0) tell(`history: ${whole(done)} entries are seeded`);
  };
  await inParallel(files, async (number) => {
    const day = number < 50 ? lastDay : lastDay - DAY * (1 + Math.floor((number - 50) / 1000));
    const run = runOf(tenant, number, new Date(day + (number % 1000) * 60_000));
    const [key, mutable] = fileRunParams(run, 'bench', null);
    await client.execute(statements.run, [...key, ...mutable], { prepare: true });
    await client.execute(
      statements.entry,
      [historyPart(run), 'history', JSON.stringify({ latest: versionOf(run), loaded: versionOf(run) }), 'seeded'],
      { prepare: true },
    );
    if (number % 1000 === 0)
      await client.execute(statements.entry, [USAGE_PART, run.day, usage, 'seeded'], { prepare: true });
    note();
  });
  await inParallel(runs - files, async (number) => {
    const minute = new Date(lastDay - number * 60_000);
    const hour = new Date(Math.floor(minute.getTime() / 3_600_000) * 3_600_000);
    await client.execute(
      statements.stream,
      [
        hour,
        minute,
        'bench',
        'shardId-000000000000',
        'seeded',
        Buffer.alloc(300, number),
        '1',
        '2',
        1,
        feeds,
        minute,
        minute,
        '[]',
      ],
      { prepare: true },
    );
    note();
  });
  return { day: new Date(lastDay).toISOString().slice(0, 10), key: keyOf(0) };
}

const usage = JSON.stringify({ files: 1000, bytes: 50_000_000, rows: 1_000_000, reserved: {} });

const keyOf = (number: number) => `year/file-${number}.csv`;

const versionOf = (run: FileRun) => ({
  run: run.id,
  versionId: run.object.versionId,
  generation: 0,
  modified: run.modified.getTime(),
  requested: null,
  base: run.writeTimeBase,
});

const feeds = JSON.stringify({
  flights: {
    counts: { read: 60_000, loaded: 60_000, dropped: 0, rejected: 0 },
    bytes: 9_000_000,
    latency: { sum: 60_000_000, min: 100, max: 2000, buckets: { 69: 60_000 } },
  },
});

function runOf(tenant: Tenant, number: number, modified: Date): FileRun {
  const day = modified.toISOString().slice(0, 10);
  const rows = 1000;
  return {
    id: `flights.${day.replaceAll('-', '')}.${number.toString(16).padStart(12, '0')}`,
    feed: 'flights',
    day,
    object: { bucket: `sluice-${tenant.id}-staging`, key: `flights/${keyOf(number)}`, versionId: `v${number}` },
    generation: 0,
    requestedAt: null,
    rejectsOf: null,
    modified,
    attempt: 1,
    state: 'loaded',
    bytes: 50_000,
    counts: { read: rows, loaded: rows, dropped: 0, rejected: 0 },
    writeTimeBase: modified.getTime() * 1000,
    startedAt: modified,
    endedAt: new Date(modified.getTime() + 2000),
    deferredUntil: null,
    nextTryAt: null,
    contentHash: number.toString(16).padStart(64, '0'),
    digest: number.toString(16).padStart(32, '0'),
    profileVersion: 'bench',
    usageDay: day,
    reason: null,
    firstRejections: [],
    plan: null,
    quality: {
      checked: null,
      rules: { 'long-delay': 1 },
      findings: [],
      source: {
        names: ['flight_id', 'departed_at', 'day', 'origin', 'destination', 'delay', 'distance'],
        ordered: true,
      },
      drift: null,
      rows,
      columns: {
        delay: { nulls: 0, distinct: 200, min: -50, max: 800 },
        distance: { nulls: 0, distinct: 600, min: 30, max: 4900 },
        origin: { nulls: 0, distinct: 180, min: 'ABE', max: 'YUM' },
      },
      topRejected: [],
    },
  };
}

function statementsOf(keyspace: string) {
  const insert = (table: string, columns: readonly string[]) =>
    `INSERT INTO ${quote(keyspace)}.${quote(table)} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  const stream = [
    'hour',
    'minute',
    'stream',
    'shard',
    'revision',
    'positions',
    'first_position',
    'last_position',
    'last_write_time',
  ];
  return {
    run: insert(runsTable.name, Object.keys(runsTable.columns)),
    entry: insert(entriesTable.name, ['part', 'name', 'value', 'revision']),
    stream: insert(streamRunsTable.name, [...stream, 'feeds', 'started_at', 'ended_at', 'first_rejections']),
  };
}

async function inParallel(count: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}
