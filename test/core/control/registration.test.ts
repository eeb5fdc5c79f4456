import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryRegistry } from '../../../adapters/memory.ts';
import {
  registeredProfile,
  registerOwnProfile,
  registerProfile,
  tenantOf,
} from '../../../core/control/registration.ts';
import { minRows, notNull, type RecordRule } from '../../../core/model/quality.ts';
import { admit } from '../../../core/pipeline/admit.ts';
import { tenantOf as acme, readings } from '../../support/tenant.ts';

const morning = new Date('2026-01-02T08:00:00Z');
const evening = new Date('2026-01-02T20:00:00Z');

test('a tenant that was never registered has no profile', async () => {
  expect(await registeredProfile(memoryRegistry())).toBeNull();
});

test('the registered profile decides as the tenant itself does, and holds no transforms', async () => {
  const registry = memoryRegistry();
  await registerProfile(registry, acme({ maxFileBytes: 10 }), 'v1', morning);
  const registered = await registeredProfile(registry);
  expect(JSON.stringify(registered)).not.toContain('transform');
  const tenant = tenantOf(registered ?? expect.fail('it is not registered'));
  for (const [key, size] of [
    ['readings/a.csv', 5],
    ['readings/a.csv', 11],
    ['readings/a.txt', 5],
    ['reading/a.csv', 5],
  ] as const) {
    const [ours, theirs] = [admit(tenant, key, size), admit(acme({ maxFileBytes: 10 }), key, size)];
    expect('code' in ours ? ours : ours.format).toEqual('code' in theirs ? theirs : theirs.format);
  }
  expect(() => tenant.feeds[0]?.transform({} as never, {} as never)).toThrow('no transforms');
});

test('the registered profile keeps what rules are called and do, and takes their code from the checkout', async () => {
  const registry = memoryRegistry();
  const rules = [notNull('value', 'warn'), minRows(3)];
  const feed = { ...readings, quality: rules };
  await registerProfile(registry, acme({}, [feed]), 'v1', morning);
  const registered = (await registeredProfile(registry)) ?? expect.fail('it is not registered');
  const { row: _, ...named } = rules[0] as RecordRule;
  expect(registered.profile.feeds[0]?.quality).toEqual([named, rules[1]]);
  const code = [{ ...notNull('value'), description: 'changed since' }];
  const [taken] = tenantOf(registered, () => ({ ...readings, quality: code })).feeds;
  expect(taken?.quality).toEqual([{ ...named, row: code[0]?.row }, rules[1]]);
});

test('a version is dated by its first deployment, and a changed limit is a change even of the same version', async () => {
  const registry = memoryRegistry();
  await registerProfile(registry, acme(), 'v1', morning);
  await registerProfile(registry, acme(), 'v1', evening);
  expect(await registeredProfile(registry)).toMatchObject({ version: 'v1', since: morning.toISOString() });
  await registerProfile(registry, acme({ filesPerDay: 3 }), 'v1', evening);
  expect(await registeredProfile(registry)).toMatchObject({
    since: evening.toISOString(),
    profile: { limits: { filesPerDay: 3 } },
  });
});

describe('a function that registers the profile of its own bundle', () => {
  const at = (minute: number) => new Date(morning.getTime() + minute * 60_000);
  const world = () => {
    const registry = memoryRegistry();
    return {
      tick: (version: string, minute: number) => registerOwnProfile(registry, acme(), version, at(minute)),
      version: async () => (await registeredProfile(registry))?.version,
      registry,
    };
  };

  test('does so when there is none, and when another version is registered', async () => {
    const { tick, version } = world();
    await tick('v1', 0);
    expect(await version()).toBe('v1');
    await tick('v2', 1);
    expect(await version()).toBe('v2');
  });

  test('does not take a newer deployment back while it still runs beside it', async () => {
    const { tick, version, registry } = world();
    await tick('v1', 0);
    await tick('v2', 60);
    for (const minute of [60, 61, 62]) await tick('v1', minute);
    expect(await version()).toBe('v2');
    await registerProfile(registry, acme(), 'v3', at(63));
    for (const old of ['v1', 'v2', 'v1']) await tick(old, 64);
    expect(await version()).toBe('v3');
  });

  test('registers a rollback: at once when the version was replaced long ago, else after ten minutes', async () => {
    const { tick, version } = world();
    await tick('v1', 0);
    await tick('v2', 60);
    await tick('v1', 69);
    expect(await version()).toBe('v2');
    await tick('v1', 70);
    expect(await version()).toBe('v1');
    await tick('v3', 600);
    await tick('v2', 601);
    expect(await version()).toBe('v2');
  });

  test('changes nothing, minute after minute, once it is registered', async () => {
    const { tick, registry } = world();
    await tick('v1', 0);
    const before = await registeredProfile(registry);
    for (const minute of [1, 30, 600]) await tick('v1', minute);
    expect(await registeredProfile(registry)).toEqual(before);
  });

  test('of two that overlap, in whatever order their ticks come, the newer one stays', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('v1', 'v2'), { maxLength: 12 }), async (ticks) => {
        const { tick, version } = world();
        await tick('v1', 0);
        await tick('v2', 60);
        for (const own of ticks) await tick(own, 61);
        expect(await version()).toBe('v2');
      }),
    );
  });
});
