import { describe, expect, test } from 'vitest';
import type { Row } from '../../../core/model/row.ts';
import { defineTable } from '../../../core/model/table.ts';
import type { Feed } from '../../../core/model/tenant.ts';
import { transformer } from '../../../core/pipeline/transform.ts';

const table = defineTable({ name: 'things', columns: { id: 'text', size: 'int' }, partitionKey: ['id'] });
const rowsOf = (...ids: string[]): Row[] => ids.map((id, at) => ({ position: at + 1, values: { id }, raw: id }));

/** Runs rows through a transform that does something odd for the row `odd`. */
function run(
  odd: (row: { id: string }) => unknown,
  rows = rowsOf('a', 'odd', 'b'),
  patience = { first: 41, least: 20, most: 3 },
) {
  const transform = ((fields) => {
    const row = { id: fields.text('id') };
    return row.id.startsWith('odd') ? odd(row) : row;
  }) as Feed['transform'];
  const feed: Feed = { name: 'things', description: '', formats: ['csv'], table, transform };
  return transformer(feed, { tenant: 't', origin: 'test' }, patience)(rows);
}

const forever = () => {
  for (;;);
};
const cyclic: Record<string, unknown> = { id: 'c' };
cyclic.size = cyclic;
const fail = (thrown: unknown) => () => {
  throw thrown;
};

const ODD: readonly [what: string, odd: (row: { id: string }) => unknown, code: string, message: RegExp][] = [
  ['throws', fail(new Error('no such airport')), 'SLU-2006', /Error: no such airport$/],
  ['throws a text', fail('no'), 'SLU-2006', /: no$/],
  ['throws nothing', fail(undefined), 'SLU-2006', /: undefined$/],
  ['throws a symbol', fail(Symbol('no')), 'SLU-2006', /Symbol\(no\)/],
  ['throws what cannot be shown', fail(Object.create(null)), 'SLU-2006', /cannot be shown/],
  ['throws an endless text', fail(new Error('x'.repeat(1_000_000))), 'SLU-2006', /^.{900,1100}…$/],
  [
    'calls itself without end',
    function again(row): unknown {
      return again(row);
    },
    'SLU-2006',
    /RangeError/,
  ],
  ['returns undefined', () => undefined, 'SLU-2007', /nothing \(return null to drop/],
  ['returns a number', () => 7, 'SLU-2007', /a number/],
  ['returns a text', () => 'row', 'SLU-2007', /a string/],
  ['returns a list in a list', (row) => [[row]], 'SLU-2007', /a list inside a list/],
  ['returns a list with a hole', (row) => [row, undefined], 'SLU-2007', /nothing/],
  ['returns an object of a class', () => new Map([['id', 'x']]), 'SLU-2007', /an object of a class/],
  ['returns a promise', async (row) => row, 'SLU-2007', /a promise; a transform does not wait/],
  ['returns a promise that fails', async () => fail(new Error('late'))(), 'SLU-2007', /a promise/],
  ['returns an object without the key', () => ({ size: 1 }), 'SLU-2003', /"id"/],
  ['returns an unknown column', (row) => ({ ...row, colour: 'red' }), 'SLU-2005', /"colour"; things has id, size/],
  ['returns a wrong type', (row) => ({ ...row, size: '1' }), 'SLU-2004', /"size" \(int\): "1" is not a whole number/],
  ['returns a bigint in an object', (row) => ({ ...row, size: { n: 1n } }), 'SLU-2004', /\{"n":"1"\}/],
  ['returns an object in a circle', () => cyclic, 'SLU-2004', /cannot hold/],
  ['returns one good and one bad row', (row) => [row, {}], 'SLU-2003', /"id"/],
  ['never returns', forever, 'SLU-2010', /did not return within 0.041 s/],
  [
    'never returns and catches all',
    () => {
      for (;;)
        try {
          forever();
        } catch {
        } finally {
          forever();
        }
    },
    'SLU-2010',
    /did not return/,
  ],
  ['backtracks for ages', () => /^(a|a)+$/.test(`${'a'.repeat(50)}b`), 'SLU-2010', /did not return/],
];

describe('a transform that', () => {
  test.each(ODD)('%s rejects its row, and the rows beside it are loaded', (_, odd, code, message) => {
    const { transformed, rejected, refusal } = run(odd);
    expect(transformed.map(({ row }) => row.raw)).toEqual(['a', 'b']);
    expect(rejected).toMatchObject([{ position: 2, stage: 'transform', code, raw: 'odd' }]);
    expect(rejected[0]?.message).toMatch(message);
    expect(refusal).toBeUndefined();
  });

  test('waits is not even called, because a loop of awaits could not be interrupted', () => {
    let called = 0;
    const transform = (async () => {
      called++;
    }) as unknown as Feed['transform'];
    const feed: Feed = { name: 'things', description: '', formats: ['csv'], table, transform };
    const { rejected } = transformer(feed, { tenant: 't', origin: 'test' })(rowsOf('a', 'b'));
    expect(rejected.map(({ code }) => code)).toEqual(['SLU-2007', 'SLU-2007']);
    expect(called).toBe(0);
  });

  test('never returns for many rows is given up: the time of a function is not spent on it', () => {
    const { transformed, rejected, refusal } = run(forever, rowsOf('odd1', 'a', 'odd2', 'odd3', 'b', 'odd4'));
    expect(transformed.map(({ row }) => row.raw)).toEqual(['a']);
    expect(rejected.map(({ raw, message }) => [raw, message.match(/[\d.]+ s/)?.[0]])).toEqual([
      ['odd1', '0.041 s'],
      ['odd2', '0.021 s'],
      ['odd3', '0.02 s'],
    ]);
    expect(refusal).toMatchObject({ code: 'SLU-2010', message: expect.stringContaining('given up at record 4') });
  });
});
