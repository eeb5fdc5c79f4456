import { keyText, primaryKey, type Table } from '../../core/model/table.ts';
import type { SinkRow } from '../../core/ports.ts';
import { Bytes, type Stretch } from './bytes.ts';
import { EncodingError } from './encode.ts';
import type { RowStatement } from './row-statement.ts';

/** Rows of a batch that Cassandra applies as one mutation: of 12,000 flights such batches have 30.5 on average, beside 18.8 with at most the 30 that Keyspaces takes, and 34.2 with 200. */
export const BATCH_ROWS = 100;
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

/** Rows of one partition side by side, at most so many in a batch; those that cannot be encoded are told. */
export function batchesOf(
  table: Table,
  statement: RowStatement,
  rows: readonly SinkRow[],
  unfit: (index: number, error: EncodingError) => void,
  most: number,
): Batch[] {
  const open = new Map<string, Open>();
  const batches: Batch[] = [];
  for (const member of notOverwritten(table, rows, encoded(statement, rows, unfit))) {
    const bytes = member.end - member.start;
    const key = statement.partition(member);
    let batch = open.get(key);
    if (!batch || batch.members.length === most || batch.bytes + bytes > BATCH_BYTES) {
      batch = { members: [], bytes: 0 };
      open.set(key, batch);
      batches.push(batch.members);
    }
    batch.members.push(member);
    batch.bytes += bytes;
  }
  return batches;
}

function encoded(
  statement: RowStatement,
  rows: readonly SinkRow[],
  unfit: (index: number, error: EncodingError) => void,
): Member[] {
  const out = new Bytes();
  const members: Member[] = [];
  for (let index = 0; index < rows.length; index++) {
    out.start();
    try {
      statement.encode(out, rows[index] as SinkRow);
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      unfit(index, error);
      continue;
    }
    const { bytes, start, end } = out.done();
    members.push({ index, bytes, start, end });
  }
  return members;
}

/**
 * Without those behind which there is one with the same key and the same write time: Cassandra would mix the two, cell by cell, so only the last is
 * written. Write times grow with the position, so rows that share one are neighbours; of a large file there are hundreds.
 */
function notOverwritten(table: Table, rows: readonly SinkRow[], members: readonly Member[]): readonly Member[] {
  const keyOf = keyText(table, primaryKey(table));
  const rowAt = (at: number) => rows[members[at]?.index ?? -1];
  const written: Member[] = [];
  const later = new Set<string>();
  for (let at = members.length - 1; at >= 0; at--) {
    const { values, writeTime } = rowAt(at) as SinkRow;
    const isLast = rowAt(at + 1)?.writeTime !== writeTime;
    if (isLast) later.clear();
    if (!isLast || rowAt(at - 1)?.writeTime === writeTime) {
      const key = keyOf(values);
      if (later.has(key)) continue;
      later.add(key);
    }
    written.push(members[at] as Member);
  }
  return written.reverse();
}
