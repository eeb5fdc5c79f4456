import type { Tenant } from '../core/model/tenant.ts';
import aviation from './aviation/tenant.ts';
import wildlife from './wildlife/tenant.ts';

/** Every tenant of this checkout, in the order in which they are listed and deployed. */
export const tenants: readonly Tenant[] = [aviation, wildlife];
