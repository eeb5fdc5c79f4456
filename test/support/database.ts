import { randomUUID } from 'node:crypto';
import type { Client } from 'cassandra-driver';
import { type CassandraAddress, type Credentials, canLogin, connect } from '../../adapters/cassandra/client.ts';
import { quote } from '../../adapters/cassandra/cql.ts';
import { applySchema, replicationOf } from '../../adapters/cassandra/schema.ts';
import type { Table } from '../../core/model/table.ts';
import { defineFeed, keyspaces, type Tenant } from '../../core/model/tenant.ts';
import { loadSettings } from '../../local/settings.ts';
import { tenantOf } from './tenant.ts';

export const address: CassandraAddress = {
  contactPoints: ['127.0.0.1'],
  port: loadSettings().cassandraPort,
  datacenter: 'datacenter1',
};

export const asAdmin = (): Client => connect(address, { username: 'cassandra', password: 'cassandra' });

/** A tenant's part of the local Cassandra, under names that nobody else has. */
export interface ThrowAway {
  readonly tenant: Tenant;
  readonly role: Credentials;
  readonly data: string;
  readonly ops: string;
  /** Drops keyspaces and role. */
  remove(): Promise<void>;
}

/** Makes keyspaces, tables and role for a tenant of the test, in the way of the deployment. */
export async function throwAway(admin: Client, tables: readonly Table[]): Promise<ThrowAway> {
  const id = `test${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const role = { username: id, password: randomUUID() };
  const feeds = tables.map((table) =>
    defineFeed({ name: table.name, description: '', formats: ['csv'], table, transform: () => null }),
  );
  const tenant = { ...tenantOf({}, feeds), id };
  await applySchema(admin, tenant, role, (each) => canLogin(address, each), replicationOf('local', address.datacenter));
  const { data, ops } = keyspaces(id);
  return {
    tenant,
    role,
    data,
    ops,
    remove: async () => {
      // On a machine that is busy the server takes its time for a keyspace of many tables.
      const drop = (what: string) => admin.execute(what, [], { readTimeout: 100_000 });
      for (const keyspace of [data, ops]) await drop(`DROP KEYSPACE IF EXISTS ${quote(keyspace)}`);
      await drop(`DROP ROLE IF EXISTS ${quote(id)}`);
    },
  };
}
