import type { App } from 'aws-cdk-lib/core';
import { FatalError } from '../core/model/errors.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { PlatformStack } from './platform-stack.ts';
import type { Sources } from './sources.ts';
import { parseTarget, type Target } from './target.ts';
import { TenantStack } from './tenant-stack.ts';

export interface SluiceStacks {
  readonly target: Target;
  readonly platform: PlatformStack;
  readonly tenants: readonly TenantStack[];
}

/** One stack for the platform and one for each tenant, for the target that the app's context names. */
export function addStacks(app: App, tenants: readonly Tenant[], sources: Sources): SluiceStacks {
  const target = parseTarget(app.node.getAllContext());
  if (target.kind !== 'local') refuseLongIds(tenants);
  const platform = new PlatformStack(app, { target, sources, tenantIds: tenants.map(({ id }) => id) });
  const stacks = tenants.map((tenant) => new TenantStack(app, { tenant, target, sources }));
  // Without a reference from one to the other: a stack of a tenant comes and goes by itself.
  for (const stack of stacks) stack.addStackDependency(platform, 'the tenant’s key and schema need apply-schema');
  return { target, platform, tenants: stacks };
}

/** A bucket's name has at most 63 characters, and on AWS it carries account and region. */
const LONGEST_ID = 63 - 'sluice--staging-123456789012-ap-southeast-1'.length;

function refuseLongIds(tenants: readonly Tenant[]): void {
  const long = tenants.filter(({ id }) => id.length > LONGEST_ID).map(({ id }) => `tenant ${id}: id is too long`);
  if (long.length === 0) return;
  throw new FatalError('SLU-4001', [`on AWS an id has at most ${LONGEST_ID} characters`, ...long].join('\n  '));
}
