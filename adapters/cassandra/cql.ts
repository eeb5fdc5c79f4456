import { type ColumnType, cqlType, type UserType } from '../../core/model/column-types.ts';
import { primaryKey, type Table } from '../../core/model/table.ts';

/**
 * Every CQL statement of the project is made here or in ledger-cql.ts, so that one test can hold them to what Keyspaces knows
 * (test/adapters/statements.test.ts, which also finds a statement that is made elsewhere).
 */

/** Identifiers are quoted: a column may be named like a keyword, and nothing that a profile says can break out. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const createKeyspace = (keyspace: string, replication: string): string =>
  `CREATE KEYSPACE IF NOT EXISTS ${quote(keyspace)} WITH replication = ${replication}`;

/** Takes a keyspace away with all that is in it. */
export const dropKeyspace = (keyspace: string): string => `DROP KEYSPACE IF EXISTS ${quote(keyspace)}`;

export function createType(keyspace: string, { udt, fields }: UserType): string {
  const parts = Object.entries(fields).map(([name, type]) => `${quote(name)} ${cqlType(type, quote)}`);
  return `CREATE TYPE IF NOT EXISTS ${quote(keyspace)}.${quote(udt)} (${parts.join(', ')})`;
}

export function createTable(keyspace: string, table: Table): string {
  const columns = Object.entries(table.columns).map(([name, type]) => `${quote(name)} ${cqlType(type, quote)}`);
  const partition = table.partitionKey.map(quote).join(', ');
  const key = [`(${partition})`, ...table.clusteringKey.map(quote)].join(', ');
  return `CREATE TABLE IF NOT EXISTS ${quote(keyspace)}.${quote(table.name)} (${columns.join(', ')}, PRIMARY KEY (${key}))`;
}

export const addColumn = (keyspace: string, table: string, column: string, type: ColumnType): string =>
  `ALTER TABLE ${quote(keyspace)}.${quote(table)} ADD ${quote(column)} ${cqlType(type, quote)}`;

/** Deletes a row as of a write time in microseconds: the first parameter, before the columns of the key in the table's order. */
export const deleteRow = (keyspace: string, table: Table): string =>
  `DELETE FROM ${quote(keyspace)}.${quote(table.name)} USING TIMESTAMP ? WHERE ${primaryKey(table)
    .map((name) => `${quote(name)} = ?`)
    .join(' AND ')}`;

/** An upsert of a whole row; parameters are the columns, those of the key first, then the write time in microseconds. */
export function insertRow(keyspace: string, table: Table): string {
  const names = keyFirst(table);
  const ttl = table.ttl > 0 ? ` AND TTL ${table.ttl}` : '';
  const marks = names.map(() => '?').join(', ');
  const into = `INSERT INTO ${quote(keyspace)}.${quote(table.name)} (${names.map(quote).join(', ')})`;
  return `${into} VALUES (${marks}) USING TIMESTAMP ?${ttl}`;
}

/** The columns that are not in the key. */
export const regularColumns = (table: Table): string[] =>
  Object.keys(table.columns).filter((name) => !primaryKey(table).includes(name));

/** All columns: the key's in its order, and the others in the table's. */
export const keyFirst = (table: Table): string[] => [...primaryKey(table), ...regularColumns(table)];

/** A row with the write times of its regular columns, as `written_0` and so on; parameters are the columns of the key in the table's order. */
export function selectCells(keyspace: string, table: Table): string {
  const times = regularColumns(table).map((name, index) => `WRITETIME(${quote(name)}) AS written_${index}`);
  const columns = [...Object.keys(table.columns).map(quote), ...times].join(', ');
  const key = primaryKey(table).map((name) => `${quote(name)} = ?`);
  return `SELECT ${columns} FROM ${quote(keyspace)}.${quote(table.name)} WHERE ${key.join(' AND ')}`;
}

/** A whole table. */
export const selectRows = (keyspace: string, table: Table): string =>
  `SELECT ${Object.keys(table.columns).map(quote).join(', ')} FROM ${quote(keyspace)}.${quote(table.name)}`;

/** Columns of a table; parameters are keyspace and table. */
export const selectColumns = (): string =>
  'SELECT column_name, type, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?';

/** Fields of a user-defined type; parameters are keyspace and type. */
export const selectType = (): string =>
  'SELECT field_names, field_types FROM system_schema.types WHERE keyspace_name = ? AND type_name = ?';

export const selectKeyspaces = (): string => 'SELECT keyspace_name FROM system_schema.keyspaces';

/** On Cassandra only: Keyspaces has IAM instead of roles. The parameter is the role's name. */
export const selectRole = (): string => 'SELECT role FROM system_auth.roles WHERE role = ?';

/** On Cassandra only. Holds the password, so it must show in no log and in no error. */
export const setPassword = (exists: boolean, role: string, password: string): string =>
  `${exists ? 'ALTER' : 'CREATE'} ROLE ${quote(role)} WITH PASSWORD = '${password.replaceAll("'", "''")}' AND LOGIN = true`;

/** On Cassandra only. */
export const dropRole = (role: string): string => `DROP ROLE IF EXISTS ${quote(role)}`;

/** On Cassandra only. */
export const grant = (right: 'SELECT' | 'MODIFY', keyspace: string, role: string): string =>
  `GRANT ${right} ON KEYSPACE ${quote(keyspace)} TO ${quote(role)}`;
