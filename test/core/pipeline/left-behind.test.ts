import { describe, expect, test } from 'vitest';
import { tick } from '../../../core/control/tick.ts';
import type { Usage } from '../../../core/control/usage.ts';
import { listOpen } from '../../../core/control/waiting.ts';
import { TransientError } from '../../../core/model/errors.ts';
import { receiptKey } from '../../../core/model/receipt.ts';
import { type FileDelivery, type FileRun, NO_FEED } from '../../../core/model/run.ts';
import { ingestFile } from '../../../core/pipeline/file.ts';
import { LEASE_SECONDS } from '../../../core/pipeline/lease.ts';
import { readings, tenantOf } from '../../support/tenant.ts';
import { ingestObject, memoryWorld, REJECTS } from '../../support/world.ts';

/** Attempts that died, or fell asleep and woke up after all was over: each of these went wrong once (found by test/faults). */

const FILE = 'sensor,at\ns,1\ns,2\n';
const DAY = '2026-01-02';
const passing = () => Promise.reject(new TransientError('SLU-5002', 'no answer'));
const usageOf = (world: ReturnType<typeof memoryWorld>, day = DAY) => world.registry.read<Usage>('usage', day);
const receiptOf = (world: ReturnType<typeof memoryWorld>, run: FileRun) =>
  world.stored.get(`${REJECTS}/${receiptKey(run)}`)?.bytes;

/** An attempt that waits before its first call of a port's method until it is woken. */
function asleep(world: ReturnType<typeof memoryWorld>, port: 'registry' | 'ledger' | 'sink', method: string, call = 1) {
  let wake = () => {};
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const attempt = world.attempt();
  const ports = attempt[port] as unknown as Record<string, (...given: unknown[]) => unknown>;
  let calls = 0;
  const slow = async (...given: unknown[]) => {
    if (++calls === call) await woken;
    return ports[method]?.(...given);
  };
  return { attempt: { ...attempt, [port]: { ...ports, [method]: slow } }, wake: () => wake() };
}

describe('a run that has ended', () => {
  test('does not begin anew when what its end brings fails, and counts once', async () => {
    const world = memoryWorld();
    const object = world.upload('readings/a.csv', FILE);
    const attempt = { ...world.attempt(), announcements: { announce: passing } };
    await expect(ingestObject(object, attempt)).rejects.toThrow('no answer');
    expect(await world.runs()).toMatchObject([{ state: 'loaded', attempt: 1 }]);
    await ingestObject(object, world.attempt());
    await tick(world.attempt());
    expect(await world.runs()).toMatchObject([{ state: 'loaded', attempt: 1 }]);
    expect(await usageOf(world)).toMatchObject({ files: 1, rows: 2, reserved: {} });
    expect(await listOpen(world.registry)).toEqual([]);
  });

  test('keeps nothing reserved that an attempt left behind reserves afterwards', async () => {
    const world = memoryWorld();
    const object = world.upload('readings/a.csv', FILE);
    // Its second change is the one of the key's history, its third the reservation.
    const late = asleep(world, 'registry', 'change', 3);
    const outcome = ingestObject(object, late.attempt).catch((error) => error);
    await new Promise(setImmediate);
    world.clock.advance(LEASE_SECONDS + 1);
    await ingestObject(object, world.attempt());
    late.wake();
    expect(await outcome).toBeInstanceOf(TransientError);
    expect(Object.keys((await usageOf(world))?.reserved ?? {})).toHaveLength(1);
    await tick(world.attempt());
    expect(await usageOf(world)).toMatchObject({ files: 1, rows: 2, reserved: {} });
  });

  test('has a receipt of its own beside the one that said "later", which may be written late', async () => {
    const world = memoryWorld(tenantOf({ filesPerDay: 1 }));
    await ingestObject(world.upload('readings/first.csv', FILE), world.attempt());
    const object = world.upload('readings/a.csv', FILE);
    const deferred = await ingestObject(object, world.attempt());
    expect(deferred.state).toBe('deferred');
    world.clock.advance(86_400);
    const loaded = await ingestObject(object, world.attempt());
    expect(loaded.state).toBe('loaded');
    expect(receiptKey(loaded)).not.toBe(receiptKey(deferred));
    expect(receiptOf(world, loaded)).toBeDefined();
    expect(receiptOf(world, deferred)).toBeDefined();
  });
});

