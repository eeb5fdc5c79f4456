import type { Client } from 'cassandra-driver';
import type { Table } from '../../core/model/table.ts';
import type { Sink, SinkFailure, SinkRow } from '../../core/ports.ts';
import { batchSender } from './encoded-batch.ts';
import { isPassing, messageOf, worldError } from './errors.ts';
import { type Batch, batchesOf } from './grouping.ts';
import { insideOf } from './keyspaces-client.ts';
import { type RowStatement, removal, upsert } from './row-statement.ts';

/** Batches on their way at one time: more brought no gain (docs/throughput.md). */
const IN_FLIGHT = 48;

/**
 * Writes rows into a keyspace, grouped by partition into unlogged batches: the server applies such a batch as one mutation. When a
 * batch is refused its rows are tried one by one, so that a bad row does not take its neighbours along.
 */
export function cassandraSink(client: Client, keyspace: string): Sink {
  const { driver, checkBatch } = insideOf(client);
  const sendBatch = batchSender(driver);

  const send = async (table: Table, statement: RowStatement, rows: readonly SinkRow[], signal: AbortSignal) => {
    const failures: SinkFailure[] = [];
    const refuse = (index: number, error: unknown) =>
      failures.push({ index, message: messageOf(error), retryable: false });
    const batches = batchesOf(table, statement, rows, refuse);

    const write = async (batch: Batch): Promise<void> => {
      try {
        checkBatch?.(batch.map(({ index }) => [statement.cql, statement.parametersOf(rows[index] as SinkRow)]));
        await sendBatch({ statement, rows: batch, routingKey: statement.routingKey(batch[0] as Batch[number]) });
      } catch (error) {
        if (isPassing(error)) {
          for (const { index } of batch) failures.push({ index, message: messageOf(error), retryable: true });
        } else if (batch.length > 1) {
          for (const member of batch) await write([member]);
        } else if (isInvalid(error)) {
          for (const { index } of batch) refuse(index, error);
        } else {
          throw worldError(error, 'writing rows');
        }
      }
    };

    let next = 0;
    const worker = async () => {
      while (next < batches.length && !signal.aborted) await write(batches[next++] as Batch);
    };
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, batches.length) }, worker));
    for (const { index } of batches.slice(next).flat()) {
      failures.push({ index, message: 'the time is used up', retryable: true });
    }
    return failures;
  };

  return {
    name: 'cassandra',
    write: (table, rows, signal) => send(table, upsert(keyspace, table), rows, signal),
    remove: (table, keys, signal) => send(table, removal(keyspace, table), keys, signal),
    close: () => client.shutdown(),
  };
}

/** The server's answer that is about the row: that it is invalid. */
const isInvalid = (error: unknown): boolean => (error as { code?: unknown }).code === 0x2200;
