import { expect, test } from 'vitest';
import { memoryRegistry } from '../../../adapters/memory.ts';
import { registeredProfile, registerProfile, tenantOf } from '../../../core/control/registration.ts';
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
