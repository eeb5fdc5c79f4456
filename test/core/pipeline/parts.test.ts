import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { listParts, readPlan } from '../../../core/control/parts.ts';
import { randomOf } from '../../../core/faults/random.ts';
import { minRows, range, unique } from '../../../core/model/quality.ts';
import { receiptOf } from '../../../core/model/receipt.ts';
import { balanced } from '../../../core/model/row.ts';
import { arrival, type FileRun } from '../../../core/model/run.ts';
import { defineFeed, type Feed, type Limits } from '../../../core/model/tenant.ts';
import { cancelFile, ingestFile } from '../../../core/pipeline/file.ts';
import { WINDOW } from '../../../core/pipeline/ingest.ts';
import { momentsOf } from '../../../core/pipeline/parts/moments.ts';
import type { ByteRange } from '../../../core/ports.ts';
import { type InParts, loadedInParts } from '../../support/in-parts.ts';
import { readings, tenantOf } from '../../support/tenant.ts';
import { ingestObject, inOneGo, memoryWorld } from '../../support/world.ts';

/**
 * A large file is worked on in parts, by several attempts, which die or hand on what is left. What comes out is what reading it in one go gives: the same rows, counts, digest,
 * rejections with their lines, quality and receipt.
 */

const lines = defineFeed({
  ...readings,
  formats: [{ format: 'csv', multiline: false }, { format: 'tsv' }, 'ndjson', 'json', 'parquet'],
  quality: [range('value', { max: 90 }, 'warn'), unique([], 'warn'), minRows(3)],
});

// Few enough rows for each to have a write time of its own: of neighbours that share one the later takes the place of the earlier whole.
const limits: Partial<Limits> = { maxFileBytes: 100_000_000, maxFileRows: 100_000 };

type Record = { sensor: string; at: number; value: number | null; do: string };

const csv = (records: readonly Record[], delimiter = ',') =>
  [
    ['sensor', 'at', 'value', 'do'].join(delimiter),
    ...records.map(({ sensor, at, value, do: what }) => [sensor, at, value ?? '', what].join(delimiter)),
  ].join('\n');
const ndjson = (records: readonly Record[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

/** A file of each kind: cut by lines, cut by row groups, and read in one go. */
const kinds: { readonly [ending: string]: (records: readonly Record[], rowGroup: number) => string | Uint8Array } = {
  csv: (records) => csv(records),
  ndjson,
  tsv: (records) => csv(records, '\t'),
  json: (records) => JSON.stringify(records),
  'csv.gz': (records) => gzipSync(csv(records)),
  parquet: (records, rowGroup) =>
    new Uint8Array(
      parquetWriteBuffer({
        rowGroupSize: rowGroup,
        columnData: [
          { name: 'sensor', data: records.map(({ sensor }) => sensor), type: 'STRING' },
          { name: 'at', data: records.map(({ at }) => at), type: 'INT32' },
          { name: 'value', data: records.map(({ value }) => value), type: 'DOUBLE', nullable: true },
          { name: 'do', data: records.map(({ do: what }) => what), type: 'STRING' },
        ],
      }),
    ),
};

/** What a tenant sees of a run, but for what parts change rightly: when it was, in how many attempts, and how its content is hashed. */
function seen(run: FileRun, world: ReturnType<typeof memoryWorld>) {
  const { startedAt: _, endedAt: __, ...receipt } = receiptOf('acme', run);
  const rejections = [...world.rejects().values()].flat().toSorted((a, b) => a.position - b.position);
  const rows = world.sink.rows('readings').toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { receipt, rejections, rows };
}

async function bothWays(
  key: string,
  content: string | Uint8Array,
  parts: InParts,
  feed: Feed = lines,
  more: Partial<Limits> = {},
) {
  const tenant = tenantOf({ ...limits, ...more }, [feed]);
  const [whole, world] = [memoryWorld(tenant), memoryWorld(tenant)];
  const calm = await ingestObject(whole.upload(key, content), whole.attempt());
  const { run, attempts } = await loadedInParts(world, world.upload(key, content), parts);
  expect(balanced(run.counts)).toBe(true);
  expect(seen(run, world)).toEqual(seen(calm, whole));
  return { run, attempts, world };
}

const many = (count: number): Record[] =>
  Array.from({ length: count }, (_, index) => ({
    sensor: `s${index % 7}`,
    at: index,
    value: index % 11 === 0 ? null : (index % 190) / 2,
    do: index % 1000 === 17 ? 'reject' : index % 1000 === 18 ? 'drop' : '',
  }));

const record: fc.Arbitrary<Record> = fc.record({
  sensor: fc.constantFrom('a', 'b', 'Zürich 🌧', 'd'),
  at: fc.integer({ min: 0, max: 40 }),
  value: fc.option(fc.integer({ min: 0, max: 100 }).map((value) => value / 2)),
  do: fc.constantFrom('', '', '', '', 'drop', 'reject', 'throw', 'twice'),
});

describe('what comes out is what reading in one go gives', () => {
  test.each(Object.keys(kinds))(
    'for any records, parts, workers and deaths: %s',
    async (ending) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(record, { maxLength: 60 }),
          fc.integer({ min: 1, max: 900 }),
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 1, max: 20 }),
          fc.integer(),
          async (records, partBytes, workers, rowGroup, seed) => {
            if (records.length === 0 && ending === 'ndjson') return;
            const content = kinds[ending]?.(records, rowGroup) ?? '';
            const deaths = { random: randomOf(seed), risk: 0.2 };
            await bothWays(`readings/a.${ending}`, content, { partBytes, workers, deaths });
          },
        ),
        { numRuns: 40 },
      );
    },
    120_000,
  );

  test.each(Object.keys(kinds))('when parts are handed on and functions die in their middle: %s', async (ending) => {
    const content = kinds[ending]?.(many(5 * WINDOW + 100), 9000) ?? '';
    const deaths = { random: randomOf(7), risk: 0.15 };
    const { run, attempts } = await bothWays(`readings/a.${ending}`, content, { partBytes: 250_000, slice: 2, deaths });
    expect(attempts).toBeGreaterThan(2);
    expect(run.plan?.handOvers).toBeGreaterThan(0);
    expect(run.plan?.takeOvers).toBeGreaterThan(0);
  });
});

