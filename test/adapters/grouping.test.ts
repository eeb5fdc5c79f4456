import { expect, test } from 'vitest';
import { BATCH_ROWS, batchesOf } from '../../adapters/cassandra/grouping.ts';
import { type RowStatement, removal, upsert } from '../../adapters/cassandra/row-statement.ts';
import { defineTable } from '../../core/model/table.ts';

const events = defineTable({
  name: 'events',
  // The key is not in front, and its columns are not side by side.
  columns: { note: 'text', at: 'int', kind: 'text', source: 'text' },
  partitionKey: ['source'],
  clusteringKey: ['at'],
});

const grouped = (statement: RowStatement, rows: Parameters<typeof batchesOf>[2]): number[][] =>
  batchesOf(
    events,
    statement,
    rows,
    (_, error) => {
      throw error;
    },
    BATCH_ROWS,
  ).map((batch) => batch.map(({ index }) => index));

/** Enough for some of them to share a hash of 32 bits. */
const MANY = 400_000;

test('of rows with one write time and as many keys none takes another one for its own, though their hashes are the same', () => {
  const rows = Array.from({ length: MANY }, (_, index) => ({
    values: { source: `${(index * 2_654_435_761) % 4_294_967_296}`, at: index % 7, note: 'x' },
    writeTime: 1,
  }));
  const batches = grouped(upsert('k', events), rows);
  expect(batches).toHaveLength(MANY);
  expect(batches.flat()).toHaveLength(MANY);
});

test('the last of several rows with one key and one write time is written, others with that key or that time are as well', () => {
  const row = (source: string, at: number, writeTime: number) => ({ values: { source, at }, writeTime });
  const rows = [row('a', 1, 5), row('a', 1, 6), row('b', 1, 6), row('a', 1, 6), row('a', 2, 6), row('a', 1, 7)];
  expect(grouped(upsert('k', events), rows)).toEqual([[0, 3, 4, 5], [2]]);
  expect(grouped(removal('k', events), rows)).toEqual([[0, 3, 4, 5], [2]]);
});
