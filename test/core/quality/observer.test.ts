import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryObjects } from '../../../adapters/memory.ts';
import { fileFormatOf } from '../../../core/model/formats.ts';
import { freshness, minRows, notNull, nullShare, unique } from '../../../core/model/quality.ts';
import type { Rejection, Row } from '../../../core/model/row.ts';
import { defineTable } from '../../../core/model/table.ts';
import { defineFeed } from '../../../core/model/tenant.ts';
import { keyStore } from '../../../core/pipeline/parts/saved.ts';
import { Observer, type ObserverState } from '../../../core/quality/observer.ts';

const table = defineTable({
  name: 'prices',
  columns: { shop: 'text', at: 'timestamp', price: 'decimal', real: 'double', stock: 'bigint', note: 'blob' },
  partitionKey: ['shop'],
  clusteringKey: ['at'],
});

const feed = defineFeed({
  name: 'prices',
  description: 'prices',
  formats: ['csv', 'ndjson'],
  table,
  transform: () => null,
  quality: [
    unique(),
    unique(['price', 'real'], 'warn'),
    { ...nullShare('real', 0.2), severity: 'refuse' },
    minRows(20),
    freshness('at', 1),
    notNull('stock'),
    notNull('note', 'warn'),
  ],
});

/** A record as it goes by: its columns, and what became of it. */
const record = fc.record({
  columns: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', '7', 'x'.repeat(70), 'x'.repeat(80)), { maxLength: 5 }),
  broken: fc.subarray(['stock-not-null', 'note-not-null']),
  rejected: fc.option(
    fc.record({ column: fc.constantFrom('stock', 'real'), value: fc.constantFrom('1', '2', '"\ud800') }),
  ),
  unreadable: fc.integer({ min: 0, max: 9 }).map((of) => of === 0),
  rows: fc.array(
    fc.record({
      shop: fc.constantFrom('a', 'b', 'ü'.repeat(70)),
      at: fc.constantFrom(0, 1, Date.UTC(2026, 0, 1)).map((time) => new Date(time)),
      price: fc.constantFrom('1', '1.0', '1.00', '-2', null, '0.10000000000000000001', '0.1'),
      real: fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1.5, undefined),
      stock: fc.constantFrom(7, 7n, 2n ** 62n, -1n, null),
      note: fc.constantFrom(new Uint8Array([1]), undefined),
    }),
    { maxLength: 2 },
  ),
});

