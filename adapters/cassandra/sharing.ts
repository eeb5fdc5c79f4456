import type { Client } from 'cassandra-driver';
import type { Stretch } from './bytes.ts';
import type { Batch, Member } from './grouping.ts';
import type { RowStatement } from './row-statement.ts';

/**
 * Batches that rows of several partitions share. The server applies them one by one, but gets one request for all, which is most of what a row costs that is a
 * partition of its own: with ten a request, 100,000 comments went 2.1 times as fast into one node as one by one, with twenty 2.6 times, of which Cassandra would
 * warn. They share only where the very same nodes have them, so that whichever is asked has all of them itself; the gain on a cluster of several nodes is unproven.
 */

/** Beyond this many partitions Cassandra warns (`unlogged_batch_across_partitions_warn_threshold`, its default). */
const MOST_PARTITIONS = 10;
/** Cassandra warns beyond 5 KiB (`batch_size_warn_threshold`, its default). */
const MOST_BYTES = 4.5 * 1024;
/**
 * What Cassandra counts for each value and each row besides the bytes that we send, measured with version 5.0.9: 20 a cell, of which our four are the length, and 50 or, with a
 * TTL, 62 a row; we count keys as cells, so that the sum is always a little more than Cassandra's.
 */
const VALUE = 16;
const ROW = 16;

/** The nodes that have the partition of a row, as a text that is the same for the same ones; null when the driver does not know, as before it has connected. */
export type ReplicasOf = (statement: RowStatement, row: Stretch) => string | null;

export function replicasOf(client: Pick<Client, 'hosts' | 'getReplicas'>, keyspace: string): ReplicasOf {
  /** The driver answers with the same list for all keys of a stretch of the ring. */
  const known = new WeakMap<object, string>();
  return (statement, row) => {
    if (client.hosts.length === 1) return 'the only one';
    const key = statement.routingKey(row);
    const hosts = key && client.getReplicas(keyspace, key);
    if (!hosts?.length) return null;
    const names =
      known.get(hosts) ??
      hosts
        .map(({ address }) => address)
        .sort()
        .join();
    known.set(hosts, names);
    return names;
  };
}

/** Puts batches of one partition each together, as far as they are small and the same nodes have them. */
export function share(batches: readonly Batch[], statement: RowStatement, replicas: ReplicasOf): Batch[] {
  const open = new Map<string, { batch: Member[]; partitions: number; bytes: number }>();
  const shared: Batch[] = [];
  for (const batch of batches) {
    let bytes = batch.length * (ROW + VALUE * statement.parameters.length);
    for (const { start, end } of batch) bytes += end - start;
    const nodes = bytes > MOST_BYTES / 2 ? null : replicas(statement, batch[0] as Member);
    if (nodes === null) {
      shared.push(batch);
      continue;
    }
    let bin = open.get(nodes);
    if (!bin || bin.partitions === MOST_PARTITIONS || bin.bytes + bytes > MOST_BYTES) {
      bin = { batch: [], partitions: 0, bytes: 0 };
      open.set(nodes, bin);
      shared.push(bin.batch);
    }
    for (const member of batch) bin.batch.push(member);
    bin.partitions++;
    bin.bytes += bytes;
  }
  return shared;
}
