import { FatalError } from '../core/model/errors.ts';

/** The bundle puts the versions of the tenants that it holds in this name's place; see `bundle.versions`. */
declare const SLUICE_PROFILE_VERSIONS: Readonly<Record<string, string>>;

/** Which state of its profile and transforms a tenant is served with. */
export function profileVersion(tenantId: string): string {
  const version = SLUICE_PROFILE_VERSIONS[tenantId];
  if (version !== undefined) return version;
  throw new FatalError('SLU-5004', `the bundle holds no version of tenant ${tenantId}`);
}
