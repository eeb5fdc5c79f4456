import { expect, test } from 'vitest';
import { barChart } from '../../bench/charts.ts';

test('a plot tells in words what it shows', () => {
  const bar = { label: 'sluice & co', value: 43_210.4, min: 40_000, max: 45_000, ours: true };
  const { text, svg } = barChart('files', 'Files', 'rows/s', [bar]);
  expect(text).toBe('Files, rows/s: sluice & co 43,210.');
  expect(svg).toContain('<desc id="text">Files, rows/s: sluice &amp; co 43,210.</desc>');
});
