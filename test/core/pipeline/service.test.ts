import { describe, expect, test, vi } from 'vitest';
import { tick } from '../../../core/control/tick.ts';
import { noUsage, type Usage } from '../../../core/control/usage.ts';
import { listOpen } from '../../../core/control/waiting.ts';
import { byColumn } from '../../../core/model/by-column.ts';
import { TransientError } from '../../../core/model/errors.ts';
import type { FileDelivery, ObjectRef } from '../../../core/model/run.ts';
import type { Table } from '../../../core/model/table.ts';
import type { Feed, Tenant } from '../../../core/model/tenant.ts';
import { ingestFile } from '../../../core/pipeline/file.ts';
import { readings, tenantOf } from '../../support/tenant.ts';
import { ingestObject, memoryWorld } from '../../support/world.ts';

/** What the profile grants besides format and size: quota, hours, history. */

const csv = (...rows: string[]) => `sensor,at,value,do\n${rows.join('\n')}\n`;
const row = (at: number, value = 1) => `s,${at},${value},`;

const withFeed = (changes: Partial<Feed>, limits = {}): Tenant => tenantOf(limits, [{ ...readings, ...changes }]);

/** Takes what the platform has sent to itself, until nothing more comes. */
async function drain(world: ReturnType<typeof memoryWorld>): Promise<void> {
  for (let sent = world.sent.shift(); sent; sent = world.sent.shift()) await ingestFile(sent, world.attempt());
}

const usageOf = async (world: ReturnType<typeof memoryWorld>): Promise<Usage> =>
  (await world.registry.read<Usage>('usage', '2026-01-02')) ?? noUsage;

const states = async (world: ReturnType<typeof memoryWorld>, day?: string) =>
  Object.fromEntries((await world.runs('readings', day)).map(({ object, state }) => [object.key.slice(9), state]));

describe('the quota of a day', () => {
  test('defers what goes beyond it to midnight, and lets it in then', async () => {
    const world = memoryWorld(tenantOf({ filesPerDay: 1 }));
    await ingestObject(world.upload('readings/a.csv', csv(row(1))), world.attempt());
    const run = await ingestObject(world.upload('readings/b.csv', csv(row(2))), world.attempt());
    expect(run).toMatchObject({ state: 'deferred', reason: { code: 'SLU-3016' } });
    expect(run.deferredUntil?.toISOString()).toBe('2026-01-03T00:00:00.000Z');
    expect(world.sink.rows('readings')).toHaveLength(1);

    expect((await tick(world.attempt())).released).toBe(0);
    world.clock.advance(86_400);
    expect((await tick(world.attempt())).released).toBe(1);
    await drain(world);
    expect(await states(world)).toEqual({ 'a.csv': 'loaded', 'b.csv': 'loaded' });
    expect(await listOpen(world.registry)).toEqual([]);
  });

  test('is exact for files that ask at one time', async () => {
    const world = memoryWorld(tenantOf({ rowsPerDay: 5 }));
    const files = Array.from({ length: 6 }, (_, index) =>
      world.upload(`readings/${index}.csv`, csv(row(index * 2), row(index * 2 + 1))),
    );
    await Promise.all(files.map((file) => ingestObject(file, world.attempt())));
    expect(Object.values(await states(world)).sort()).toEqual([
      'deferred',
      'deferred',
      'deferred',
      'deferred',
      'loaded',
      'loaded',
    ]);
    expect(world.sink.rows('readings')).toHaveLength(4);
  });

  test('is given back by a file that is refused, and not taken by the same file twice', async () => {
    const world = memoryWorld(tenantOf({ filesPerDay: 1 }));
    expect((await ingestObject(world.upload('readings/a.txt', 'x'), world.attempt())).state).toBe('refused');
    const file = world.upload('readings/a.csv', csv(row(1)));
    for (let i = 0; i < 3; i++) expect((await ingestObject(file, world.attempt())).state).toBe('loaded');
    expect(await world.registry.read('usage', '2026-01-02')).toMatchObject({ files: 1, rows: 1, reserved: {} });
  });

  test('refuses a file that no day could take', async () => {
    const world = memoryWorld(tenantOf({ rowsPerDay: 1 }));
    const run = await ingestObject(world.upload('readings/a.csv', csv(row(1), row(2))), world.attempt());
    expect(run).toMatchObject({ state: 'refused', reason: { code: 'SLU-3015' } });
  });
});

