import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Latency,
  mergeLatency,
  noLatency,
  observe,
  quantile,
  RELATIVE_ERROR,
} from '../../../core/model/latency.ts';

const latencyOf = (values: readonly number[]): Latency => {
  const latency = noLatency();
  for (const value of values) observe(latency, value);
  return latency;
};

/** From a message that is stored at once to one that waited for a year. */
const times = fc.array(fc.integer({ min: 0, max: 365 * 86_400_000 }), { minLength: 1, maxLength: 300 });

test('a quantile is within the relative error of the true one', () => {
  fc.assert(
    fc.property(times, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
      const sorted = values.toSorted((a, b) => a - b);
      const truth = Math.max(1, sorted[Math.ceil(q * sorted.length) - 1] ?? expect.fail());
      const told = quantile(latencyOf(values), q, values.length) ?? expect.fail();
      expect(Math.abs(Math.max(1, told) - truth)).toBeLessThanOrEqual(RELATIVE_ERROR * truth * 1.000001);
    }),
  );
});

test('parts that are merged, in any order, are the whole', () => {
  fc.assert(
    fc.property(fc.array(times, { minLength: 1, maxLength: 5 }), (parts) => {
      const merged = noLatency();
      for (const part of parts.toReversed()) mergeLatency(merged, latencyOf(part));
      expect(merged).toEqual(latencyOf(parts.flat()));
    }),
  );
});

test('however many values there are, there are few buckets', () => {
  const latency = noLatency();
  for (let value = 1; value < 365 * 86_400_000; value *= 1.01) observe(latency, value);
  expect(Object.keys(latency.buckets ?? {}).length).toBeLessThan(250);
});

test('what was counted before there were buckets makes quantiles unknown, and nothing else', () => {
  const latency = latencyOf([10, 20]);
  mergeLatency(latency, { min: 5, max: 500, sum: 505 });
  expect(latency).toMatchObject({ min: 5, max: 500, sum: 535 });
  expect(quantile(latency, 0.95, 4)).toBeNull();
  expect(quantile(latencyOf([]), 0.95, 0)).toBeNull();
});
