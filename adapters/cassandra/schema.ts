import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'cassandra-driver';
import { cqlType, type UserType, userTypesIn } from '../../core/model/column-types.ts';
import { FatalError, TransientError } from '../../core/model/errors.ts';
import { ledgerTables } from '../../core/model/ledger-tables.ts';
import { primaryKey, type Table } from '../../core/model/table.ts';
import { keyspaces, type Tenant } from '../../core/model/tenant.ts';
import type { Credentials } from './client.ts';
import {
  addColumn,
  createKeyspace,
  createTable,
  createType,
  dropKeyspace,
  dropRole,
  grant,
  selectColumns,
  selectKeyspaces,
  selectRole,
  selectType,
  setPassword,
} from './cql.ts';
import { worldError } from './errors.ts';

export interface SchemaChange {
  readonly tenant: string;
  /** What was made or added, in words; empty when all was there. */
  readonly changes: readonly string[];
}

/** Simple on a laptop; on a cluster three copies in the functions' data centre. */
export const replicationOf = (target: string, datacenter: string): string =>
  target === 'local'
    ? "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    : `{'class': 'NetworkTopologyStrategy', '${datacenter.replaceAll("'", "''")}': 3}`;

/**
 * Brings a tenant's keyspaces, tables and role to what its profile says. It only ever adds: a column that is no longer in the
 * profile stays, and a changed type or key is refused with a `FatalError`. The role may read and write its own two keyspaces.
 */
export async function applySchema(
  client: Client,
  tenant: Tenant,
  role: Credentials,
  canLogin: (role: Credentials) => Promise<boolean>,
  replication: string,
): Promise<SchemaChange> {
  const { data, ops } = keyspaces(tenant.id);
  const tables = [...new Set(tenant.feeds.map(({ table }) => table))] as Table[];
  const userTypes = userTypesIn(tables.flatMap(({ columns }) => Object.values(columns)));
  const changes: string[] = [];
  for (const keyspace of [data, ops]) await ddl(client, createKeyspace(keyspace, replication));
  for (const type of userTypes) changes.push(...(await applyType(client, data, type)));
  for (const table of tables) changes.push(...(await applyTable(client, data, table)));
  for (const table of ledgerTables) changes.push(...(await applyTable(client, ops, table)));
  await applyRole(client, role, canLogin, [data, ops], ['SELECT', 'MODIFY']);
  return { tenant: tenant.id, changes };
}

/** Takes away what `applySchema` has made for a tenant, with all its data. */
export async function removeSchema(client: Client, tenantId: string, { username }: Credentials): Promise<void> {
  for (const keyspace of Object.values(keyspaces(tenantId))) await ddl(client, dropKeyspace(keyspace));
  await ddl(client, dropRole(username));
}

/**
 * Makes a role, or gives it the password of its secret, and grants it rights on keyspaces. A password that is right already is left
 * alone: Cassandra takes a new one only every five seconds.
 */
export async function applyRole(
  client: Client,
  role: Credentials,
  canLogin: (role: Credentials) => Promise<boolean>,
  granted: readonly string[],
  rights: readonly ('SELECT' | 'MODIFY')[],
): Promise<void> {
  const { username, password } = role;
  if (!(await canLogin(role))) {
    const { rowLength } = await client.execute(selectRole(), [username]);
    await ddl(client, setPassword(rowLength > 0, username, password), role);
  }
  for (const keyspace of granted) {
    for (const right of rights) await ddl(client, grant(right, keyspace, username));
  }
  await untilKnown(role, canLogin);
}

/** Cassandra remembers the old password for its `credentials_validity`: two seconds by default, and seldom more than a minute. */
const KNOWN_WITHIN = 90_000;

/** Waits until the database takes the role's password, so that whoever is told that the role is there can log in. */
async function untilKnown(role: Credentials, canLogin: (role: Credentials) => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + KNOWN_WITHIN;
  while (!(await canLogin(role))) {
    if (Date.now() > deadline) {
      throw new TransientError('SLU-5001', `the database does not take the new password of ${role.username}`);
    }
    await wait(200);
  }
}

/** A type is made once and then stays: Keyspaces changes none, and on Cassandra rows of before would have null for a new field. */
async function applyType(client: Client, keyspace: string, type: UserType): Promise<string[]> {
  const { rows } = await ask(client, selectType(), [keyspace, type.udt]);
  const [found] = rows;
  if (!found) {
    await ddl(client, createType(keyspace, type));
    return [`type ${keyspace}.${type.udt}`];
  }
  const is = found.field_names.map((name: string, at: number) => `${name} ${found.field_types[at]}`).join(', ');
  const wants = Object.entries(type.fields).map(([name, part]) => `${name} ${cqlType(part)}`);
  if (is === wants.join(', ')) return [];
  const remedy = 'give the type a new name, and use it in a new column';
  throw new FatalError(
    'SLU-4001',
    `${keyspace}: the type ${type.udt} has (${is}), the profile says (${wants.join(', ')}); ${remedy}`,
  );
}

async function applyTable(client: Client, keyspace: string, table: Table): Promise<string[]> {
  const existing = await columnsOf(client, keyspace, table);
  if (existing.size === 0) {
    await ddl(client, createTable(keyspace, table));
    return [`table ${keyspace}.${table.name}`];
  }
  const changes: string[] = [];
  for (const [name, type] of Object.entries(table.columns)) {
    const found = existing.get(name);
    const inKey = primaryKey(table).includes(name);
    const wanted = cqlType(type);
    if (found && found.type === wanted && found.key === inKey) continue;
    if (found || inKey) {
      const is = found ? `is ${found.type}${found.key ? ' in the key' : ''}` : 'is not there';
      const wants = `${wanted}${inKey ? ' in the key' : ''}`;
      const remedy = 'give the table a new name, and load it anew';
      throw new FatalError(
        'SLU-4001',
        `${keyspace}.${table.name}: column "${name}" ${is}, the profile says ${wants}; ${remedy}`,
      );
    }
    await ddl(client, addColumn(keyspace, table.name, name, type));
    changes.push(`column ${keyspace}.${table.name}.${name}`);
  }
  return changes;
}

/** The ids of the tenants that have a ledger in the database, whatever checkout they were deployed from. */
export async function tenantIds(client: Client): Promise<string[]> {
  const { rows } = await client.execute(selectKeyspaces()).catch((error: unknown) => {
    throw worldError(error, 'listing keyspaces');
  });
  const names = rows.map((row) => String(row.get('keyspace_name')));
  const { ops } = keyspaces('');
  return names.flatMap((name) => (name.endsWith(ops) ? [name.slice(0, -ops.length)] : [])).sort();
}

async function columnsOf(client: Client, keyspace: string, table: Table) {
  const { rows } = await ask(client, selectColumns(), [keyspace, table.name]);
  const isKey = (kind: string) => kind === 'partition_key' || kind === 'clustering';
  return new Map(rows.map((row) => [String(row.column_name), { type: row.type, key: isKey(row.kind) }]));
}

const ask = (client: Client, statement: string, params: string[]) =>
  client.execute(statement, params).catch((error: unknown) => {
    throw worldError(error, 'reading the schema');
  });

/** The driver waits until all servers agree on the schema. A statement with a password shows in no error, nor in its cause. */
async function ddl(client: Client, statement: string, secret?: Credentials): Promise<void> {
  try {
    await client.execute(statement, [], { prepare: false });
  } catch (error) {
    if (!secret) throw worldError(error, `applying the schema (${statement})`);
    const told = worldError(error, `setting the password of ${secret.username}`);
    delete told.cause;
    throw told;
  }
}
