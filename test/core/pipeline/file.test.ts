import { describe, expect, test } from 'vitest';
import { FatalError, TransientError } from '../../../core/model/errors.ts';
import { balanced } from '../../../core/model/row.ts';
import type { FileRun } from '../../../core/model/run.ts';
import type { Limits } from '../../../core/model/tenant.ts';
import type { FileWorld } from '../../../core/pipeline/file.ts';
import { WINDOW } from '../../../core/pipeline/ingest.ts';
import { LEASE_SECONDS } from '../../../core/pipeline/lease.ts';
import type { Ledger, Sink } from '../../../core/ports.ts';
import { tenantOf } from '../../support/tenant.ts';
import { ingestObject, memoryWorld, sinkThat } from '../../support/world.ts';

/** A file of the tenant: a line for each record, which says what is to become of it. */
const csv = (...records: string[]) =>
  ['sensor,at,value,do', ...records.map((what, index) => `s,${index + 1},1.5,${what}`)].join('\n');
const many = (count: number, what: (index: number) => string = () => '') =>
  csv(...Array.from({ length: count }, (_, index) => what(index + 1)));

async function attempt(
  world: ReturnType<typeof memoryWorld>,
  ref: Parameters<typeof ingestObject>[0],
  changes: Partial<FileWorld> = {},
) {
  const run = await ingestObject(ref, { ...world.attempt(), ...changes });
  expect(balanced(run.counts)).toBe(true);
  return run;
}

async function load(key: string, content: string | Uint8Array, limits: Partial<Limits> = {}) {
  const world = memoryWorld(tenantOf(limits));
  const run = await attempt(world, world.upload(key, content));
  expect(await world.runs(run.feed)).toEqual([run]);
  return { ...world, run };
}

const outcome = ({ state, counts, reason }: FileRun) => ({ state, ...counts, reason: reason?.code ?? null });

describe('a run ends as', () => {
  test('loaded, when every record was loaded or dropped', async () => {
    const { run, sink, rejects, clock } = await load('readings/a.csv', csv('', 'drop', 'twice'));
    expect(outcome(run)).toEqual({ state: 'loaded', read: 3, loaded: 2, dropped: 1, rejected: 0, reason: null });
    expect(sink.rows('readings')).toHaveLength(3);
    expect(rejects()).toEqual(new Map());
    expect(run).toMatchObject({ attempt: 1, generation: 0, bytes: 54, startedAt: clock.now(), endedAt: clock.now() });
    expect(run.id).toMatch(/^readings\.20260102\.[0-9a-f]{12}$/);
  });

  test('partial, when some were rejected', async () => {
    const { run, sink, rejects } = await load('readings/a.csv', `${csv('', 'reject', 'throw')}\nshort\n`);
    expect(outcome(run)).toEqual({ state: 'partial', read: 4, loaded: 1, dropped: 0, rejected: 3, reason: null });
    expect(sink.rows('readings')).toHaveLength(1);
    expect([...rejects().values()]).toMatchObject([
      [
        { position: 2, stage: 'transform', code: 'SLU-2004', column: 'do', raw: 's,2,1.5,reject' },
        { position: 3, stage: 'transform', code: 'SLU-2006', raw: 's,3,1.5,throw' },
        { position: 4, stage: 'read', code: 'SLU-2002', raw: 'short' },
      ],
    ]);
    expect(run.firstRejections.map(({ position }) => position)).toEqual([2, 3, 4]);
  });

  test.each([
    ['SLU-3001', 'nowhere/a.csv', csv(''), {}],
    ['SLU-3002', 'readings/a.pdf', csv(''), {}],
    ['SLU-3002', 'events/a.csv', csv(''), {}],
    ['SLU-3003', 'readings/a.csv', csv(''), { maxFileBytes: 10 }],
    ['SLU-3004', 'readings/a.csv', '', {}],
    ['SLU-3006', 'readings/a.csv', Buffer.from(csv(''), 'utf16le'), {}],
    ['SLU-3009', 'readings/a.csv', '\n\n', {}],
    ['SLU-3009', 'readings/a.csv', 'a,a\n1,2\n', {}],
  ])('refused, with %s, for %s', async (code, key, content, limits) => {
    const { run, sink } = await load(key, content, limits);
    expect(outcome(run)).toEqual({ state: 'refused', read: 0, loaded: 0, dropped: 0, rejected: 0, reason: code });
    expect(run.endedAt).not.toBeNull();
    expect(run.feed).toBe(key.startsWith('nowhere') ? '_' : key.split('/')[0]);
    expect(sink.rows('readings')).toEqual([]);
  });

  test('refused, when the object is gone', async () => {
    const world = memoryWorld();
    const run = await attempt(world, { bucket: 'b', key: 'readings/a.csv', versionId: '1' });
    expect(outcome(run)).toMatchObject({ state: 'refused', reason: 'SLU-3005' });
    expect(await world.runs()).toEqual([run]);
  });

  test('refused when it has more rows than the profile allows, before any of them is loaded', async () => {
    const { run, sink } = await load('readings/a.csv', many(10), { maxFileRows: 9 });
    expect(outcome(run)).toEqual({ state: 'refused', read: 0, loaded: 0, dropped: 0, rejected: 0, reason: 'SLU-3007' });
    expect(sink.rows('readings')).toEqual([]);
    expect((await load('readings/a.csv', many(10), { maxFileRows: 10 })).run.state).toBe('loaded');
  });
});