describe('files at once', () => {
  test('the end of one lets the next in at once: highest priority first, then the oldest, then the smallest', async () => {
    const feeds = [readings, { ...readings, name: 'urgent', priority: 5 }];
    const world = memoryWorld(tenantOf({ filesAtOnce: 1 }, feeds));
    let release = () => {};
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = world.attempt();
    const write = world.sink.write;
    const loading = ingestObject(world.upload('readings/first.csv', csv(row(1))), {
      ...first,
      sink: { ...world.sink, write: (...given) => blocked.then(() => write(...given)) },
    });
    await vi.waitFor(async () => expect(Object.keys((await usageOf(world)).reserved)).toHaveLength(1));
    world.clock.advance(1);
    const big = world.upload('readings/big.csv', csv(row(2), row(3), row(4)));
    const small = world.upload('readings/small.csv', csv(row(5)));
    const urgent = world.upload('urgent/a.csv', csv(row(6)));
    for (const file of [big, small, urgent]) {
      expect(await ingestObject(file, world.attempt())).toMatchObject({
        state: 'deferred',
        reason: { code: 'SLU-3017' },
      });
    }
    release();
    await loading;
    const order: string[] = [];
    for (let sent = world.sent.shift(); sent; sent = world.sent.shift()) {
      order.push(sent.object.key);
      await ingestFile(sent, world.attempt());
    }
    expect(order).toEqual(['urgent/a.csv', 'readings/small.csv', 'readings/big.csv']);
  });
});

describe('hours', () => {
  test('a file outside of them waits, unread, until they begin', async () => {
    const world = memoryWorld({ ...tenantOf(), hours: { from: '22:00', to: '06:00' } });
    world.clock.advance(9 * 3600);
    const run = await ingestObject(world.upload('readings/a.csv', csv(row(1))), world.attempt());
    expect(run).toMatchObject({ state: 'deferred', contentHash: null, reason: { code: 'SLU-3013' } });
    expect(run.deferredUntil?.toISOString()).toBe('2026-01-02T22:00:00.000Z');
    world.clock.advance(10 * 3600);
    await tick(world.attempt());
    await drain(world);
    expect(await states(world)).toEqual({ 'a.csv': 'loaded' });
  });
});

describe('hours of a feed', () => {
  test('go before those of the tenant', async () => {
    const feeds = [readings, { ...readings, name: 'nightly', hours: { from: '22:00', to: '06:00' } }];
    const world = memoryWorld({ ...tenantOf({}, feeds), hours: { from: '08:00', to: '18:00' } });
    const nightly = await ingestObject(world.upload('nightly/a.csv', csv(row(1))), world.attempt());
    const daily = await ingestObject(world.upload('readings/a.csv', csv(row(1))), world.attempt());
    expect([nightly.state, daily.state]).toEqual(['loaded', 'deferred']);
    expect(daily.reason?.message).toContain('from 08:00 to 18:00 UTC');
  });
});

