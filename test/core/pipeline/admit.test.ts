import { expect, test } from 'vitest';
import { admit } from '../../../core/pipeline/admit.ts';
import { jsonOnly, limits, readings, tenantOf } from '../../support/tenant.ts';

const tenant = tenantOf();
const verdict = (key: string, size = 1) => {
  const answer = admit(tenant, key, size);
  return 'code' in answer ? answer.code : [answer.feed.name, answer.format];
};

test('a file is taken by the feed that its first folder names and the format of its extension', () => {
  expect(verdict('readings/a.csv')).toEqual([readings.name, 'csv']);
  expect(verdict('readings/2026/01/a.b.NDJSON')).toEqual([readings.name, 'ndjson']);
  expect(verdict('events/a.jsonl')).toEqual([jsonOnly.name, 'ndjson']);
});

test.each([
  ['a feed that is not there', 'reading/a.csv', 1, 'SLU-3001'],
  ['no folder', 'readings.csv', 1, 'SLU-3001'],
  ['a leading slash', '/readings/a.csv', 1, 'SLU-3001'],
  ['a name that every object has', 'constructor/a.csv', 1, 'SLU-3001'],
  ['an empty key', '', 1, 'SLU-3001'],
  ['an unknown extension', 'readings/a.txt', 1, 'SLU-3002'],
  ['no extension', 'readings/csv', 1, 'SLU-3002'],
  ['a format of another feed', 'events/a.csv', 1, 'SLU-3002'],
  ['a file without bytes', 'readings/a.csv', 0, 'SLU-3004'],
  ['a file too large', 'readings/a.csv', limits.maxFileBytes + 1, 'SLU-3003'],
])('%s is refused', (_, key, size, code) => {
  expect(verdict(key, size)).toBe(code);
});

test('the largest file allowed is taken', () => {
  expect(verdict('readings/a.csv', limits.maxFileBytes)).toEqual(['readings', 'csv']);
});

test('a refusal tells what would be taken', () => {
  expect(admit(tenant, 'readings/a.txt', 1)).toMatchObject({
    message: expect.stringContaining('.csv, .ndjson, .jsonl'),
  });
  expect(admit(tenant, 'x/a.csv', 1)).toMatchObject({ message: expect.stringContaining('readings/, events/') });
});
