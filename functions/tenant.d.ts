/** The tenant that a function serves: the bundle puts `tenants/<id>/tenant.ts` in this name's place. */
declare module 'sluice-tenant' {
  import type { Tenant } from '../core/model/tenant.ts';

  const tenant: Tenant;
  export default tenant;
}
