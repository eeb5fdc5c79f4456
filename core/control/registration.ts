import type { Feed, Tenant } from '../model/tenant.ts';
import type { Registry } from '../ports.ts';

/** A tenant's profile as it is deployed: what decides about its files, whatever a checkout says. */
export interface Registered {
  /** Tells it from other states of the profile and its transforms. */
  readonly version: string;
  /** When this version was first deployed, ISO 8601. */
  readonly since: string;
  readonly profile: RegisteredProfile;
}

/** Plain data: a profile without its transforms. */
export type RegisteredProfile = Omit<Tenant, 'feeds'> & { readonly feeds: readonly Omit<Feed, 'transform'>[] };

const PART = 'profile';
const NAME = 'current';

/** Notes the profile that is deployed from now on. */
export const registerProfile = (registry: Registry, tenant: Tenant, version: string, now: Date): Promise<void> =>
  registry.change<Registered, void>(PART, NAME, (before) => {
    const profile = JSON.parse(JSON.stringify(tenant)) as RegisteredProfile;
    const same = before?.version === version && JSON.stringify(before.profile) === JSON.stringify(profile);
    return { value: same ? before : { version, since: now.toISOString(), profile }, result: undefined };
  });

/** Null for a tenant that was deployed before profiles were registered. */
export const registeredProfile = (registry: Pick<Registry, 'read'>): Promise<Registered | null> =>
  registry.read<Registered>(PART, NAME);

/** The profile as the core takes it; whoever needs a transform brings it. */
export const tenantOf = (
  { profile }: Registered,
  transformOf: (feed: string) => Feed['transform'] | undefined = () => undefined,
): Tenant => ({
  ...profile,
  feeds: profile.feeds.map((feed) => ({ ...feed, transform: transformOf(feed.name) ?? withoutTransform })),
});

const withoutTransform = (): never => {
  throw new Error('a registered profile has no transforms');
};
