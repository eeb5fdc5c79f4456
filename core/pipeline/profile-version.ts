import { createHash } from 'node:crypto';
import type { Tenant } from '../model/tenant.ts';

/**
 * Tells one state of a profile and its transforms from another: a digest of the profile's data and of the source of each transform. What a transform
 * imports is not in it.
 */
export const profileVersion = (tenant: Tenant): string =>
  createHash('sha256')
    .update(JSON.stringify(tenant, (_, value) => (typeof value === 'function' ? String(value) : value)))
    .digest('hex')
    .slice(0, 12);
