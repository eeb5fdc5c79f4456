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
  /** Versions that were replaced a short while ago, each with when, ISO 8601. */
  readonly replaced?: Readonly<Record<string, string>>;
}

/** Plain data: a profile without its transforms, and without the code of its rules. */
export type RegisteredProfile = Omit<Tenant, 'feeds'> & { readonly feeds: readonly Omit<Feed, 'transform'>[] };

const PART = 'profile';
const NAME = 'current';

/** Milliseconds for which functions of a version that was replaced may still run, or be updated: several times what either takes. */
const LINGERS = 10 * 60_000;

/** Notes the profile that is deployed from now on. */
export const registerProfile = (registry: Registry, tenant: Tenant, version: string, now: Date): Promise<void> =>
  register(registry, tenant, version, now, () => true);

/**
 * The same by a function that finds another version registered than its own, where no step of a deployment does it. A function that still runs while
 * a newer one is deployed must not take it back: for ten minutes a version that was replaced is not registered again. So a rollback that comes sooner
 * is registered when they are over.
 */
export const registerOwnProfile = (registry: Registry, tenant: Tenant, version: string, now: Date): Promise<void> =>
  register(registry, tenant, version, now, ({ replaced }) => !lingering(replaced, now).has(version));

const register = (
  registry: Registry,
  tenant: Tenant,
  version: string,
  now: Date,
  mayReplace: (before: Registered) => boolean,
): Promise<void> =>
  registry.change<Registered, void>(PART, NAME, (before) => {
    const profile = JSON.parse(JSON.stringify(tenant)) as RegisteredProfile;
    const same = before?.version === version && JSON.stringify(before.profile) === JSON.stringify(profile);
    if (before && (same || !mayReplace(before))) return { value: before, result: undefined };
    const since = now.toISOString();
    const replaced = new Map([
      ...lingering(before?.replaced, now),
      ...(before ? [[before.version, since] as const] : []),
    ]);
    return { value: { version, since, profile, replaced: Object.fromEntries(replaced) }, result: undefined };
  });

const lingering = (replaced: Registered['replaced'], now: Date): Map<string, string> =>
  new Map(Object.entries(replaced ?? {}).filter(([, at]) => now.getTime() - Date.parse(at) < LINGERS));

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
