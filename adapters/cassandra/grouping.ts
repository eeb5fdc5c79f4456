import { keyText, primaryKey, type Table } from '../../core/model/table.ts';
import type { SinkRow } from '../../core/ports.ts';
import { Bytes, type Stretch } from './bytes.ts';
import { EncodingError } from './encode.ts';
import type { RowStatement } from './row-statement.ts';

/** Keyspaces takes at most 30 statements in an unlogged batch. */
export const BATCH_ROWS = 30;
/** Bytes of a batch: Keyspaces and Cassandra refuse a mutation beyond 1 MB. */
const BATCH_BYTES = 256 * 1024;

/** A row in a batch: which of those given, and its parameters. */
export interface Member extends Stretch {
  readonly index: number;
}

export type Batch = readonly Member[];

interface Open {
  readonly members: Member[];
  bytes: number;
}

/** Rows of one partition side by side; those that cannot be encoded are told. */
export function batchesOf(
  table: Table,
  statement: RowStatement,
  rows: readonly SinkRow[],
  unfit: (index: number, error: EncodingError) => void,
): Batch[] {
  const rowOf = keyText(table, primaryKey(table));
  const out = new Bytes();
  const open = new Map<string, Open>();
  const batches: Batch[] = [];

  for (const [index, row] of rows.entries()) {
    if (isOverwritten(rowOf, rows, index)) continue;
    out.start();
    try {
      statement.encode(out, row);
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      unfit(index, error);
      continue;
    }
    const { bytes, start, end } = out.done();
    const member = { index, bytes, start, end };
    const key = statement.partition(member);
    let batch = open.get(key);
    if (!batch || batch.members.length === BATCH_ROWS || batch.bytes + end - start > BATCH_BYTES) {
      batch = { members: [], bytes: 0 };
      open.set(key, batch);
      batches.push(batch.members);
    }
    batch.members.push(member);
    batch.bytes += end - start;
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
