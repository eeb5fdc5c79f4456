import { expect, test } from 'vitest';
import { ratio, spread } from '../../bench/figures.ts';

test('the median of rounds is the one in the middle, or between the two in the middle', () => {
  expect(spread([5, 1, 9])).toEqual({ median: 5, min: 1, max: 9, rounds: 3 });
  expect(spread([4, 1, 9, 2])).toEqual({ median: 3, min: 1, max: 9, rounds: 4 });
  expect(spread([])).toBeNull();
});

test('ratios are taken within a round, so that a machine that slows down changes none of them', () => {
  const ones = [100, 50, 10].map((value, index) => ({ round: index + 1, value }));
  const others = [50, 25, 5].map((value, index) => ({ round: index + 1, value }));
  expect(ratio(ones, others)).toEqual({ median: 2, min: 2, max: 2, rounds: 3 });
});

test('a round in which only one was measured does not count', () => {
  expect(
    ratio(
      [
        { round: 1, value: 4 },
        { round: 2, value: 9 },
      ],
      [{ round: 2, value: 3 }],
    )?.median,
  ).toBe(3);
  expect(ratio([{ round: 1, value: 4 }], [{ round: 2, value: 3 }])).toBeNull();
});
