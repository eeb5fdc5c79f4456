import type { Client } from 'cassandra-driver';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cassandraDialect, connect, type Dialect, keyspacesDialect } from '../../adapters/cassandra/client.ts';
import { BATCH_ROWS, type Batch, batchesOf } from '../../adapters/cassandra/grouping.ts';
import { guardedClient } from '../../adapters/cassandra/keyspaces-client.ts';
import { upsert } from '../../adapters/cassandra/row-statement.ts';
import { replicasOf, share } from '../../adapters/cassandra/sharing.ts';
import { cassandraSink } from '../../adapters/cassandra/sink.ts';
import { cells } from '../conformance/sink.ts';
import { fakeCassandra } from '../support/fake-cassandra.ts';

const statement = upsert('k', cells);
const NODES = 6;

/** Three nodes after another on a ring of six, told in whatever order. */
const nodesOf = (part: string): number[] => {
  const first = [...Buffer.from(part)].reduce((sum, byte) => sum + byte, 0) % NODES;
  return [0, 1, 2].map((next) => (first + next) % NODES);
};
const ring = {
  hosts: { length: NODES },
  getReplicas: (_: string, key: Buffer) => {
    const hosts = nodesOf(key.toString()).map((node) => ({ address: `10.0.0.${node}:9042` }));
    return key.length % 2 === 0 ? hosts : hosts.toReversed();
  },
} as unknown as Client;
const ignorant = { hosts: { length: NODES }, getReplicas: () => null } as unknown as Client;

const rowsOf = (sizes: readonly (readonly [part: string, rows: number, length: number])[]) =>
  sizes.flatMap(([part, rows, length]) =>
    Array.from({ length: rows }, (_, place) => ({
      values: { part, place, a: 'x'.repeat(length), b: 1 },
      writeTime: place,
    })),
  );
const grouped = (rows: ReturnType<typeof rowsOf>) =>
  batchesOf(
    cells,
    statement,
    rows,
    (_, error) => {
      throw error;
    },
    BATCH_ROWS,
  );

const anyParts = fc.array(
  fc.tuple(
    fc.string({ minLength: 1, maxLength: 3, unit: 'binary-ascii' }),
    fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 40 })),
    fc.oneof({ weight: 5, arbitrary: fc.nat(300) }, fc.nat(6000)),
  ),
  { maxLength: 60 },
);

test('on a ring of six nodes rows share a batch only when all their replicas are the same, and each is in one', () => {
  fc.assert(
    fc.property(anyParts, (sizes) => {
      const rows = rowsOf(sizes);
      const before = grouped(rows);
      const batches = share(before, statement, replicasOf(ring, 'k'));
      const indexes = (all: readonly Batch[]) => all.flat().map(({ index }) => index);
      expect(indexes(batches).toSorted((a, b) => a - b)).toEqual(indexes(before).toSorted((a, b) => a - b));
      for (const batch of batches) {
        const parts = new Set(batch.map(({ index }) => rows[index]?.values.part as string));
        expect(new Set([...parts].map((part) => nodesOf(part).sort().join())).size).toBe(1);
        expect(parts.size).toBeLessThanOrEqual(10);
        expect(batch.length).toBeLessThanOrEqual(BATCH_ROWS);
        const bytes = batch.reduce((sum, { start, end }) => sum + end - start, 0);
        if (parts.size > 1) expect(bytes).toBeLessThan(5 * 1024);
      }
    }),
  );
});

test('partitions of one row each on a ring of six nodes go ten at a time', () => {
  const rows = rowsOf(Array.from({ length: 1200 }, (_, part) => [String.fromCharCode(33 + part), 1, 50]));
  const counts = share(grouped(rows), statement, replicasOf(ring, 'k')).map(({ length }) => length);
  expect(Math.max(...counts)).toBe(10);
  expect(counts.filter((count) => count < 10).length).toBeLessThanOrEqual(NODES);
});

test('where the driver does not know the replicas nothing is shared', () => {
  const before = grouped(
    rowsOf([
      ['a', 1, 1],
      ['b', 1, 1],
    ]),
  );
  expect(share(before, statement, replicasOf(ignorant, 'k'))).toEqual(before);
});

test('rows of several partitions share a batch on Cassandra, and never on Keyspaces or where it is played', async () => {
  const rows = rowsOf(Array.from({ length: 25 }, (_, part) => [`part ${part}`, 1, 10]));
  const now = { now: () => new Date(0) };
  const sent = async (dialect: Dialect, guard: boolean): Promise<number[]> => {
    const server = await fakeCassandra([cells]);
    const address = { contactPoints: ['127.0.0.1'], port: server.port, datacenter: 'datacenter1' };
    const plain = connect(address, { username: 'u', password: 'p' }, dialect);
    await plain.connect();
    const client = guard ? guardedClient(plain, { k: [cells] }, now) : plain;
    expect(await cassandraSink(client, 'k', dialect).write(cells, rows, new AbortController().signal)).toEqual([]);
    await plain.shutdown();
    await server.close();
    return server.batches.map((batch) => batch.readUInt16BE(1)).sort((a, b) => a - b);
  };
  expect(await sent(cassandraDialect, false)).toEqual([5, 10, 10]);
  expect(await sent(keyspacesDialect, false)).toEqual(Array(25).fill(1));
  expect(await sent(cassandraDialect, true)).toEqual(Array(25).fill(1));
});