test('a file without records is loaded, with nothing', async () => {
  expect(outcome((await load('readings/a.csv', 'sensor,at\n')).run)).toMatchObject({ state: 'loaded', read: 0 });
  expect(outcome((await load('readings/a.ndjson', '\n')).run)).toMatchObject({ state: 'loaded', read: 0 });
});

test('CSV and NDJSON of the same records give the same rows and counts', async () => {
  const records = [
    { sensor: 's', at: 1, value: 2.5, do: 'drop' },
    { sensor: 's', at: 2, value: 2.5 },
    { sensor: 's', at: 3, do: 'throw' },
  ];
  const text = ['sensor,at,value,do', ...records.map((r) => `${r.sensor},${r.at},${r.value ?? ''},${r.do ?? ''}`)].join(
    '\n',
  );
  const one = await load('readings/a.csv', text);
  const other = await load('readings/a.ndjson', records.map((r) => JSON.stringify(r)).join('\n'));
  expect(other.run.counts).toEqual(one.run.counts);
  expect(other.sink.rows('readings')).toEqual(one.sink.rows('readings'));
});

describe('of two records with one key', () => {
  test('the later in the file stays', async () => {
    const { sink, run } = await load('readings/a.csv', 'sensor,at,value\ns,1,1\ns,1,2\n');
    expect(run.counts.loaded).toBe(2);
    expect(sink.rows('readings')).toMatchObject([{ value: 2 }]);
  });

  test('the later stays where positions are scaled into the second, too', async () => {
    const { sink } = await load('readings/a.csv', 'sensor,at,value\ns,1,1\ns,1,2\n', { maxFileRows: 5_000_000 });
    expect(sink.rows('readings')).toMatchObject([{ value: 2 }]);
  });

  test('the one of the later file stays, whichever is loaded first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const world = memoryWorld();
      const early = world.upload('readings/a.csv', 'sensor,at,value\ns,1,1\n', new Date('2026-01-02T00:00:00Z'));
      const late = world.upload('readings/b.csv', 'sensor,at,value\ns,1,2\n', new Date('2026-01-02T00:00:01Z'));
      for (const index of order) await attempt(world, [early, late][index] as typeof early);
      expect(world.sink.rows('readings')).toMatchObject([{ value: 2 }]);
    }
  });
});

