import { describe, expect, test } from 'vitest';
import { defineTable } from '../../../core/model/table.ts';
import type { Feed } from '../../../core/model/tenant.ts';
import { transformer } from '../../../core/pipeline/transform.ts';

const table = defineTable({ name: 't', columns: { id: 'text', n: 'int' }, partitionKey: ['id'] });
const feedOf = (transform: unknown) => ({ name: 'f', description: '', formats: ['csv'], table, transform }) as Feed;
const rows = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ position: at + 1, values: { n: at + 1 }, raw: `raw ${at + 1}` }));

/** What becomes of one record by a transform. */
function outcome(transform: unknown) {
  const { transformed, rejected } = transformer(feedOf(transform), { tenant: 'acme', origin: 's3://b/f/k' })(rows(1));
  expect(transformed.length + rejected.length).toBe(1);
  return transformed[0]?.outputs ?? rejected[0];
}

describe('a transform may', () => {
  test.each([
    ['return a row', () => ({ id: 'a' }), [{ id: 'a' }]],
    ['return several rows', () => [{ id: 'a' }, { id: 'b', n: 1 }], [{ id: 'a' }, { id: 'b', n: 1 }]],
    ['return null to drop the record', () => null, []],
    ['return an empty list to drop the record', () => [], []],
    ['return an object without a prototype', () => Object.assign(Object.create(null), { id: 'a' }), [{ id: 'a' }]],
    ['delete a cell', () => ({ id: 'a', n: null }), [{ id: 'a', n: null }]],
  ])('%s', (_, transform, outputs) => {
    expect(outcome(transform)).toEqual(outputs);
  });
});

test('a rejection carries place, text and column', () => {
  expect(outcome(() => ({ id: 'a', n: 1.5 }))).toMatchObject({
    position: 1,
    stage: 'transform',
    code: 'SLU-2004',
    column: 'n',
    raw: 'raw 1',
  });
});

test('a transform is told where its record comes from', () => {
  const seen: unknown[] = [];
  outcome((_: unknown, context: unknown) => {
    seen.push(context);
    return null;
  });
  expect(seen).toEqual([{ tenant: 'acme', feed: 'f', position: 1, origin: 's3://b/f/k' }]);
});

test('a promise that fails ends no process', async () => {
  let unhandled = 0;
  const count = () => unhandled++;
  process.on('unhandledRejection', count);
  expect(outcome(() => Promise.reject(new Error('later')))).toMatchObject({ code: 'SLU-2007' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', count);
  expect(unhandled).toBe(0);
});

test('a slow stretch of rows costs no row: each that ends alone in time is kept, in its order', () => {
  const slow = feedOf(() => {
    const until = performance.now() + 5;
    while (performance.now() < until);
    return { id: 'a' };
  });
  const patience = { first: 300, least: 300, most: 1 };
  const { transformed, rejected } = transformer(slow, { tenant: 'acme', origin: '' }, patience)(rows(100));
  expect(rejected).toEqual([]);
  expect(transformed.map(({ row }) => row.position)).toEqual(rows(100).map(({ position }) => position));
});

test('time that runs out just when the last row is done costs nothing', () => {
  const patience = { first: 2, least: 2, most: Number.POSITIVE_INFINITY };
  for (let length = 1.6; length < 2.2; length += 0.005) {
    const feed = feedOf(() => {
      const until = performance.now() + length;
      while (performance.now() < until);
      return { id: 'a' };
    });
    const { transformed, rejected } = transformer(feed, { tenant: 'acme', origin: '' }, patience)(rows(1));
    expect(transformed.length + rejected.length).toBe(1);
  }
});
