import { keyText, primaryKey, type Table } from '../../core/model/table.ts';
import type { SinkRow } from '../../core/ports.ts';
import { ByBytes } from './by-bytes.ts';
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

const itself = (member: Member): Member => member;

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
  const open = new ByBytes(statement.keyStart, statement.partitionEnd, ({ members }: Open) => members[0] as Member);
  const batches: Batch[] = [];
  for (const member of notOverwritten(table, statement, rows, encoded(statement, rows, unfit))) {
    const bytes = member.end - member.start;
    const place = open.placeOf(member);
    const batch = open.get(place);
    if (batch && batch.members.length < most && batch.bytes + bytes <= BATCH_BYTES) {
      batch.members.push(member);
      batch.bytes += bytes;
    } else {
      const members = [member];
      open.set(place, { members, bytes });
      batches.push(members);
    }
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
function notOverwritten(
  table: Table,
  statement: RowStatement,
  rows: readonly SinkRow[],
  members: readonly Member[],
): readonly Member[] {
  const timeAt = (at: number) => rows[members[at]?.index ?? -1]?.writeTime;
  const written: Member[] = [];
  const later = keysSeen(table, statement, rows);
  for (let at = members.length - 1; at >= 0; at--) {
    const member = members[at] as Member;
    const time = timeAt(at);
    const isLast = timeAt(at + 1) !== time;
    const isAlone = isLast && timeAt(at - 1) !== time;
    if (isLast && !isAlone) later.clear();
    if (isAlone || later.isNew(member)) written.push(member);
  }
  return written.reverse();
}

/**
 * Tells whether a row is the first with its key. By bytes in a fifth of the time that texts take (0.1 and 0.5 s a million), which also leave a kilobyte of garbage a row; but
 * `1.0` and `1.00` are one decimal, and the elements of a set have no order.
 */
function keysSeen(table: Table, { keyStart, keyEnd }: RowStatement, rows: readonly SinkRow[]) {
  const names = primaryKey(table);
  if (names.some((name) => typeof table.columns[name] !== 'string' || table.columns[name] === 'decimal')) {
    const keyOf = keyText(table, names);
    const seen = new Set<string>();
    const isNew = ({ index }: Member) => seen.size < seen.add(keyOf((rows[index] as SinkRow).values)).size;
    return { isNew, clear: () => seen.clear() };
  }
  const seen = new ByBytes(keyStart, keyEnd, itself);
  const isNew = (member: Member) => {
    const place = seen.placeOf(member);
    if (seen.get(place) !== undefined) return false;
    seen.set(place, member);
    return true;
  };
  return { isNew, clear: () => seen.clear() };
}
