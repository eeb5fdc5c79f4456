import type { Client } from 'cassandra-driver';
import type { Credentials } from '../adapters/cassandra/client.ts';
import { cassandraRegistry } from '../adapters/cassandra/registry.ts';
import { applySchema, type SchemaChange } from '../adapters/cassandra/schema.ts';
import { readCredentials } from '../adapters/secrets.ts';
import { registerProfile } from '../core/control/registration.ts';
import { namesOf } from '../core/model/names.ts';
import { keyspaces, type Tenant } from '../core/model/tenant.ts';
import { profileVersion } from './version.ts';
import { secrets } from './world.ts';

/** Makes a tenant's tables and role, and registers its profile in them: from here on it decides about the tenant's files. */
export async function serveTenant(
  client: Client,
  tenant: Tenant,
  known: (role: Credentials) => Promise<boolean>,
  replication: string,
): Promise<SchemaChange> {
  const role = await readCredentials(secrets, namesOf(tenant.id).secret);
  const change = await applySchema(client, tenant, role, known, replication);
  const registry = cassandraRegistry(client, keyspaces(tenant.id).ops);
  await registerProfile(registry, tenant, profileVersion(tenant.id), new Date());
  return change;
}
