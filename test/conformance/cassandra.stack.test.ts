import { type Client, types } from 'cassandra-driver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRows } from '../../adapters/cassandra/cells.ts';
import { connect } from '../../adapters/cassandra/client.ts';
import { worldError } from '../../adapters/cassandra/errors.ts';
import { cassandraLedger } from '../../adapters/cassandra/ledger.ts';
import { cassandraRegistry } from '../../adapters/cassandra/registry.ts';
import { applySchema, replicationOf } from '../../adapters/cassandra/schema.ts';
import { cassandraSink } from '../../adapters/cassandra/sink.ts';
import { runsTable } from '../../core/model/ledger-tables.ts';
import { defineTable } from '../../core/model/table.ts';
import type { Tenant } from '../../core/model/tenant.ts';
import { patiently } from '../../core/pipeline/patience.ts';
import { address, asAdmin, type ThrowAway, throwAway } from '../support/database.ts';
import { testLedger } from './ledger.ts';
import { testRegistry } from './registry.ts';
import { cells, sinkTables, testSink } from './sink.ts';

/** Long-lived rows beside short-lived ones. */
const fleeting = defineTable({ name: 'fleeting', columns: { id: 'text', a: 'text' }, partitionKey: ['id'], ttl: 3600 });

const NOW = Date.parse('2026-01-02T03:04:05Z') * 1000;
const forever = new AbortController().signal;

let admin: Client;
let mine: ThrowAway;
let other: ThrowAway;
let client: Client;

beforeAll(async () => {
  admin = asAdmin();
  mine = await throwAway(admin, [...sinkTables, fleeting]);
  other = await throwAway(admin, [cells]);
  client = connect(address, mine.role);
  // Cassandra takes a second to see a grant.
  await patiently(AbortSignal.timeout(20_000), () =>
    client.execute(`SELECT * FROM ${mine.data}.cells`).catch((error) => {
      throw worldError(error, 'waiting for the grant');
    }),
  );
});

afterAll(async () => {
  await client?.shutdown();
  for (const each of [mine, other]) await each?.remove();
  await admin?.shutdown();
});

describe('the sink on Cassandra', () => {
  testSink(() => ({
    sink: cassandraSink(client, mine.data),
    rows: (table) => readRows(client, mine.data, table),
  }));

  const place = (part: string, index: number, a: string) => ({ values: { part, place: index, a }, writeTime: NOW });
  const placesIn = async (part: string) => {
    const { rows } = await client.execute(`SELECT place FROM ${mine.data}.cells WHERE part = ?`, [part], {
      prepare: true,
    });
    return rows.map((row) => row.place);
  };

  test('rejects a row that is larger than a mutation may be, and stores its neighbours in the batch', async () => {
    const rows = [0, 1, 2, 3].map((index) => place('large', index, index === 2 ? 'x'.repeat(2_000_000) : 'a'));
    const failures = await cassandraSink(client, mine.data).write(cells, rows, forever);
    expect(failures).toMatchObject([{ index: 2, retryable: false }]);
    expect(await placesIn('large')).toEqual([0, 1, 3]);
  });

  test('rejects a row whose key is longer than a key may be, and stores all others', async () => {
    const long = 'k'.repeat(70_000);
    const rows = [place('short', 0, 'a'), place(long, 0, 'a'), place(long, 1, 'a'), place('short', 1, 'a')];
    const failures = await cassandraSink(client, mine.data).write(cells, rows, forever);
    expect(failures.toSorted((a, b) => a.index - b.index)).toMatchObject([
      { index: 1, retryable: false, message: expect.stringContaining('ey') },
      { index: 2, retryable: false },
    ]);
    expect(await placesIn('short')).toEqual([0, 1]);
  });

  test('rejects a row with a value that the driver cannot encode, and stores its neighbours in the batch', async () => {
    const rows = [
      place('odd', 0, 'a'),
      { ...place('odd', 1, 'a'), values: { part: 'odd', place: 'no number' } },
      place('odd', 2, 'a'),
    ];
    const failures = await cassandraSink(client, mine.data).write(cells, rows, forever);
    expect(failures).toMatchObject([{ index: 1, retryable: false }]);
    expect(await placesIn('odd')).toEqual([0, 2]);
  });

  test('puts rows of many partitions into batches of which the database does not warn', async () => {
    const warnings: string[] = [];
    const hear = (level: string, _: string, message: string) => {
      if (level === 'warning') warnings.push(message);
    };
    client.on('log', hear);
    const row = (part: string, length: number) => place(part, 0, 'x'.repeat(length));
    const cellRows = Array.from({ length: 300 }, (_, index) => row(`many-${index}`, (index * 7) % 900));
    const shortLived = cellRows.map(({ values: { part: id, a } }) => ({
      values: { id, a },
      writeTime: Date.now() * 1000,
    }));
    expect(await cassandraSink(client, mine.data).write(cells, cellRows, forever)).toEqual([]);
    expect(await cassandraSink(client, mine.data).write(fleeting, shortLived, forever)).toEqual([]);
    client.off('log', hear);
    expect(warnings).toEqual([]);
    for (const part of ['many-0', 'many-299']) expect(await placesIn(part)).toEqual([0]);
  });

  test('gives rows the life that their table says', async () => {
    const row = { values: { id: 'a', a: 'a' }, writeTime: Date.now() * 1000 };
    expect(await cassandraSink(client, mine.data).write(fleeting, [row], forever)).toEqual([]);
    const { rows } = await client.execute(`SELECT ttl(a) AS ttl FROM ${mine.data}.fleeting WHERE id = 'a'`);
    expect(rows[0]?.ttl).toBeGreaterThan(3590);
    expect(rows[0]?.ttl).toBeLessThanOrEqual(3600);
  });

  test('says of a table that is not there yet that it is worth another try', async () => {
    const absent = defineTable({ name: 'absent', columns: { id: 'text' }, partitionKey: ['id'] });
    const failures = await cassandraSink(client, mine.data).write(
      absent,
      [{ values: { id: 'a' }, writeTime: NOW }],
      forever,
    );
    expect(failures).toMatchObject([{ index: 0, retryable: true }]);
  });
});