describe('an event that comes twice', () => {
  test('is one run: the second time nothing changes', async () => {
    const world = memoryWorld();
    const ref = world.upload('readings/a.csv', csv('', 'reject'));
    const first = await attempt(world, ref);
    world.clock.advance(1000);
    const refuse = sinkThat(() => Promise.reject(new Error('written again')));
    expect(await attempt(world, ref, { sink: refuse })).toEqual(first);
    expect(await world.runs()).toEqual([first]);
  });

  test('while the first still works leaves it alone', async () => {
    const world = memoryWorld();
    const ref = world.upload('readings/a.csv', csv(''));
    let second: FileRun | undefined;
    const meanwhile: Sink = {
      ...world.sink,
      write: async (...given) => {
        second = await attempt(world, ref);
        return world.sink.write(...given);
      },
    };
    const first = await attempt(world, ref, { sink: meanwhile });
    expect(second).toMatchObject({ state: 'running', attempt: 1 });
    expect(first).toMatchObject({ state: 'loaded', attempt: 1 });
    expect(await world.runs()).toEqual([first]);
  });

  test('for another version of the object is another run', async () => {
    const world = memoryWorld();
    const ref = world.upload('readings/a.csv', csv(''));
    const [one, two] = [await attempt(world, ref), await attempt(world, { ...ref, versionId: 'v2' })];
    expect(two.id).not.toBe(one.id);
    expect(await world.runs()).toHaveLength(2);
  });
});

describe('after a failure that may pass', () => {
  const down: Partial<FileWorld> = {
    sink: sinkThat(() => Promise.reject(new TransientError('SLU-5001', 'no answer'))),
  };

  test('the run says why it waits, and the next attempt loads it at once', async () => {
    const world = memoryWorld();
    const ref = world.upload('readings/a.csv', csv('', 'reject'));
    await expect(attempt(world, ref, down)).rejects.toThrow(TransientError);
    expect(await world.runs()).toMatchObject([
      { state: 'retrying', attempt: 1, endedAt: null, reason: { code: 'SLU-5001', message: 'no answer' } },
    ]);
    const run = await attempt(world, ref);
    expect(outcome(run)).toEqual({ state: 'partial', read: 2, loaded: 1, dropped: 0, rejected: 1, reason: null });
    expect(run.attempt).toBe(2);
  });

  test('in the middle, nothing is counted twice, and rejects lie where they lay', async () => {
    const world = memoryWorld();
    const ref = world.upload(
      'readings/a.csv',
      many(2 * WINDOW + 10, (index) => (index % 1000 === 0 ? 'reject' : '')),
    );
    let windows = 0;
    const once: Sink = {
      ...world.sink,
      write: async (...given) => {
        if (++windows === 3) throw new TransientError('SLU-5001', 'no answer');
        return world.sink.write(...given);
      },
    };
    await expect(attempt(world, ref, { sink: once })).rejects.toThrow('no answer');
    const before = [...world.rejects().keys()];
    const run = await attempt(world, ref);
    expect(outcome(run)).toMatchObject({ state: 'partial', read: 24_010, loaded: 23_986, rejected: 24 });
    expect(world.sink.rows('readings')).toHaveLength(23_986);
    expect([...world.rejects().keys()]).toEqual(before);
    expect([...world.rejects().values()].flat().map(({ position }) => position)).toEqual(
      Array.from({ length: 24 }, (_, index) => (index + 1) * 1000),
    );
  });

  test('every attempt writes with the same write times', async () => {
    const world = memoryWorld();
    const ref = world.upload('readings/a.csv', csv('', ''), new Date('2026-01-01T00:00:00.123Z'));
    const times: number[][] = [];
    const noting = (fail: boolean): Sink => ({
      ...world.sink,
      write: async (table, rows, signal) => {
        times.push(rows.map(({ writeTime }) => writeTime));
        if (fail) throw new TransientError('SLU-5001', 'no answer');
        return world.sink.write(table, rows, signal);
      },
    });
    await attempt(world, ref, { sink: noting(true) }).catch(() => {});
    world.clock.advance(3600);
    await attempt(world, ref, { sink: noting(false) });
    const base = Date.parse('2026-01-01T00:00:00.123Z') * 1000;
    expect(times).toEqual([
      [base + 1, base + 2],
      [base + 1, base + 2],
    ]);
  });
});

