import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FatalError } from '../../../core/model/errors.ts';
import { type KeyStore, keysOnDisk } from '../../../core/quality/key-store.ts';
import { Uniqueness } from '../../../core/quality/uniqueness.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-uniqueness-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const keysInMemory = (): KeyStore => {
  const kept: Uint8Array[] = [];
  return {
    put: async (bytes) => String(kept.push(Uint8Array.from(bytes)) - 1),
    read: async (name, into, start) => into.set(kept[Number(name)]?.subarray(start, start + into.length) ?? []),
  };
};

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
  const store = keysOnDisk(folder);
  const unique = new Uniqueness({ memory, store });
  try {
    for (const [index, key] of keys.entries()) await unique.add([[key, index + 1]]);
    return { ...(await unique.duplicates(most, quietly)), files: readdirSync(folder) };
  } finally {
    await store.close();
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
    const { count, first } = await spilled(many, 38 * 1024);
    expect({ count, first }).toEqual(bySet(many));
  });

  test('are counted all, and the first ones named as far as was asked for', async () => {
    const { count, first } = await spilled(
      Array.from({ length: 50 }, (_, index) => `key ${index % 10}`),
      100,
      3,
    );
    expect([count, ...first]).toEqual([40, [11, 1], [12, 2], [13, 3]]);
  });
});

describe('keys of a file in parts, which other functions have added', () => {
  const keys = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c', ''), fc.string()), { maxLength: 60 });
  const cuts = fc.array(fc.nat(60), { maxLength: 6 });

  /** Each part counts its records from 1, and is gone on with by another one after as many keys as `hops` says; parts end in any order. */
  async function inParts(given: readonly string[], bounds: readonly number[], memory: number, hop: number) {
    const store = keysInMemory();
    const starts = [...new Set([0, ...bounds.filter((at) => at < given.length)])].sort((a, b) => a - b);
    const parts = starts.map(async (base, part) => {
      let state = await new Uniqueness({ memory, store }).state();
      const own = given.slice(base, starts[part + 1]);
      for (let at = 0; at < own.length; at += hop) {
        const unique = new Uniqueness({ memory, store });
        unique.merge(state, 0);
        await unique.add(own.slice(at, at + hop).map((key, index) => [key, at + index + 1] as const));
        state = JSON.parse(JSON.stringify(await unique.state()));
      }
      return { state, base };
    });
    const whole = new Uniqueness({ memory, store });
    for (const { state, base } of await Promise.all(parts)) whole.merge(state, base);
    return { found: await whole.duplicates(Number.POSITIVE_INFINITY, quietly), state: await whole.state() };
  }

  test('are found as by a set in memory, wherever the file is cut and however often it is handed over', async () => {
    await fc.assert(
      fc.asyncProperty(keys, cuts, fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 60 }), async (...of) => {
        const { found } = await inParts(...of);
        expect(found).toEqual(bySet(of[0]));
      }),
    );
  });

  test('lie in few runs, however often the state is asked for', async () => {
    const many = Array.from({ length: 3000 }, (_, index) => `key ${index % 2900}`);
    const { found, state } = await inParts(many, [1000, 2000], 38 * 100, 2);
    expect(found).toEqual(bySet(many));
    expect(state.length).toBeLessThanOrEqual(64);
  });

  test('have positions beyond 2^32', async () => {
    const store = keysInMemory();
    const part = new Uniqueness({ store });
    await part.add([['a', 2 ** 33]]);
    const whole = new Uniqueness({ store });
    for (const before of [2 ** 40, 0]) whole.merge(await part.state(), before);
    expect((await whole.duplicates(1, quietly)).first).toEqual(new Map([[2 ** 40 + 2 ** 33, 2 ** 33]]));
  });
});

test('nothing is left on the disk, not even while it is used', async () => {
  const { files } = await spilled(['a', 'b', 'c', 'd'], 1);
  expect(files).toEqual([]);
});

test('a disk that cannot be written is told as what a person must mend', async () => {
  const unique = new Uniqueness({ memory: 1, store: keysOnDisk(join(folder, 'nowhere')) });
  const adding = unique.add([
    ['a', 1],
    ['b', 2],
  ]);
  await expect(adding).rejects.toThrow(FatalError);
  await expect(adding).rejects.toMatchObject({ code: 'SLU-5004' });
});