describe('versions', () => {
  const version = (ref: ObjectRef, versionId: string): ObjectRef => ({ ...ref, versionId });

  test('one that comes after a later one has loaded is superseded, and leaves no row', async () => {
    const world = memoryWorld();
    const key = 'readings/a.csv';
    const late = version(world.upload(key, csv(row(2)), new Date('2026-01-02T02:00:00Z')), 'v2');
    await ingestObject(late, world.attempt());
    const early = version(world.upload(key, csv(row(1)), new Date('2026-01-02T01:00:00Z')), 'v1');
    expect(await ingestObject(early, world.attempt())).toMatchObject({
      state: 'superseded',
      reason: { code: 'SLU-3012' },
    });
    expect(world.sink.rows('readings')).toMatchObject([{ at: 2 }]);
  });

  test('with `overwrite: replace` the rows that the new version lacks are deleted, and those of other files stay', async () => {
    const world = memoryWorld(withFeed({ overwrite: 'replace' }));
    const key = 'readings/a.csv';
    await ingestObject(world.upload('readings/other.csv', csv(row(9))), world.attempt());
    await ingestObject(version(world.upload(key, csv(row(1), row(2), row(3))), 'v1'), world.attempt());
    world.clock.advance(10);
    await ingestObject(version(world.upload(key, csv(row(2, 7), row(4))), 'v2'), world.attempt());
    const rows = world.sink.rows('readings').map(({ at, value }) => [at, value]);
    expect(rows.sort()).toEqual([
      [2, 7],
      [4, 1],
      [9, 1],
    ]);
  });

  test('with `overwrite: replace` rows are found by their keys, whatever their types', async () => {
    const types = [
      ...['text', 'int', 'double', 'boolean', 'timestamp', 'date', 'time', 'bigint', 'varint', 'decimal', 'uuid'],
      ...['timeuuid', 'inet', 'blob'],
    ] as const;
    const columns = Object.fromEntries(types.map((type) => [`a_${type}`, type] as const));
    const [first = '', ...others] = Object.keys(columns);
    const table: Table = { name: 'keyed', columns, partitionKey: [first], clusteringKey: others, ttl: 0 };
    const world = memoryWorld(withFeed({ table, overwrite: 'replace', transform: byColumn(table) }));
    const record = (text: string) =>
      JSON.stringify({
        ...{ a_text: text, a_int: -1, a_double: '-0', a_boolean: false, a_timestamp: '1969-12-31T23:59:59.999Z' },
        ...{ a_date: '2000-02-29', a_time: '10:00:00.50', a_bigint: '9007199254740993', a_varint: '-1e30' },
        ...{ a_decimal: '1.50', a_uuid: '01234567-89AB-cdef-0123-456789abcdef', a_inet: '0::1', a_blob: '0xCAFE' },
        a_timeuuid: '01234567-89ab-1def-0123-456789ABCDEF',
      });
    const key = 'readings/a.ndjson';
    await ingestObject(version(world.upload(key, `${record('a')}\n${record('b')}\n`), 'v1'), world.attempt());
    expect(world.sink.rows('keyed')).toHaveLength(2);
    world.clock.advance(10);
    const same = record('b').replace('0::1', '::1').replace('1.50', '1.5').replace('.50"', '.5"');
    await ingestObject(version(world.upload(key, `${same}\n`), 'v2'), world.attempt());
    expect(world.sink.rows('keyed')).toMatchObject([{ a_text: 'b' }]);
  });

  test('with `sameContent: skip` a copy under another name is skipped and names the run that loaded it', async () => {
    const world = memoryWorld(withFeed({ sameContent: 'skip' }));
    const first = await ingestObject(world.upload('readings/a.csv', csv(row(1))), world.attempt());
    const copy = await ingestObject(world.upload('readings/b.csv', csv(row(1))), world.attempt());
    expect(copy).toMatchObject({ state: 'skipped', reason: { code: 'SLU-3014' } });
    expect(copy.reason?.message).toContain(first.id);
    expect((await ingestObject(world.upload('readings/c.csv', csv(row(2))), world.attempt())).state).toBe('loaded');
  });
});

describe('files of one content at the same moment', () => {
  const once = () => memoryWorld(withFeed({ sameContent: 'skip' }));
  const content = csv(row(1), row(2));
  const broken = (world: ReturnType<typeof memoryWorld>, nextTry: () => Date | null) => {
    const write = () => Promise.reject(new TransientError('SLU-5001', 'no answer'));
    return { ...world.attempt(), sink: { ...world.sink, write }, nextTry };
  };

  test('are loaded once: the second waits for the first, and is skipped when that has loaded', async () => {
    const world = once();
    const files = ['a', 'b', 'c'].map((name) => world.upload(`readings/${name}.csv`, content));
    const runs = await Promise.all(files.map((file) => ingestObject(file, world.attempt())));
    expect(runs.map(({ state }) => state).sort()).toEqual(['deferred', 'deferred', 'loaded']);
    expect(runs.find(({ state }) => state === 'deferred')?.reason).toMatchObject({
      code: 'SLU-3017',
      message: expect.stringMatching(/^another file with the same content is being loaded, by the run readings\./),
    });
    await drain(world);
    expect(Object.values(await states(world)).sort()).toEqual(['loaded', 'skipped', 'skipped']);
    expect(await usageOf(world)).toMatchObject({ files: 1, rows: 2, reserved: {} });
  });

  test('wait for the first while it is to be tried again, and no longer when it was given up', async () => {
    const world = once();
    const [first, second, third] = ['a', 'b', 'c'].map((name) => world.upload(`readings/${name}.csv`, content)) as [
      ObjectRef,
      ObjectRef,
      ObjectRef,
    ];
    const soon = new Date(world.clock.now().getTime() + 300_000);
    await expect(
      ingestObject(
        first,
        broken(world, () => soon),
      ),
    ).rejects.toThrow('no answer');
    expect(await ingestObject(second, world.attempt())).toMatchObject({ state: 'deferred', deferredUntil: soon });
    await expect(
      ingestObject(
        first,
        broken(world, () => null),
      ),
    ).rejects.toThrow('no answer');
    expect((await ingestObject(second, world.attempt())).state).toBe('loaded');
    // Redriven, the first finds its content loaded.
    expect((await ingestObject(first, world.attempt())).state).toBe('skipped');
    expect((await ingestObject(third, world.attempt())).state).toBe('skipped');
    expect(await usageOf(world)).toMatchObject({ files: 1, rows: 2, reserved: {} });
  });
});