describe('a run whose attempt has died', () => {
  test('counts for the day on which it has reserved, also when it is taken up after midnight', async () => {
    const world = memoryWorld();
    const object = world.upload('readings/a.csv', FILE);
    const dying = asleep(world, 'sink', 'write');
    ingestObject(object, dying.attempt).catch(() => {});
    await new Promise(setImmediate);
    world.clock.advance(86_400);
    await ingestObject(object, world.attempt());
    expect(await usageOf(world)).toMatchObject({ files: 1, reserved: {} });
    expect(await usageOf(world, '2026-01-03')).toBeNull();
  });

  test('is loaded to its end when a later version has loaded meanwhile: some of its rows may be there', async () => {
    const world = memoryWorld();
    const object = world.upload('readings/a.csv', FILE);
    const dying = asleep(world, 'sink', 'write');
    ingestObject(object, dying.attempt).catch(() => {});
    await new Promise(setImmediate);
    const [run] = await world.runs();
    world.clock.advance(LEASE_SECONDS + 1);
    const later = { bucket: object.bucket, key: object.key, versionId: 'v2' };
    world.upload('readings/a.csv', FILE);
    expect((await ingestObject(later, world.attempt())).state).toBe('loaded');
    const again = await ingestObject(object, world.attempt());
    expect(again).toMatchObject({ state: 'loaded', attempt: 2, writeTimeBase: run?.writeTimeBase });
  });

  test('before anybody was to look after it is found by the sweep', async () => {
    const world = memoryWorld();
    const object = world.upload('readings/a.csv', FILE);
    const dying = asleep(world, 'registry', 'change');
    ingestObject(object, dying.attempt).catch(() => {});
    await new Promise(setImmediate);
    world.clock.advance(600);
    expect(await tick(world.attempt())).toMatchObject({ found: 1 });
    expect(world.sent).toMatchObject([{ object }]);
  });

  test.each([0, 1, 15, 39, 40, 41, 59])(
    'is taken up within two minutes by the tick alone: its own delivery is gone, a duplicate was acknowledged, %i s before a tick',
    async (before) => {
      const world = memoryWorld();
      const object = world.upload('readings/a.csv', FILE);
      const dying = asleep(world, 'sink', 'write');
      ingestObject(object, dying.attempt).catch(() => {});
      await new Promise(setImmediate);
      // The handler acknowledges a delivery that comes for the first time and finds the run held.
      expect(await ingestObject(object, world.attempt())).toMatchObject({ state: 'running', attempt: 1 });
      const death = world.clock.now().getTime();
      world.clock.advance(before);
      while (world.sent.length === 0) {
        await tick(world.attempt());
        if (world.sent.length === 0) world.clock.advance(60);
        expect(world.clock.now().getTime() - death).toBeLessThan(120_000);
      }
      const [delivery] = world.sent;
      expect(await ingestFile(delivery as FileDelivery, world.attempt())).toMatchObject({
        state: 'loaded',
        attempt: 2,
      });
    },
  );

  test('is found again when its object is gone the next day', async () => {
    const world = memoryWorld();
    const object = world.upload('readings/a.csv', FILE);
    const dying = asleep(world, 'sink', 'write');
    ingestObject(object, dying.attempt).catch(() => {});
    await new Promise(setImmediate);
    world.stored.delete(`${object.bucket}/${object.key}`);
    world.clock.advance(86_400);
    expect(await ingestObject(object, world.attempt())).toMatchObject({ state: 'refused', attempt: 2, day: DAY });
    expect(await listOpen(world.registry)).toEqual([]);
    expect(await world.runs(NO_FEED)).toEqual([]);
  });
});

test('versions that replace each other are loaded one after the other', async () => {
  const world = memoryWorld(tenantOf({}, [{ ...readings, overwrite: 'replace' }]));
  const first = world.upload('readings/a.csv', FILE);
  const slow = asleep(world, 'sink', 'write');
  const loading = ingestObject(first, slow.attempt);
  await new Promise(setImmediate);
  world.clock.advance(2);
  world.upload('readings/a.csv', 'sensor,at\ns,2\ns,3\n');
  const second = { ...first, versionId: 'v2' };
  expect(await ingestObject(second, world.attempt())).toMatchObject({
    state: 'deferred',
    reason: { code: 'SLU-3017' },
  });
  slow.wake();
  expect((await loading).state).toBe('loaded');
  expect(world.sent).toMatchObject([{ object: second }]);
  expect((await ingestObject(second, world.attempt())).state).toBe('loaded');
  expect(
    world.sink
      .rows('readings')
      .map(({ at }) => at)
      .sort(),
  ).toEqual([2, 3]);
});