interface Given {
  readonly columns: readonly string[];
  readonly broken: readonly string[];
  readonly rejected: { readonly column: string; readonly value: string } | null;
  readonly unreadable: boolean;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

const keysOfRun = () => keyStore(memoryObjects(), 'rejects', { id: 'run' }, 'check/1', new AbortController().signal);

/** Lets an observer see some records of a file, counted from `first`, in windows of a size; what it reads is ahead of what it adds. */
async function show(observer: Observer, given: readonly Given[], first: number, size: number): Promise<void> {
  const placed = given.map((it, index) => ({ ...it, position: first + index }));
  const items = placed.map(({ position, unreadable, columns }): Row | Rejection => {
    const values = Object.fromEntries(columns.map((name) => [name, 1]));
    return unreadable
      ? { position, stage: 'read', code: 'SLU-2001', message: 'unreadable', raw: '' }
      : { position, values, raw: '' };
  });
  const chunks = async function* () {
    for (let at = 0; at < items.length; at += 3) yield { items: items.slice(at, at + 3) };
  };
  for await (const _ of observer.watch(chunks()));
  for (let at = 0; at < placed.length; at += size) {
    const window = placed.slice(at, at + size);
    const [rejected, fine] = [window.filter((it) => it.rejected), window.filter((it) => !it.rejected)];
    await observer.add({
      counts: { loaded: fine.filter(({ rows }) => rows.length > 0).length },
      outputs: fine.flatMap(({ rows }) => rows),
      owners: fine.flatMap(({ rows, position }) => rows.map((): Row => ({ position, values: {}, raw: '' }))),
      rejected: rejected.map(
        ({ position, rejected }): Rejection => ({
          ...{ position, stage: 'transform', code: 'SLU-2004', message: '', raw: '' },
          ...(rejected ?? {}),
        }),
      ),
      broken: new Map(window.map(({ position, broken }) => [position, broken])),
    });
  }
}

const endOf = async (observer: Observer) => {
  const last = { run: 'r', modified: 0, names: ['b', 'a'], ordered: true };
  const end = { arrivedAt: new Date(Date.UTC(2026, 0, 1)), last, whole: true, beat: async () => {} };
  const { quality, duplicates } = await observer.end(end);
  return { quality: JSON.parse(JSON.stringify(quality)), duplicates };
};

const formatOf = (key: string) => {
  const format = fileFormatOf(key, feed.formats);
  if (!format) throw new Error(`no format for ${key}`);
  return format;
};

test.each([
  // All cells of a file have the names of its header.
  ['prices/a.csv', record.map((given): Given => ({ ...given, columns: ['b', 'c', 'a'] }))],
  ['prices/a.ndjson', record],
])(
  'what is seen of %s is the same in one go and in parts, whatever the cuts, windows and hand-overs',
  async (key, records: fc.Arbitrary<Given>) => {
    const format = formatOf(key);
    const bounds = fc.array(fc.nat(40), { maxLength: 4 });
    const sizes = fc.record({ hop: fc.integer({ min: 1, max: 20 }), window: fc.integer({ min: 1, max: 20 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(records, { maxLength: 40 }), bounds, sizes, async (given, cuts, { hop, window }) => {
        const whole = new Observer(feed, format, 'all rules');
        await show(whole, given, 1, 7);

        const keys = keysOfRun();
        const starts = [...new Set([0, ...cuts.filter((at) => at < given.length)])].sort((a, b) => a - b);
        const parts = starts.map(async (base, part) => {
          const own = given.slice(base, starts[part + 1]);
          let state: ObserverState | null = null;
          for (let at = 0; at < Math.max(1, own.length); at += hop) {
            const observer = new Observer(feed, format, 'all rules', keys);
            if (state) observer.merge(state);
            await show(observer, own.slice(at, at + hop), at + 1, window);
            state = JSON.parse(JSON.stringify(await observer.state())) as ObserverState;
            // A function that has read on before it died leaves that behind.
            await show(observer, own.slice(at + hop, at + 2 * hop), at + hop + 1, window);
          }
          return { state: state as ObserverState, base };
        });
        const merged = new Observer(feed, format, 'all rules', keys);
        for (const { state, base } of await Promise.all(parts)) merged.merge(state, base);
        expect(await endOf(merged)).toEqual(await endOf(whole));
        await whole.close();
      }),
    );
  },
);

test('what is kept is small, whatever has gone by', async () => {
  const observer = new Observer(feed, formatOf('prices/a.ndjson'), 'all rules', keysOfRun());
  const given = Array.from({ length: 20_000 }, (_, index): Given => {
    const rows = [{ shop: `${index}`, at: new Date(index), price: '1', real: 1, stock: 1n, note: undefined }];
    const rejected = index % 2 === 0 ? { column: 'stock', value: `${index}` } : null;
    return { columns: [`column ${index}`], broken: [], rejected, unreadable: false, rows };
  });
  await show(observer, given, 1, 6000);
  expect(JSON.stringify(await observer.state()).length).toBeLessThan(50_000);
});

test('of a column and a rule that were deployed between two parts, the records of the first one have and break none', async () => {
  const { note, ...columns } = table.columns;
  const before = { ...feed, table: { ...table, columns }, quality: feed.quality?.slice(0, -1) ?? [] };
  const [first, second] = [before, feed].map(
    (of) => new Observer(of, formatOf('prices/a.csv'), 'all rules', keysOfRun()),
  );
  const rows = [{ shop: 'a', at: new Date(0), price: '1', real: 1, stock: 1n, note: new Uint8Array([1]) }];
  const given = { columns: ['a'], broken: ['note-not-null'], rejected: null, unreadable: false, rows };
  await show(first as Observer, [{ ...given, broken: [] }], 1, 10);
  await show(second as Observer, [given], 2, 10);
  const merged = new Observer(feed, formatOf('prices/a.csv'), 'all rules', keysOfRun());
  for (const one of [first, second]) merged.merge({ ...(await (one as Observer).state()), unique: {} });
  const { quality } = await endOf(merged);
  expect(quality).toMatchObject({
    rows: 2,
    rules: { 'note-not-null': 1 },
    columns: { note: { nulls: 1, distinct: 1 } },
  });
});