describe('a file in parts', () => {
  const good = (count: number) => many(count);

  test('is refused for a record, before a row is loaded, and all that is wrong with it is told with its place', async () => {
    const strict = defineFeed({ ...lines, errors: { threshold: { count: 3 } } });
    for (const ending of ['csv', 'ndjson', 'json', 'parquet']) {
      const content = kinds[ending]?.(good(2000 * 7), 1500) ?? '';
      const { run } = await bothWays(`readings/a.${ending}`, content, { partBytes: 60_000, workers: 3 }, strict);
      expect(run).toMatchObject({ state: 'refused', reason: { code: 'SLU-3026' } });
      expect(run.quality?.checked?.counts.rejected).toBe(14);
    }
  });

  test('is refused when all its parts together have more rows than it may have', async () => {
    const { run, world } = await bothWays(
      'readings/a.ndjson',
      ndjson(good(3000)),
      { partBytes: 20_000, workers: 2 },
      defineFeed({ ...lines, quality: [] }),
      { maxFileRows: 2500 },
    );
    expect(run).toMatchObject({ state: 'refused', reason: { code: 'SLU-3007' } });
    expect(world.sink.rows('readings')).toEqual([]);
  });

  test('replaces the version before it, whose other rows go', async () => {
    const replacing = defineFeed({ ...lines, overwrite: 'replace' });
    const world = memoryWorld(tenantOf(limits, [replacing]));
    await loadedInParts(world, world.upload('readings/a.ndjson', ndjson(good(2000))), { partBytes: 20_000 });
    world.clock.advance(60);
    const next = { ...world.upload('readings/a.ndjson', ndjson(good(500))), versionId: 'v2' };
    const { run } = await loadedInParts(world, next, { partBytes: 9_000, workers: 2 });
    expect(run.state).toBe('partial');
    expect(world.sink.rows('readings')).toHaveLength(run.counts.loaded);
    expect(run.counts).toMatchObject({ read: 500, loaded: 498 });
  });

  test('of which a function dies at each attempt is given up, and tells what is loaded beside it', async () => {
    const world = memoryWorld(tenantOf(limits, [lines]));
    const content = ndjson([...good(400), { sensor: 'deadly', at: 1, value: 1, do: '' }, ...good(10)]);
    const { run, attempts } = await loadedInParts(world, world.upload('readings/a.ndjson', content), {
      partBytes: 6_000,
      kills: (rows) => rows.some(({ values }) => values.sensor === 'deadly'),
    });
    expect(run).toMatchObject({ state: 'failed', reason: { code: 'SLU-5009' } });
    expect(run.reason?.message).toMatch(/^part \d of \d: the function has died on it 6 times$/);
    expect(attempts).toBeGreaterThan(5);
    // What a dying function has written of its window is there, and not counted.
    expect(run.counts.loaded).toBeGreaterThan(200);
    expect(run.counts.loaded).toBeLessThan(400);
    expect(balanced(run.counts)).toBe(true);
  });

  test('is stopped by a person: what is loaded is told, and a replay loads all of it', async () => {
    const world = memoryWorld(tenantOf(limits, [lines]));
    const object = world.upload('readings/a.ndjson', ndjson(good(4000)));
    let windows = 0;
    const { run } = await loadedInParts(world, object, {
      partBytes: 20_000,
      workers: 2,
      slice: 3,
      seen: async () => {
        if (++windows === 4) await cancelFile(arrival(object), { ...world.attempt(), large: { ...inOneGo, from: 1 } });
      },
    });
    expect(run).toMatchObject({ state: 'cancelled', reason: { code: 'SLU-3019' } });
    expect(balanced(run.counts)).toBe(true);
    expect(run.counts.loaded).toBe(world.sink.rows('readings').length);
    expect(run.counts.read).toBeGreaterThan(0);
    expect(run.counts.read).toBeLessThan(4000);
    const again = { ...arrival(object), generation: 1, requestedAt: world.clock.now().getTime() };
    expect(await ingestFile(again, world.attempt())).toMatchObject({ state: 'partial', counts: { read: 4000 } });
  });

  test('leaves nothing behind in the ledger but its run', async () => {
    const world = memoryWorld(tenantOf(limits, [lines]));
    const { run } = await loadedInParts(world, world.upload('readings/a.ndjson', ndjson(good(900))), {
      partBytes: 9000,
    });
    for (const phase of ['check', 'load'] as const) expect((await listParts(world.registry, run, phase)).size).toBe(0);
    expect(await readPlan(world.registry, run)).toBeNull();
    expect(run.plan).toMatchObject({ phase: 'load', handOvers: 0, takeOvers: 0 });
  });

  test('of a kind that is read from its start each time has a bound', async () => {
    const world = memoryWorld(tenantOf({ maxFileBytes: 1e12 }, [lines]));
    const attempt = world.attempt();
    const object = { bucket: 'acme-staging', key: 'readings/a.json', versionId: 'v1' };
    const objects = {
      ...attempt.objects,
      find: async () => ({
        size: 3_000_000_001,
        lastModified: world.clock.now(),
        async *open(_: AbortSignal, range?: ByteRange) {
          yield Buffer.from('[{"sensor"').subarray(0, range?.end);
        },
      }),
    };
    const run = await ingestFile(arrival(object), { ...attempt, objects, large: { ...inOneGo, from: 1 } });
    expect(run).toMatchObject({ state: 'refused', reason: { code: 'SLU-3028' } });
    expect(run.reason?.message).toContain('3000000001 bytes');
  });
});