describe('a replay', () => {
  const replay = (object: ObjectRef, requestedAt: Date, rejectsOf: string | null = null): FileDelivery => ({
    object,
    generation: 1,
    requestedAt: requestedAt.getTime(),
    rejectsOf,
  });

  test('is a run of its own, with the same rows and a later write time', async () => {
    const world = memoryWorld();
    const object = world.upload('readings/a.csv', csv(row(1), row(2)));
    const first = await ingestObject(object, world.attempt());
    world.clock.advance(60);
    const again = await ingestFile(replay(object, world.clock.now()), world.attempt());
    expect(again).toMatchObject({ state: 'loaded', generation: 1, digest: first.digest });
    expect(again.id).not.toBe(first.id);
    expect(again.writeTimeBase).toBeGreaterThan(first.writeTimeBase);
    expect(world.sink.rows('readings')).toHaveLength(2);
  });
});

describe('after every end', () => {
  test('there is a receipt in the rejects bucket, and its announcement', async () => {
    const world = memoryWorld();
    const run = await ingestObject(world.upload('readings/a.csv', csv(row(1), 's,2,1,reject')), world.attempt());
    const stored = world.stored.get(`acme-rejects/receipts/readings/2026-01-02/${run.id}.json`);
    const receipt = JSON.parse(Buffer.from(stored?.bytes ?? []).toString());
    expect(receipt).toMatchObject({ run: run.id, state: 'partial', counts: run.counts, digest: run.digest });
    expect(world.announced).toEqual([receipt]);
  });
});

describe('the tick', () => {
  test('sends a staged object whose event was lost, once it is old enough, and no object that has a run', async () => {
    const world = memoryWorld();
    await ingestObject(world.upload('readings/known.csv', csv(row(1))), world.attempt());
    world.upload('readings/lost.csv', csv(row(2)));
    expect((await tick(world.attempt())).found).toBe(0);
    world.clock.advance(600);
    expect((await tick(world.attempt())).found).toBe(1);
    await drain(world);
    expect(await states(world)).toEqual({ 'known.csv': 'loaded', 'lost.csv': 'loaded' });
    expect((await tick(world.attempt())).found).toBe(0);
  });

  test('leaves a run alone that is tried again by itself, resumes it when the next try is overdue, and never when it was given up', async () => {
    const world = memoryWorld();
    const object = world.upload('readings/a.csv', csv('s,1,1,reject'));
    const fail = (nextTry: () => Date | null) => {
      const attempt = world.attempt();
      const put = () => Promise.reject(new TransientError('SLU-5002', 'no answer'));
      const failing = { ...attempt, objects: { ...attempt.objects, put }, nextTry };
      return expect(ingestObject(object, failing)).rejects.toThrow('no answer');
    };
    const nextTryAt = new Date(world.clock.now().getTime() + 40_000);
    await fail(() => nextTryAt);
    expect((await world.runs()).map((run) => [run.state, run.nextTryAt])).toEqual([['retrying', nextTryAt]]);
    expect(await tick(world.attempt())).toMatchObject({ retrying: 1, resumed: 0 });
    world.clock.advance(90);
    expect(await tick(world.attempt())).toMatchObject({ retrying: 1, resumed: 0 });
    world.clock.advance(20);
    expect(await tick(world.attempt())).toMatchObject({ retrying: 0, resumed: 1 });

    await fail(() => null);
    world.clock.advance(3600);
    expect(await tick(world.attempt())).toMatchObject({ retrying: 0, resumed: 0 });
    expect(await ingestObject(object, world.attempt())).toMatchObject({ state: 'partial', nextTryAt: null });
  });

  test('resumes a run whose attempt has died, and finishes one that had ended but not told so', async () => {
    const world = memoryWorld();
    const object = world.upload('readings/a.csv', csv(row(1)));
    const never = new Promise<never>(() => {});
    void ingestObject(object, { ...world.attempt(), sink: { ...world.sink, write: () => never } });
    await vi.waitFor(async () => expect((await usageOf(world)).reserved).not.toEqual({}));
    world.clock.advance(30);
    expect((await tick(world.attempt())).resumed).toBe(1);
    await drain(world);
    expect(await states(world)).toEqual({ 'a.csv': 'loaded' });

    const other = world.upload('readings/b.csv', csv(row(2)));
    const announcements = { announce: () => never };
    void ingestObject(other, { ...world.attempt(), announcements });
    await vi.waitFor(async () => expect((await states(world))['b.csv']).toBe('loaded'));
    expect((await tick(world.attempt())).finished).toBe(1);
    expect(await listOpen(world.registry)).toEqual([]);
  });
});
