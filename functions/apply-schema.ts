import middy from '@middy/core';
import { type Credentials, canLogin, connect } from '../adapters/cassandra/client.ts';
import { applyRole, replicationOf, type SchemaChange } from '../adapters/cassandra/schema.ts';
import { readCredentials } from '../adapters/secrets.ts';
import { environment } from '../core/model/environment.ts';
import { keyspaces } from '../core/model/tenant.ts';
import { tenants } from '../tenants/index.ts';
import { serveTenant } from './serve-tenant.ts';
import { cassandraAddress, guarded, logger, requireEnv, secrets } from './world.ts';

/** What CloudFormation says while the stack of a tenant deploys. Whoever invokes the function otherwise says nothing: all tenants. */
interface SchemaRequest {
  readonly RequestType?: 'Create' | 'Update' | 'Delete';
  readonly ResourceProperties?: { readonly tenant?: string };
}

/** Brings the database to what the profiles say: the only function that may change schema and roles. */
export const handler = middy<SchemaRequest, { tenants: SchemaChange[] }>()
  .use(guarded())
  .handler(async ({ RequestType, ResourceProperties }) => {
    // The data of a tenant outlives its stack.
    if (RequestType === 'Delete') return { tenants: [] };
    // While one tenant's stack deploys, those of others may not be there yet.
    const only = ResourceProperties?.tenant;
    const chosen = only === undefined ? tenants : tenants.filter(({ id }) => id === only);
    const address = cassandraAddress();
    const known = (role: Credentials) => canLogin(address, role);
    const client = connect(address, await readCredentials(secrets, requireEnv(environment.adminSecret)));
    try {
      const replication = replicationOf(requireEnv(environment.target), address.datacenter);
      const applied: SchemaChange[] = [];
      for (const tenant of chosen) applied.push(await serveTenant(client, tenant, known, replication));
      const operator = await readCredentials(secrets, requireEnv(environment.operatorSecret));
      const all = chosen.flatMap(({ id }) => Object.values(keyspaces(id)));
      await applyRole(client, operator, known, all, ['SELECT']);
      logger.info('schema applied', { applied });
      return { tenants: applied };
    } finally {
      await client.shutdown();
    }
  });
