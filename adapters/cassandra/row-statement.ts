import type { ColumnType } from '../../core/model/column-types.ts';
import { primaryKey, type Table } from '../../core/model/table.ts';
import type { SinkRow } from '../../core/ports.ts';
import type { Bytes, Stretch } from './bytes.ts';
import { deleteRow, insertRow, keyFirst } from './cql.ts';
import { encoderOf, int32, NULL, UNSET } from './encode.ts';
import type { Statement } from './encoded-batch.ts';
import { parametersOf } from './values.ts';

/** A statement for one row of a table. The columns of its key stand side by side in it, the partition's first. */
export interface RowStatement extends Statement {
  /** Adds the parameters of a row; throws a `TypeError` for a value that its column cannot hold. */
  encode(out: Bytes, row: SinkRow): void;
  /** Where the key begins in what is encoded of a row, in bytes from its start. */
  readonly keyStart: number;
  /** Where the partition's key ends, in the buffer that a row is encoded in. */
  partitionEnd(encoded: Stretch): number;
  /** Where the whole key ends there. */
  keyEnd(encoded: Stretch): number;
  /** The partition's key as the database hashes it; absent when it is longer than a key can be. */
  routingKey(encoded: Stretch): Buffer | undefined;
  /** The parameters as the driver takes them, for the guard. */
  parametersOf(row: SinkRow): unknown[];
}

export function upsert(keyspace: string, table: Table): RowStatement {
  const names = keyFirst(table);
  const given = parametersOf(table, names);
  return {
    ...statement(table, [...names, WRITE_TIME]),
    keyspace,
    cql: insertRow(keyspace, table),
    parametersOf: ({ values, writeTime }) => [...given(values), writeTime],
  };
}

export function removal(keyspace: string, table: Table): RowStatement {
  const names = primaryKey(table);
  const given = parametersOf(table, names);
  return {
    ...statement(table, [WRITE_TIME, ...names]),
    keyspace,
    cql: deleteRow(keyspace, table),
    parametersOf: ({ values, writeTime }) => [writeTime, ...given(values)],
  };
}

/** Stands among the columns for the time that a statement writes at. */
const WRITE_TIME = null;
/** Bytes before a parameter, that tell its length. */
const LENGTH = 4;
/** Bytes of a write time, with its length. */
const TIME = LENGTH + 8;

function statement(table: Table, given: readonly (string | null)[]) {
  const parameters = given.map(
    (name): ColumnType => (name === WRITE_TIME ? 'bigint' : (table.columns[name] ?? 'text')),
  );
  const columns = given.map((name, at) => ({ name, encode: encoderOf(parameters[at] as ColumnType) }));
  const keyStart = given[0] === WRITE_TIME ? TIME : 0;
  const partition = table.partitionKey.length;
  const endOf = ({ bytes, start }: Stretch, columns: number): number => {
    let at = start + keyStart;
    for (let left = columns; left > 0; left--) at = endOfParameter(bytes, at);
    return at;
  };
  return {
    parameters,
    encode: (out: Bytes, { values, writeTime }: SinkRow) => {
      for (const { name, encode } of columns) {
        const value = name === WRITE_TIME ? writeTime : values[name];
        if (value === undefined) int32(out, UNSET);
        else if (value === null) int32(out, NULL);
        else encode(out, value);
      }
    },
    keyStart,
    partitionEnd: (encoded: Stretch) => endOf(encoded, partition),
    keyEnd: (encoded: Stretch) => endOf(encoded, partition + table.clusteringKey.length),
    routingKey: ({ bytes, start }: Stretch) => {
      let at = start + keyStart;
      const parts = table.partitionKey.map(() => {
        const part = bytes.subarray(at + LENGTH, endOfParameter(bytes, at));
        at = endOfParameter(bytes, at);
        return part;
      });
      return compositeKey(parts);
    },
  };
}

/** What is null or unset has a length below zero, and no bytes. */
const endOfParameter = (bytes: Buffer, at: number): number => at + LENGTH + Math.max(0, bytes.readInt32BE(at));

const MOST_IN_KEY = 65_535;

/** A key of several columns is hashed with the length before and a zero behind each. */
function compositeKey(parts: readonly Buffer[]): Buffer | undefined {
  if (parts.some(({ length }) => length > MOST_IN_KEY)) return undefined;
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const key = Buffer.alloc(parts.reduce((sum, { length }) => sum + length + 3, 0));
  let at = 0;
  for (const part of parts) {
    key.writeUInt16BE(part.length, at);
    key.set(part, at + 2);
    at += part.length + 3;
  }
  return key;
}