test('the schema that was made is the one that is wanted: applying it again changes nothing', async () => {
  const again = await applySchema(
    admin,
    mine.tenant,
    mine.role,
    async () => true,
    replicationOf('local', address.datacenter),
  );
  expect(again.changes).toEqual([]);
});

test('a user-defined type that has other fields by now is refused, and told', async () => {
  const [feed] = mine.tenant.feeds;
  const table = { ...feed?.table, columns: { id: 'text', place: { udt: 'place', fields: { name: 'text' } } } };
  const changed = { ...mine.tenant, feeds: [{ ...feed, table }] } as Tenant;
  const outcome = applySchema(admin, changed, mine.role, async () => true, replicationOf('local', address.datacenter));
  await expect(outcome).rejects.toThrow(
    /the type place has \(name text, at frozen<list<double>>, since date\), the profile says \(name text\)/,
  );
});

describe('the ledger on Cassandra', () => {
  testLedger((clock) => cassandraLedger(client, mine.ops, clock));
});

describe('the registry on Cassandra', () => {
  testRegistry(() => cassandraRegistry(client, mine.ops));
});

describe('the role of a tenant', () => {
  const foreign = () => [
    `${other.data}.cells`,
    `${other.ops}.${runsTable.name}`,
    'system_auth.roles',
    'system_auth.role_permissions',
  ];
  const refused = async (statement: string) => {
    const outcome = await client.execute(statement).then(
      () => 'was done',
      (error: { code: number; message: string }) =>
        error.code === types.responseErrorCodes.unauthorized ? 'not allowed' : error.message,
    );
    expect([statement, outcome]).toEqual([statement, 'not allowed']);
  };

  test('reads and writes its own keyspaces', async () => {
    await client.execute(`INSERT INTO ${mine.data}.cells (part, place, a) VALUES ('own', 1, 'a')`);
    const { rows } = await client.execute(`SELECT a FROM ${mine.data}.cells WHERE part = 'own'`);
    expect(rows[0]?.a).toBe('a');
    await client.execute(`DELETE FROM ${mine.data}.cells WHERE part = 'own'`);
    await client.execute(`SELECT * FROM ${mine.ops}.${runsTable.name}`);
  });

  test('reads nothing of another tenant, nor of the platform', async () => {
    for (const table of foreign()) await refused(`SELECT * FROM ${table}`);
  });

  test('writes, deletes and truncates nothing of another tenant', async () => {
    await refused(`INSERT INTO ${other.data}.cells (part, place) VALUES ('a', 1)`);
    await refused(`UPDATE ${other.data}.cells SET a = 'a' WHERE part = 'a' AND place = 1`);
    await refused(`DELETE FROM ${other.data}.cells WHERE part = 'a'`);
    for (const table of foreign()) await refused(`TRUNCATE ${table}`);
    const batch = [
      `INSERT INTO ${mine.data}.cells (part, place) VALUES ('smuggled', 1)`,
      `DELETE FROM ${other.data}.cells WHERE part = 'a'`,
    ];
    await refused(`BEGIN UNLOGGED BATCH ${batch.join('; ')}; APPLY BATCH`);
  });

  test('changes no schema, not even its own', async () => {
    for (const { data } of [mine, other]) {
      await refused(`ALTER TABLE ${data}.cells ADD more text`);
      await refused(`DROP TABLE ${data}.cells`);
      await refused(`CREATE TABLE ${data}.more (id text PRIMARY KEY)`);
      await refused(`CREATE INDEX ON ${data}.cells (b)`);
      await refused(`ALTER KEYSPACE ${data} WITH durable_writes = false`);
      await refused(`DROP KEYSPACE ${data}`);
    }
    await refused(
      `CREATE KEYSPACE ${mine.data}_more WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    );
  });

  test('makes no roles, changes no other role and grants nothing', async () => {
    await refused(`CREATE ROLE ${mine.data}_more WITH LOGIN = true AND PASSWORD = 'x'`);
    await refused(`ALTER ROLE ${other.role.username} WITH PASSWORD = 'x'`);
    await refused("ALTER ROLE cassandra WITH PASSWORD = 'x'");
    await refused(`ALTER ROLE ${mine.role.username} WITH SUPERUSER = true`);
    await refused(`DROP ROLE ${other.role.username}`);
    await refused(`GRANT SELECT ON KEYSPACE ${other.data} TO ${mine.role.username}`);
    await refused(`GRANT SELECT ON KEYSPACE ${mine.data} TO ${other.role.username}`);
    await refused(`GRANT ${other.role.username} TO ${mine.role.username}`);
    await refused(`GRANT cassandra TO ${mine.role.username}`);
    await refused(`REVOKE SELECT ON KEYSPACE ${other.data} FROM ${other.role.username}`);
    await refused(`LIST ALL PERMISSIONS OF ${other.role.username}`);
  });
});
