import { closest } from 'fastest-levenshtein';
import type { Tenant } from '../core/model/tenant.ts';
import { tenants } from '../tenants/index.ts';
import { CliError } from './errors.ts';

/** The tenant of that name, or an error that names the nearest one. */
export const tenantNamed = (id: string): Tenant => {
  const found = tenants.find((tenant) => tenant.id === id);
  if (found) return found;
  const ids = tenants.map((tenant) => tenant.id);
  throw new CliError('SLU-4002', `no tenant is named "${id}"; did you mean ${closest(id, ids)}?`, {
    details: [`tenants: ${ids.join(', ')}`],
    next: 'sluice report',
  });
};

/** The tenants that a command is about: the named one, or all. */
export const tenantsNamed = (id: string | undefined): readonly Tenant[] =>
  id === undefined ? tenants : [tenantNamed(id)];
