import type { Client } from 'cassandra-driver';
import { keyspacesLimits } from '../../core/model/keyspaces-limits.ts';
import type { Table } from '../../core/model/table.ts';
import type { Sink, SinkFailure, SinkRow } from '../../core/ports.ts';
import { cassandraDialect, type Dialect } from './client.ts';
import { batchSender } from './encoded-batch.ts';
import { isPassing, isStrain, messageOf, worldError } from './errors.ts';
import type { Outcome } from './flow.ts';
import { BATCH_ROWS, type Batch, batchesOf } from './grouping.ts';
import { insideOf } from './keyspaces-client.ts';
import { newPace } from './pace.ts';
import { type RowStatement, removal, upsert } from './row-statement.ts';
import { replicasOf, share } from './sharing.ts';

/**
 * Writes rows into a keyspace, grouped by partition into unlogged batches: the server applies such a batch as one mutation. Small ones go together where the same
 * nodes have their partitions; not where Keyspaces is the database, or is played. When a
 * batch is refused its rows are tried one by one, so that a bad row does not take its neighbours along. How many are on their way at one time hangs on what the
 * database takes, which a sink learns for as long as it lives.
 */
export function cassandraSink(client: Client, keyspace: string, { sharedBatches }: Dialect = cassandraDialect): Sink {
  const { driver, checkBatch } = insideOf(client);
  const sendBatch = batchSender(driver);
  const pace = newPace();
  const isKeyspaces = !sharedBatches || checkBatch !== undefined;
  const replicas = isKeyspaces ? null : replicasOf(driver, keyspace);
  const most = isKeyspaces ? keyspacesLimits.unloggedBatch : BATCH_ROWS;

  const send = async (table: Table, statement: RowStatement, rows: readonly SinkRow[], signal: AbortSignal) => {
    const failures: SinkFailure[] = [];
    const refuse = (index: number, error: unknown) =>
      failures.push({ index, message: messageOf(error), retryable: false });
    const alone = batchesOf(table, statement, rows, refuse, most);
    const batches = replicas ? share(alone, statement, replicas) : alone;

    const write = async (batch: Batch): Promise<Outcome> => {
      try {
        checkBatch?.(batch.map(({ index }) => [statement.cql, statement.parametersOf(rows[index] as SinkRow)]));
        await sendBatch({ statement, rows: batch, routingKey: statement.routingKey(batch[0] as Batch[number]) });
        return 'answered';
      } catch (error) {
        if (isPassing(error)) {
          for (const { index } of batch) failures.push({ index, message: messageOf(error), retryable: true });
          return isStrain(error) ? 'strained' : 'failed';
        }
        if (batch.length > 1) {
          for (const member of batch) await write([member]);
        } else if (isInvalid(error)) {
          for (const { index } of batch) refuse(index, error);
        } else {
          throw worldError(error, 'writing rows');
        }
        return 'answered';
      }
    };

    const given = await pace(batches.length, (index) => write(batches[index] as Batch), signal);
    const message = signal.aborted ? 'the time is used up' : 'the database has too much to do';
    for (const { index } of batches.slice(given).flat()) failures.push({ index, message, retryable: true });
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
