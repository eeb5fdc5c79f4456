import type { Client } from 'cassandra-driver';
import type { Table } from '../../core/model/table.ts';
import type { Clock } from '../../core/ports.ts';
import { type Credentials, connect } from './client.ts';
import type { DatabaseSettings } from './config.ts';
import { guardedClient } from './keyspaces-client.ts';
import { type AwsCredentials, sigV4AuthProvider } from './sigv4.ts';

export interface Login {
  /** Reads the function's own Cassandra role. */
  role(): Promise<Credentials>;
  /** The function's AWS credentials, still good for some minutes: on Keyspaces they are the login. */
  aws(): Promise<AwsCredentials>;
}

/** A client for the target's database; `tables` are the ones by keyspace that will be written, for the guard. */
export async function openDatabase(
  { target, address, dialect, guarded }: DatabaseSettings,
  login: Login,
  tables: Readonly<Record<string, readonly Table[]>>,
  clock: Clock,
): Promise<Client> {
  // On Keyspaces the data centre has the name of the region.
  const as = target === 'keyspaces' ? sigV4AuthProvider(address.datacenter, login.aws) : await login.role();
  const client = connect(address, as, dialect);
  return guarded ? guardedClient(client, tables, clock) : client;
}
