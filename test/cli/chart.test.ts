import { expect, test } from 'vitest';
import { plot } from '../../cli/chart.ts';

test('a series stands as blocks in proportion to its greatest value, which is at the axis', () => {
  expect(plot({ title: 'lag', values: [0, 1, 2, 4, 8, 16], unit: ' s' }, 80, 2)).toEqual([
    'lag',
    '16 s │     █',
    '   0 │ ▁▂▄██',
  ]);
});

test('columns that share values show the greatest, and what is there at all shows', () => {
  expect(plot({ title: 't', values: [0, 0, 1000, 1, 0, 0] }, 3, 1)).toEqual(['t', '1,000 │ █']);
  expect(plot({ title: 't', values: [1000, 1] }, 80, 1)).toEqual(['t', '1,000 │█▁']);
});

test('nothing at all is an empty chart', () => {
  expect(plot({ title: 't', values: [0, 0] }, 80, 2)).toEqual(['t', '0 │', '0 │']);
});
