import { randomBytes } from 'node:crypto';
import type { Client } from 'cassandra-driver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../adapters/cassandra/client.ts';
import { createKeyspace, createTable } from '../../adapters/cassandra/cql.ts';
import { guardedClient } from '../../adapters/cassandra/keyspaces-client.ts';
import { cassandraLedger } from '../../adapters/cassandra/ledger.ts';
import { replicationOf } from '../../adapters/cassandra/schema.ts';
import { cassandraSink } from '../../adapters/cassandra/sink.ts';
import { FatalError } from '../../core/model/errors.ts';
import { ledgerTables } from '../../core/model/ledger-tables.ts';
import { defineTable, type Table } from '../../core/model/table.ts';
import { load } from '../../core/pipeline/load.ts';
import { localCassandraLogin } from '../../local/cassandra.ts';
import { loadSettings } from '../../local/settings.ts';

/** The guard in front of the real Cassandra: what Keyspaces would refuse is refused, though Cassandra would take it. */

const keyspace = `guard_${randomBytes(4).toString('hex')}`;
const things = defineTable({
  name: 'things',
  columns: { part: 'text', id: 'text', text: 'text', count: 'int', huge: 'varint', parts: { list: 'text' } },
  partitionKey: ['part'],
  clusteringKey: ['id'],
});
const columns = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}`, 'int'] as const));
const wide = (name: string, count: number, ttl: number): Table =>
  defineTable({ name, columns: { id: 'text', ...columns(count - 1) }, partitionKey: ['id'], ttl });
const tables = [
  things,
  wide('most', 225, 0),
  wide('over', 226, 0),
  wide('most_ttl', 166, 60),
  wide('over_ttl', 167, 60),
];

let plain: Client;
let guarded: Client;

/** Cassandra's own limit, set in local/cassandra, is a mutation of 1 MiB; Keyspaces adds more to a row, and stores its key twice. */
const nearlyTooLarge = 'x'.repeat(1024 * 1024 - 120);
const microseconds = (agoMs: number) => (Date.now() - agoMs) * 1000;
const MINUTE = 60_000;
const signal = new AbortController().signal;
const row = (id: string, more: Record<string, unknown> = {}, ago = 0) => ({
  values: { part: 'p', id, text: 't', ...more },
  writeTime: microseconds(ago),
});
const stored = async (id: string) => {
  const select = `SELECT * FROM ${keyspace}.things WHERE part = 'p' AND id = ?`;
  return (await plain.execute(select, [id], { prepare: true })).first();
};

beforeAll(async () => {
  const address = { contactPoints: ['127.0.0.1'], port: loadSettings().cassandraPort, datacenter: 'datacenter1' };
  plain = connect(address, localCassandraLogin);
  await plain.connect();
  await plain.execute(createKeyspace(keyspace, replicationOf('local', 'datacenter1')), [], { prepare: false });
  for (const table of [...tables, ...ledgerTables])
    await plain.execute(createTable(keyspace, table), [], { prepare: false });
  guarded = guardedClient(plain, { [keyspace]: [...tables, ...ledgerTables] }, { now: () => new Date() });
});

afterAll(async () => {
  await plain?.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`, [], { prepare: false });
  await plain?.shutdown();
});

/** Writes through the sink and answers what it refused: place, and whether it may be tried again. */
async function write(rows: readonly ReturnType<typeof row>[], client = guarded) {
  return (await cassandraSink(client, keyspace).write(things, rows, signal)).toSorted((a, b) => a.index - b.index);
}

describe('a row that Keyspaces would refuse is a rejection, and its neighbours are stored', () => {
  const tooMuch = {
    'more than 1 MB with what Keyspaces adds to it': row('large', { text: nearlyTooLarge }),
    'a partition key of more than 2,048 bytes': row('far', { part: 'p'.repeat(2049) }),
    'clustering columns of more than 850 bytes': row('c'.repeat(851)),
    'a collection of more than 1 MB': row('list', { parts: ['x', 'x'].map((text) => text.repeat(540_000)) }),
    'a varint of more than 38 digits': row('huge', { huge: 10n ** 38n }),
    'a write time two days ago': row('old', {}, 48 * 60 * MINUTE + MINUTE),
    'a write time ten minutes ahead': row('ahead', {}, -10 * MINUTE),
  };
  test.each(Object.entries(tooMuch))('%s', async (_, bad) => {
    const before = row(`before-${bad.values.id.slice(0, 20)}`);
    const after = row(`after-${bad.values.id.slice(0, 20)}`);
    const failures = await write([before, bad, after]);
    expect(failures).toMatchObject([{ index: 1, retryable: false }]);
    expect(failures[0]?.message).toMatch(/^Amazon Keyspaces would refuse the row: /);
    expect(await stored(before.values.id)).not.toBeNull();
    expect(await stored(after.values.id)).not.toBeNull();
    expect(await stored(bad.values.id)).toBeNull();
  });

  test('it comes out of the load stage with its code and text', async () => {
    const outputs = ['good', 'bad'].map((id, index) => ({
      position: index + 1,
      raw: `raw ${id}`,
      values: { part: id === 'bad' ? 'p'.repeat(3000) : 'p', id: `staged-${id}` },
      writeTime: microseconds(0),
    }));
    const rejected = await load(outputs, things, cassandraSink(guarded, keyspace), signal);
    expect(rejected).toMatchObject([{ position: 2, stage: 'load', code: 'SLU-2008', raw: 'raw bad' }]);
    expect(await stored('staged-good')).not.toBeNull();
  });

  test('without the guard Cassandra takes what it can take', async () => {
    const rows = [row('old-and-plain', {}, 49 * 60 * MINUTE), row('d'.repeat(851)), row('L', { text: nearlyTooLarge })];
    expect(await write(rows, plain)).toEqual([]);
  });

  test('a row that is too large for Cassandra too is a rejection with the guard and without', async () => {
    for (const client of [guarded, plain]) {
      const failures = await write([row('huge', { text: 'x'.repeat(2 * 1024 * 1024) }), row('beside-huge')], client);
      expect(failures).toMatchObject([{ index: 0, retryable: false }]);
    }
  });

  test('write times near both ends are taken', async () => {
    expect(await write([row('edge-1', {}, 47 * 60 * MINUTE), row('edge-2', {}, -4 * MINUTE)])).toEqual([]);
  });
});

