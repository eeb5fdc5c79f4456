import middy from '@middy/core';
import { type Credentials, canLogin, connect } from '../adapters/cassandra/client.ts';
import { applyRole, applySchema, replicationOf, type SchemaChange } from '../adapters/cassandra/schema.ts';
import { readCredentials } from '../adapters/secrets.ts';
import { environment } from '../core/model/environment.ts';
import { namesOf } from '../core/model/names.ts';
import { keyspaces } from '../core/model/tenant.ts';
import { tenants } from '../tenants/index.ts';
import { cassandraAddress, guarded, logger, requireEnv, secrets } from './world.ts';

/** Brings the database to what the profiles say: the only function that may change schema and roles. */
export const handler = middy()
  .use(guarded())
  .handler(async (): Promise<{ tenants: SchemaChange[] }> => {
    const address = cassandraAddress();
    const known = (role: Credentials) => canLogin(address, role);
    const client = connect(address, await readCredentials(secrets, requireEnv(environment.adminSecret)));
    try {
      const replication = replicationOf(requireEnv(environment.target), address.datacenter);
      const applied: SchemaChange[] = [];
      for (const tenant of tenants) {
        const role = await readCredentials(secrets, namesOf(tenant.id).secret);
        applied.push(await applySchema(client, tenant, role, known, replication));
      }
      const operator = await readCredentials(secrets, requireEnv(environment.operatorSecret));
      const all = tenants.flatMap(({ id }) => Object.values(keyspaces(id)));
      await applyRole(client, operator, known, all, ['SELECT']);
      logger.info('schema applied', { applied });
      return { tenants: applied };
    } finally {
      await client.shutdown();
    }
  });
