import { closest } from 'fastest-levenshtein';
import { isNotOurs } from '../adapters/cassandra/errors.ts';
import { tenantIds } from '../adapters/cassandra/schema.ts';
import { type Registered, registeredProfile, tenantOf } from '../core/control/registration.ts';
import type { Feed, Tenant } from '../core/model/tenant.ts';
import { tenants } from '../tenants/index.ts';
import { versionOf } from '../tenants/version.ts';
import { CliError } from './errors.ts';
import type { OperatorWorld } from './world.ts';

/** A tenant as it is deployed; a transform of it throws, because the ledger holds plain data. */
export interface Deployed extends Registered {
  readonly tenant: Tenant;
}

/** The tenants that a command is about: the named one, or all that are deployed, those of the checkout first. */
export async function deployedTenants(world: OperatorWorld, id: string | undefined): Promise<readonly Deployed[]> {
  if (id !== undefined) return [await deployedNamed(world, id)];
  const here = tenants.map((tenant) => tenant.id);
  const place = ({ tenant }: Deployed) => (here.includes(tenant.id) ? here.indexOf(tenant.id) : here.length);
  const read = async (each: string) => {
    const registered = await registeredProfile(world.registry(each)).catch((error: Error) => {
      // A keyspace that only has the name of a ledger, was never the operator's to read, or comes or goes right now.
      if (isNotOurs(error)) return null;
      throw error;
    });
    return registered ? [deployedOf(registered)] : [];
  };
  const found = (await Promise.all((await tenantIds(world.cassandra)).map(read))).flat();
  return found.toSorted((a, b) => place(a) - place(b));
}

/** The deployed tenant of that name, or an error that names the nearest one. */
export async function deployedNamed(world: OperatorWorld, id: string): Promise<Deployed> {
  const ids = await tenantIds(world.cassandra);
  if (!ids.includes(id)) {
    const hint = ids.length === 0 ? '' : `; did you mean ${closest(id, ids)}?`;
    throw new CliError('SLU-4002', `no tenant is deployed under the name "${id}"${hint}`, {
      details: [`deployed: ${ids.join(', ') || 'none'}`],
      next: 'sluice tenant list',
    });
  }
  const registered = await registeredProfile(world.registry(id));
  if (registered) return deployedOf(registered);
  throw new CliError('SLU-1007', `the profile of tenant ${id} is not registered: it was deployed by an older version`, {
    next: 'sluice deploy',
  });
}

/** The deployed feed of that name, or an error that names the nearest one. */
export function feedNamed({ tenant }: Deployed, name: string): Feed {
  const found = tenant.feeds.find((feed) => feed.name === name);
  if (found) return found;
  const names = tenant.feeds.map((feed) => feed.name);
  throw new CliError('SLU-4002', `tenant ${tenant.id} has no feed "${name}"; did you mean ${closest(name, names)}?`, {
    details: [`feeds: ${names.join(', ')}`],
    next: `sluice tenant show ${tenant.id}`,
  });
}

/** What a checkout has of a tenant, against what is deployed; `same` is null when the checkout does not have it. */
export function checkoutOf({ tenant, version }: Deployed): { version: string | null; same: boolean | null } {
  const own = tenants.some(({ id }) => id === tenant.id) ? versionOf(tenant.id) : null;
  return { version: own, same: own === null ? null : own === version };
}

/** Says that the checkout is not what is deployed; undefined when there is nothing to say. */
export function versionNote(deployed: Deployed): string | undefined {
  const { version, same } = checkoutOf(deployed);
  if (same !== false) return undefined;
  const { id } = deployed.tenant;
  return `note: tenants/${id} here (version ${version}) is not what is deployed (${deployed.version}), which decides; sluice deploy brings it up to date`;
}

const deployedOf = (registered: Registered): Deployed => ({ ...registered, tenant: tenantOf(registered) });