describe('a statement that Keyspaces would refuse is a mistake of ours', () => {
  const refuses = (work: () => Promise<unknown>) => expect(work()).rejects.toThrow(FatalError);
  const insert = `INSERT INTO ${keyspace}.things (part, id) VALUES ('p', ?)`;

  test('a batch of 31', async () => {
    const queries = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ query: insert, params: [`batch-${n}`] }));
    await refuses(() => guarded.batch(queries(31), { prepare: true, logged: false }));
    await guarded.batch(queries(30), { prepare: true, logged: false });
    expect(await stored('batch-29')).not.toBeNull();
    expect(await stored('batch-30')).toBeNull();
  });

  test('a condition inside a batch', async () => {
    await refuses(() => guarded.batch([{ query: `${insert} IF NOT EXISTS`, params: ['lwt'] }], { prepare: true }));
    expect(await stored('lwt')).toBeNull();
  });

  test('a statement that it has not', async () => {
    await refuses(() => guarded.execute(`TRUNCATE ${keyspace}.things`));
    await refuses(() => guarded.execute(`SELECT count(*) FROM ${keyspace}.things`));
    expect(await stored('batch-29')).not.toBeNull();
  });

  test('a list of 101 values', async () => {
    const select = `SELECT id FROM ${keyspace}.things WHERE part = 'p' AND id IN ?`;
    const ids = (count: number) => [Array.from({ length: count }, (_, n) => `batch-${n}`)];
    await refuses(() => guarded.execute(select, ids(101), { prepare: true }));
    expect((await guarded.execute(select, ids(100), { prepare: true })).rowLength).toBe(30);
  });

  test.each([
    ['most', 'over'],
    ['most_ttl', 'over_ttl'],
  ])('a table with a column too many (%s, %s)', async (most, over) => {
    const writeTo = (name: string) => {
      const table = tables.find((one) => one.name === name) as Table;
      return cassandraSink(guarded, keyspace).write(
        table,
        [{ values: { id: '1' }, writeTime: microseconds(0) }],
        signal,
      );
    };
    expect(await writeTo(most)).toEqual([]);
    await refuses(() => writeTo(over));
  });
});

describe('behind the guard all works as before', () => {
  test('the ledger makes its conditional writes and reads them back', async () => {
    const ledger = cassandraLedger(guarded, keyspace, { now: () => new Date() });
    const slot = { stream: 's', shard: 'shard', minute: new Date(Math.floor(Date.now() / MINUTE) * MINUTE) };
    const message = (position: string) => ({
      position,
      feed: 'things',
      outcome: 'loaded' as const,
      bytes: 1,
      latency: 1,
      writeTime: 1,
    });
    await ledger.tally(slot, [message('1')]);
    await ledger.tally(slot, [message('1'), message('2')]);
    expect((await ledger.counted(slot, ['1', '2', '3'])).positions).toEqual(new Set(['1', '2']));
    const runs = await ledger.streamRuns(slot.minute.toISOString().slice(0, 10));
    expect(runs.map(({ feeds }) => feeds.things?.counts.loaded)).toEqual([2]);
  });

  test('an absent column writes nothing, not even a tombstone that would hide an older value; null writes one', async () => {
    await write([row('cells', { text: undefined, count: null }, 2000)]);
    await write([row('cells', { text: 'older', count: 1 }, 3000)]);
    expect(await stored('cells')).toMatchObject({ text: 'older', count: null });
    await write([row('cells', { text: null, count: undefined }, 1000)]);
    expect(await stored('cells')).toMatchObject({ text: null, count: null });
  });
});
