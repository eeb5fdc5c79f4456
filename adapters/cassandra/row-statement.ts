import type { ColumnType } from '../../core/model/column-types.ts';
import { primaryKey, type Table } from '../../core/model/table.ts';
import type { SinkRow } from '../../core/ports.ts';
import type { Bytes, Stretch } from './bytes.ts';
import { deleteRow, insertRow } from './cql.ts';
import { encoderOf, int32, NULL, UNSET } from './encode.ts';
import type { Statement } from './encoded-batch.ts';
import { parametersOf } from './values.ts';

/** A statement for one row of a table. */
export interface RowStatement extends Statement {
  /** Adds the parameters of a row; throws a `TypeError` for a value that its column cannot hold. */
  encode(out: Bytes, row: SinkRow): void;
  /** A text that two rows share exactly when they are of one partition: the bytes of its key, one for each character. */
  partition(encoded: Stretch): string;
  /** The partition's key as the database hashes it; absent when it is longer than a key can be. */
  routingKey(encoded: Stretch): Buffer | undefined;
  /** The parameters as the driver takes them, for the guard. */
  parametersOf(row: SinkRow): unknown[];
}

export function upsert(keyspace: string, table: Table): RowStatement {
  const names = Object.keys(table.columns);
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

function statement(table: Table, given: readonly (string | null)[]) {
  const parameters = given.map(
    (name): ColumnType => (name === WRITE_TIME ? 'bigint' : (table.columns[name] ?? 'text')),
  );
  const columns = given.map((name, at) => ({ name, encode: encoderOf(parameters[at] as ColumnType) }));
  const key = table.partitionKey.map((name) => given.indexOf(name));
  const last = Math.max(...key) + 1;
  /** Where each parameter begins, as far as the key goes. */
  const placesIn = ({ bytes, start }: Stretch): number[] => {
    const places = [start];
    for (let at = start; places.length <= last; places.push(at)) at += 4 + Math.max(0, bytes.readInt32BE(at));
    return places;
  };
  const isTogether = key.every((at, index) => index === 0 || at === (key[index - 1] as number) + 1);
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
    partition: (encoded: Stretch) => {
      const places = placesIn(encoded);
      const text = (from: number, to: number) => encoded.bytes.toString('latin1', places[from], places[to]);
      return isTogether ? text(key[0] as number, last) : key.map((at) => text(at, at + 1)).join('');
    },
    routingKey: (encoded: Stretch) => {
      const places = placesIn(encoded);
      const parts = key.map((at) => encoded.bytes.subarray((places[at] as number) + 4, places[at + 1]));
      return compositeKey(parts);
    },
  };
}

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