test('a failure for good fails the run, with the reason, and is thrown', async () => {
  const world = memoryWorld();
  const ref = world.upload('readings/a.csv', csv(''));
  const broken: Sink = { ...world.sink, write: () => Promise.reject(new FatalError('SLU-5004', 'no rights')) };
  await expect(attempt(world, ref, { sink: broken })).rejects.toThrow('no rights');
  expect((await world.runs()).map(outcome)).toMatchObject([{ state: 'failed', read: 0, reason: 'SLU-5004' }]);
  expect(await attempt(world, ref)).toMatchObject({ state: 'failed', attempt: 1 });
});

describe('an attempt that has died', () => {
  test('holds the run until its lease is over; then the next takes it over', async () => {
    const world = memoryWorld();
    const ref = world.upload('readings/a.csv', csv(''));
    const dead: Sink = { ...world.sink, write: () => new Promise(() => {}) };
    void attempt(world, ref, { sink: dead });
    await new Promise(setImmediate);
    world.clock.advance(LEASE_SECONDS - 1);
    expect(await attempt(world, ref)).toMatchObject({ state: 'running', attempt: 1 });
    world.clock.advance(2);
    expect(await attempt(world, ref)).toMatchObject({ state: 'loaded', attempt: 2, counts: { read: 1, loaded: 1 } });
  });

  test('and comes back after another has taken over cannot change the run any more', async () => {
    const world = memoryWorld();
    const ref = world.upload('readings/a.csv', csv('', 'reject'));
    let second: FileRun | undefined;
    const asleep: Sink = {
      ...world.sink,
      write: async (...given) => {
        world.clock.advance(LEASE_SECONDS + 1);
        second ??= await attempt(world, ref);
        return world.sink.write(...given);
      },
    };
    await expect(attempt(world, ref, { sink: asleep })).rejects.toThrow('another attempt has taken the run');
    expect(await world.runs()).toEqual([second]);
    expect(second).toMatchObject({ state: 'partial', attempt: 2, counts: { read: 2, loaded: 1, rejected: 1 } });
    expect(world.sink.rows('readings')).toHaveLength(1);
  });

  test('on its very last step does not say that it has loaded what another has taken over', async () => {
    const world = memoryWorld();
    const ref = world.upload('readings/a.csv', csv(''));
    let second: FileRun | undefined;
    const late: Ledger = {
      ...world.ledger,
      settle: async (...given) => {
        world.clock.advance(LEASE_SECONDS + 1);
        second ??= await attempt(world, ref);
        return world.ledger.settle(...given);
      },
    };
    await expect(attempt(world, ref, { ledger: late })).rejects.toThrow('another attempt has taken the run');
    expect(await world.runs()).toEqual([second]);
  });
});

test('a long run renews its lease, with its counts so far, and no other attempt gets in', async () => {
  const world = memoryWorld();
  const ref = world.upload('readings/a.csv', many(3 * WINDOW));
  const seen: FileRun[] = [];
  const slow: Sink = {
    ...world.sink,
    write: async (...given) => {
      world.clock.advance(LEASE_SECONDS * 0.6);
      seen.push(await attempt(world, ref));
      return world.sink.write(...given);
    },
  };
  const run = await attempt(world, ref, { sink: slow });
  expect(outcome(run)).toMatchObject({ state: 'loaded', read: 3 * WINDOW, loaded: 3 * WINDOW });
  expect(seen.map(({ state, attempt: tries, counts }) => [state, tries, counts.read])).toEqual([
    ['running', 1, 0],
    ['running', 1, WINDOW],
    ['running', 1, 2 * WINDOW],
  ]);
});

test('the run carries the first rejections by position, with their text cut short; the bucket has all', async () => {
  const long = 'x'.repeat(500);
  const { run, rejects } = await load('readings/a.csv', `${many(20, () => 'throw')}\n${long}`);
  expect(run.firstRejections.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
  const [lines] = [...rejects().values()];
  expect(lines).toHaveLength(21);
  expect(lines?.at(-1)?.raw).toBe(long);
});
