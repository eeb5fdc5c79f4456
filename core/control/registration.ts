import type { Rule } from '../model/quality.ts';
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

/** Plain data: a profile without its transforms, and without the code of its rules. */
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

/** The profile as the core takes it; whoever needs its code, transforms and rules, brings the feeds that have it. */
export const tenantOf = (
  { profile }: Registered,
  codeOf: (feed: string) => Feed | undefined = () => undefined,
): Tenant => ({
  ...profile,
  feeds: profile.feeds.map((feed) => {
    const { transform = withoutTransform, quality = [] } = codeOf(feed.name) ?? {};
    const rules = feed.quality?.map((rule) => ({ ...quality.find(({ name }) => name === rule.name), ...rule }));
    return { ...feed, transform, ...(rules && { quality: rules as readonly Rule[] }) };
  }),
});

const withoutTransform = (): never => {
  throw new Error('a registered profile has no transforms');
};
