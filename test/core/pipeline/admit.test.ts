import { expect, test } from 'vitest';
import { admit } from '../../../core/pipeline/admit.ts';
import { jsonOnly, limits, readings, tenantOf } from '../../support/tenant.ts';

const tenant = tenantOf();
const verdict = (key: string, size = 1) => {
  const answer = admit(tenant, key, size);
  return 'code' in answer ? answer.code : [answer.feed.name, ...answer.format.among.map(({ format }) => format)];
};

test('a file is taken by the feed that its first folder names and the format of its extension', () => {
  expect(verdict('readings/a.csv')).toEqual([readings.name, 'csv']);
  expect(verdict('readings/2026/01/a.b.NDJSON')).toEqual([readings.name, 'ndjson']);
  expect(verdict('events/a.jsonl')).toEqual([jsonOnly.name, 'ndjson']);
});

test('an extension of compression stands behind that of the format', () => {
  for (const [key, compression] of [
    ['readings/a.csv.gz', 'gzip'],
    ['readings/a.CSV.ZST', 'zstd'],
    ['readings/a.csv', null],
  ] as const)
    expect(admit(tenant, key, 1)).toMatchObject({ format: { among: [{ format: 'csv' }], compression } });
});

test('a key without an extension may be any format of its feed, which its content must tell', () => {
  expect(verdict('readings/part-00000')).toEqual([readings.name, 'csv', 'ndjson']);
  expect(verdict('readings/2026.01/part-00000.gz')).toEqual([readings.name, 'csv', 'ndjson']);
});

test('a feed may have several formats with extensions of their own, of which the longest that fits counts', () => {
  const formats = ['csv', { format: 'csv', delimiter: '|', extensions: ['.psv', '.old.csv'] }] as const;
  const other = tenantOf({}, [{ ...readings, formats }]);
  const delimiterOf = (key: string) => {
    const answer = admit(other, key, 1);
    return 'code' in answer ? answer.code : answer.format.among;
  };
  expect(delimiterOf('readings/a.csv')).toEqual([{ format: 'csv' }]);
  expect(delimiterOf('readings/a.psv')).toEqual([formats[1]]);
  expect(delimiterOf('readings/a.old.csv')).toEqual([formats[1]]);
});

test.each([
  ['a feed that is not there', 'reading/a.csv', 1, 'SLU-3001'],
  ['no folder', 'readings.csv', 1, 'SLU-3001'],
  ['a leading slash', '/readings/a.csv', 1, 'SLU-3001'],
  ['a name that every object has', 'constructor/a.csv', 1, 'SLU-3001'],
  ['an empty key', '', 1, 'SLU-3001'],
  ['an unknown extension', 'readings/a.txt', 1, 'SLU-3002'],
  ['no extension but that of compression, behind one that is unknown', 'readings/a.txt.gz', 1, 'SLU-3002'],
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
