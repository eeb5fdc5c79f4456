import type { Client } from 'cassandra-driver';
import { primaryKey, type Table } from '../../core/model/table.ts';
import type { StoredRow } from '../../core/ports.ts';
import { readAll } from './conditional.ts';
import { regularColumns, selectCells, selectRows } from './cql.ts';
import { worldError } from './errors.ts';
import { parametersOf, valuesOf } from './values.ts';

/** All rows of a table, with values of our types. */
export async function readRows(client: Client, keyspace: string, table: Table): Promise<Record<string, unknown>[]> {
  return (await readAll(client, selectRows(keyspace, table), [])).map(valuesOf(table));
}

/** Reads rows back with the times at which their cells were written. */
export function cassandraCells(client: Client, keyspace: string) {
  return async (table: Table, key: Readonly<Record<string, unknown>>): Promise<StoredRow | null> => {
    const params = parametersOf(table, primaryKey(table))(key);
    const answer = await client.execute(selectCells(keyspace, table), params, { prepare: true }).catch((error) => {
      throw worldError(error, `reading a row of ${table.name}`);
    });
    const row = answer.first();
    if (!row) return null;
    const time = (index: number) => {
      const value: unknown = row[`written_${index}`];
      return value === null || value === undefined ? null : Number(value);
    };
    return {
      values: valuesOf(table)(row),
      writeTimes: Object.fromEntries(regularColumns(table).map((name, index) => [name, time(index)])),
    };
  };
}
