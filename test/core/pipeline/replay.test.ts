import { describe, expect, test, vi } from 'vitest';
import type { FileDelivery, FileRun, ObjectRef } from '../../../core/model/run.ts';
import type { Tenant } from '../../../core/model/tenant.ts';
import { ingestFile } from '../../../core/pipeline/file.ts';
import { readings, tenantOf } from '../../support/tenant.ts';
import { ingestObject, memoryWorld, sinkThat } from '../../support/world.ts';

/** The replay of what a run has rejected: after the transform was mended, with the write times of the run itself. */

const csv = (...rows: string[]) => `sensor,at,value,do\n${rows.join('\n')}\n`;

/** What the tenant deploys after it has seen the rejects. */
const mended = (changes: Partial<typeof readings> = {}): Tenant =>
  tenantOf({}, [
    {
      ...readings,
      ...changes,
      transform: (fields) => ({
        sensor: fields.text('sensor'),
        at: fields.integer('at'),
        value: fields.optionalNumber('value'),
      }),
    },
  ]);

const rejectsOf = (run: FileRun, requestedAt: Date, generation = 1): FileDelivery => ({
  object: run.object,
  generation,
  requestedAt: requestedAt.getTime(),
  rejectsOf: run.id,
});

describe('a replay of rejects', () => {
  test('loads the rejected records alone, dated as the run that rejected them', async () => {
    const world = memoryWorld();
    const first = await ingestObject(world.upload('readings/a.csv', csv('s,1,1,', 's,2,1,reject')), world.attempt());
    expect(first).toMatchObject({ state: 'partial', counts: { rejected: 1 } });
    world.clock.advance(3600);
    const again = await ingestFile(rejectsOf(first, world.clock.now()), { ...world.attempt(), tenant: mended() });
    expect(again).toMatchObject({ state: 'loaded', counts: { read: 1, loaded: 1 } });
    expect(again.writeTimeBase).toBe(first.writeTimeBase);
  });

  test('does not write over rows that a later file has put there since', async () => {
    const world = memoryWorld();
    const first = await ingestObject(world.upload('readings/a.csv', csv('s,1,1,reject')), world.attempt());
    world.clock.advance(60);
    await ingestObject(world.upload('readings/b.csv', csv('s,1,99,')), world.attempt());
    world.clock.advance(60);
    await ingestFile(rejectsOf(first, world.clock.now()), { ...world.attempt(), tenant: mended() });
    expect(world.sink.rows('readings')).toMatchObject([{ at: 1, value: 99 }]);
  });

  test('keeps that date in an attempt after one that has died, and in the replay of a replay', async () => {
    const world = memoryWorld();
    const first = await ingestObject(world.upload('readings/a.csv', csv('s,1,1,reject')), world.attempt());
    world.clock.advance(60);
    const delivery = rejectsOf(first, world.clock.now());
    const dies = sinkThat(() => Promise.reject(new Error('killed')));
    const ledger = { ...world.ledger, settle: () => new Promise<never>(() => {}) };
    void ingestFile(delivery, { ...world.attempt(), tenant: mended(), sink: dies, ledger }).catch(() => {});
    await vi.waitFor(async () => expect(await world.runs()).toHaveLength(2));
    world.clock.advance(30);
    const second = await ingestFile(delivery, world.attempt());
    expect(second).toMatchObject({ attempt: 2, state: 'partial', writeTimeBase: first.writeTimeBase });
    const third = await ingestFile(rejectsOf(second, world.clock.now(), 2), { ...world.attempt(), tenant: mended() });
    expect(third).toMatchObject({ state: 'loaded', writeTimeBase: first.writeTimeBase });
  });

  test('is superseded when a later version of the key has loaded', async () => {
    const world = memoryWorld();
    const first = await ingestObject(world.upload('readings/a.csv', csv('s,1,1,reject')), world.attempt());
    world.clock.advance(60);
    const later: ObjectRef = { ...world.upload('readings/a.csv', csv('s,2,1,')), versionId: 'v2' };
    await ingestObject(later, world.attempt());
    // The store in memory holds one version of a key: the older one is put back for the replay to be read.
    world.upload('readings/a.csv', csv('s,1,1,reject'), first.modified);
    const again = await ingestFile(rejectsOf(first, world.clock.now()), { ...world.attempt(), tenant: mended() });
    expect(again).toMatchObject({ state: 'superseded', reason: { code: 'SLU-3012' } });
  });

  test('leaves its rows to the next version to delete, with `overwrite: replace`', async () => {
    const tenant = tenantOf({}, [{ ...readings, overwrite: 'replace' }]);
    const world = memoryWorld(tenant);
    const object = world.upload('readings/a.csv', csv('s,1,1,', 's,2,1,reject'));
    const first = await ingestObject(object, world.attempt());
    world.clock.advance(60);
    const replace = mended({ overwrite: 'replace' });
    await ingestFile(rejectsOf(first, world.clock.now()), { ...world.attempt(), tenant: replace });
    expect(world.sink.rows('readings').map(({ at }) => at)).toEqual([1, 2]);
    world.clock.advance(60);
    const later: ObjectRef = { ...world.upload('readings/a.csv', csv('s,3,1,')), versionId: 'v2' };
    await ingestObject(later, world.attempt());
    expect(world.sink.rows('readings').map(({ at }) => at)).toEqual([3]);
  });

  test('is refused when there is no such run', async () => {
    const world = memoryWorld();
    const first = await ingestObject(world.upload('readings/a.csv', csv('s,1,1,reject')), world.attempt());
    const unknown = { ...rejectsOf(first, world.clock.now()), rejectsOf: 'readings.20260102.000000000000' };
    expect(await ingestFile(unknown, world.attempt())).toMatchObject({
      state: 'refused',
      reason: { code: 'SLU-4002' },
    });
  });
});
