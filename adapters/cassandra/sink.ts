import type { Client } from 'cassandra-driver';
import { keyText, primaryKey, type Table } from '../../core/model/table.ts';
import type { Sink, SinkFailure, SinkRow } from '../../core/ports.ts';
import { deleteRow, insertRow } from './cql.ts';
import { isEncodingError, isPassing, messageOf, worldError } from './errors.ts';
import { parametersOf, sizeOf } from './values.ts';

/** Keyspaces takes at most 30 statements in an unlogged batch. */
export const BATCH_ROWS = 30;
/** Bytes of a batch, estimated: Keyspaces and Cassandra refuse a mutation beyond 1 MB. */
const BATCH_BYTES = 256 * 1024;
/** Batches on their way at one time: more brought no gain (docs/throughput.md). */
const IN_FLIGHT = 48;

interface Member {
  readonly index: number;
  readonly params: unknown[];
}

/**
 * Writes rows into a keyspace, grouped by partition into unlogged batches: the server applies such a batch as one mutation. When a
 * batch is refused its rows are tried one by one, so that a bad row does not take its neighbours along.
 */
export function cassandraSink(client: Client, keyspace: string): Sink {
  return {
    name: 'cassandra',

    write: (table, rows, signal) => {
      const parameters = parametersOf(table, Object.keys(table.columns));
      const batches = group(table, rows, ({ values, writeTime }) => [...parameters(values), writeTime]);
      return send(client, insertRow(keyspace, table), batches, signal);
    },

    remove: (table, keys, signal) => {
      const parameters = parametersOf(table, primaryKey(table));
      const batches = group(table, keys, ({ values, writeTime }) => [writeTime, ...parameters(values)]);
      return send(client, deleteRow(keyspace, table), batches, signal);
    },

    close: () => client.shutdown(),
  };
}

/** Sends batches of one statement, several at a time; those for which the time did not last count as failed. */
async function send(
  client: Client,
  statement: string,
  batches: readonly Member[][],
  signal: AbortSignal,
): Promise<SinkFailure[]> {
  const failures: SinkFailure[] = [];
  let next = 0;
  const worker = async () => {
    while (next < batches.length && !signal.aborted) {
      await writeBatch(client, statement, batches[next++] as Member[], failures);
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, batches.length) }, worker));
  for (const { index } of batches.slice(next).flat()) {
    failures.push({ index, message: 'the time is used up', retryable: true });
  }
  return failures;
}

async function writeBatch(
  client: Client,
  query: string,
  batch: readonly Member[],
  failures: SinkFailure[],
): Promise<void> {
  try {
    const [only] = batch;
    if (batch.length === 1 && only) await client.execute(query, only.params, { prepare: true });
    else
      await client.batch(
        batch.map(({ params }) => ({ query, params })),
        { prepare: true, logged: false },
      );
  } catch (error) {
    if (isPassing(error)) {
      for (const { index } of batch) failures.push({ index, message: messageOf(error), retryable: true });
    } else if (batch.length > 1) {
      for (const member of batch) await writeBatch(client, query, [member], failures);
    } else if (isRefusal(error)) {
      for (const { index } of batch) failures.push({ index, message: messageOf(error), retryable: false });
    } else {
      throw worldError(error, 'writing rows');
    }
  }
}

/** Errors that are about the row: what the driver cannot encode, and what the server calls invalid (its code 0x2200). */
const isRefusal = (error: unknown): boolean => isEncodingError(error) || (error as { code?: unknown }).code === 0x2200;

/** Rows of one partition side by side. */
function group(table: Table, rows: readonly SinkRow[], paramsOf: (row: SinkRow) => unknown[]): Member[][] {
  const partitionOf = keyText(table, table.partitionKey);
  const rowOf = keyText(table, primaryKey(table));
  const open = new Map<string, { members: Member[]; bytes: number }>();
  const batches: Member[][] = [];

  for (const [index, row] of rows.entries()) {
    if (isOverwritten(rowOf, rows, index)) continue;
    const params = paramsOf(row);
    const key = partitionOf(row.values);
    let bytes = 0;
    for (const value of params) bytes += sizeOf(value);
    let batch = open.get(key);
    if (!batch || batch.members.length === BATCH_ROWS || batch.bytes + bytes > BATCH_BYTES) {
      batch = { members: [], bytes: 0 };
      open.set(key, batch);
      batches.push(batch.members);
    }
    batch.members.push({ index, params });
    batch.bytes += bytes;
  }
  return batches;
}

/**
 * True when a later row has the same key and the same write time: Cassandra would mix the two, cell by cell, so only the last is
 * written. Write times grow with the position, so rows that share one are neighbours.
 */
function isOverwritten(rowOf: ReturnType<typeof keyText>, rows: readonly SinkRow[], index: number): boolean {
  const row = rows[index] as SinkRow;
  for (let later = index + 1; rows[later]?.writeTime === row.writeTime; later++) {
    if (rowOf(row.values) === rowOf((rows[later] as SinkRow).values)) return true;
  }
  return false;
}
