import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FatalError } from '../../../core/model/errors.ts';
import { Uniqueness } from '../../../core/quality/uniqueness.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-uniqueness-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const quietly = async () => {};

/** What a set in memory says. */
function bySet(keys: readonly string[]) {
  const met = new Map<string, number>();
  const first = new Map<number, number>();
  for (const [index, key] of keys.entries()) {
    const before = met.get(key);
    if (before === undefined) met.set(key, index + 1);
    else first.set(index + 1, before);
  }
  return { count: first.size, first };
}

async function spilled(keys: readonly string[], memory: number, most = Number.POSITIVE_INFINITY) {
  const unique = new Uniqueness({ memory, folder });
  try {
    for (const [index, key] of keys.entries()) await unique.add([[key, index + 1]]);
    return { ...(await unique.duplicates(most, quietly)), files: readdirSync(folder) };
  } finally {
    await unique.close();
  }
}

describe('keys that come twice', () => {
  const keys = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c', ''), fc.string()), { maxLength: 60 });

  test('are found as by a set in memory, with memory for a few keys only', async () => {
    await fc.assert(
      fc.asyncProperty(keys, fc.integer({ min: 1, max: 400 }), async (given, memory) => {
        const { count, first } = await spilled(given, memory);
        expect({ count, first }).toEqual(bySet(given));
      }),
    );
  });

  test('are found among many, in any part', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `key ${index % 19_000}`);
    const { count, first } = await spilled(many, 36 * 1024);
    expect({ count, first }).toEqual(bySet(many));
  });

  test('are counted all, and named as far as was asked for', async () => {
    const { count, first } = await spilled(
      Array.from({ length: 50 }, () => 'one'),
      100,
      3,
    );
    expect([count, first.size]).toEqual([49, 3]);
  });
});

test('nothing is left on the disk, not even while it is used', async () => {
  const { files } = await spilled(['a', 'b', 'c', 'd'], 1);
  expect(files).toEqual([]);
});

test('a disk that cannot be written is told as what a person must mend', async () => {
  const unique = new Uniqueness({ memory: 1, folder: join(folder, 'nowhere') });
  const adding = unique.add([
    ['a', 1],
    ['b', 2],
  ]);
  await expect(adding).rejects.toThrow(FatalError);
  await expect(adding).rejects.toMatchObject({ code: 'SLU-5004' });
});
