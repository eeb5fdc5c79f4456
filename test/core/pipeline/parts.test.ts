import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { randomOf } from '../../../core/faults/random.ts';
import { minRows, range, unique } from '../../../core/model/quality.ts';
import { receiptOf } from '../../../core/model/receipt.ts';
import { balanced } from '../../../core/model/row.ts';
import type { FileRun } from '../../../core/model/run.ts';
import { defineFeed, type Feed, type Limits } from '../../../core/model/tenant.ts';
import { WINDOW } from '../../../core/pipeline/ingest.ts';
import { type InParts, loadedInParts } from '../../support/in-parts.ts';
import { readings, tenantOf } from '../../support/tenant.ts';
import { ingestObject, memoryWorld } from '../../support/world.ts';

/**
 * A large file is worked on in parts, by several attempts, which die or hand on what is left. What comes out is what reading it in one go gives: the same rows, counts, digest,
 * rejections with their lines, quality and receipt.
 */

const lines = defineFeed({
  ...readings,
  formats: [{ format: 'csv', multiline: false }, { format: 'tsv' }, 'ndjson', 'json', 'parquet'],
  quality: [range('value', { max: 90 }, 'warn'), unique([], 'warn'), minRows(3)],
});

const limits: Partial<Limits> = { maxFileBytes: 100_000_000, maxFileRows: 2_000_000 };

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

  const many = (count: number): Record[] =>
    Array.from({ length: count }, (_, index) => ({
      sensor: `s${index % 7}`,
      at: index,
      value: index % 11 === 0 ? null : (index % 190) / 2,
      do: index % 1000 === 17 ? 'reject' : index % 1000 === 18 ? 'drop' : '',
    }));

  test.each(Object.keys(kinds))('when parts are handed on and functions die in their middle: %s', async (ending) => {
    const content = kinds[ending]?.(many(5 * WINDOW + 100), 9000) ?? '';
    const deaths = { random: randomOf(7), risk: 0.15 };
    const { run, attempts } = await bothWays(`readings/a.${ending}`, content, { partBytes: 250_000, slice: 2, deaths });
    expect(attempts).toBeGreaterThan(2);
    expect(run.plan?.handOvers).toBeGreaterThan(0);
    expect(run.plan?.takeOvers).toBeGreaterThan(0);
  });
});