test('write times of a file whose rows may each have their own are in parts what they are in one go, as the audit expects', () => {
  const limits = { ...tenantOf().limits, maxFileRows: 100_000 };
  const plan = {
    stretches: [null, null],
    counted: {
      bases: [
        { position: 1, line: 1 },
        { position: 31, line: 31 },
      ],
      rows: 50,
    },
  };
  for (const [index, position] of [
    [0, 1],
    [0, 30],
    [1, 31],
    [1, 50],
  ] as const)
    expect(momentsOf({ writeTimeBase: 7_000_000 }, plan, index, limits)({ position })).toBe(7_000_000 + position);
});

test('write times of all rows of a file lie within an eighth of a second, before the next version, those of a later part behind those of an earlier one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 5_000_000 }), { minLength: 2, maxLength: 50 }), (sizes) => {
      let next = 1;
      const bases = sizes.map((size) => {
        const base = { position: next, line: next };
        next += size;
        return base;
      });
      const plan = { stretches: sizes.map(() => null), counted: { bases, rows: next - 1 } };
      const run = { writeTimeBase: 7_000_000 };
      let before = run.writeTimeBase - 1;
      for (const [index, size] of sizes.entries()) {
        const timeOf = momentsOf(run, plan, index, { ...tenantOf().limits, maxFileRows: 1e9 });
        const first = bases[index]?.position ?? 1;
        if (size === 0) continue;
        const [from, to] = [timeOf({ position: first }), timeOf({ position: first + size - 1 })];
        expect(from).toBeGreaterThan(before);
        expect(to).toBeGreaterThanOrEqual(from);
        before = to;
      }
      expect(before).toBeLessThan(run.writeTimeBase + 125_000);
    }),
  );
});
