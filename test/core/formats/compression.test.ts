import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decompress } from '../../../core/formats/compression.ts';
import { Unreadable } from '../../../core/formats/format.ts';
import { readRecords } from '../../../core/formats/readers.ts';
import type { Compression } from '../../../core/model/formats.ts';
import { type Cuts, cut, cuts, stream } from '../../support/bytes.ts';
import { storedBytes } from '../../support/stored.ts';

const unpack = async (pieces: readonly Uint8Array[], compression: Compression): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const part of decompress(stream(...pieces), compression)) parts.push(part);
  return Buffer.concat(parts).toString();
};

/** What comes out, or the code of the refusal. */
const outcome = (bytes: Uint8Array, compression: Compression, places: Cuts = []) =>
  unpack(cut(bytes, places), compression).catch((error: unknown) => {
    if (error instanceof Unreadable) return error.code;
    throw error;
  });

const compress = {
  gzip: (text: string) => gzipSync(text),
  zstd: (text: string) => zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: text.length % 2 } }),
} as const;
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.nat(50_000).map((length) => 'ab\n'.repeat(length)),
);

describe.each(['gzip', 'zstd'] as const)('%s data', (compression) => {
  const pack = compress[compression];

  test('comes out whole, all of its members or frames, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), cuts, async (texts, places) => {
        const bytes = Buffer.concat(texts.map(pack));
        const some = places === 'every byte' && bytes.length > 500 ? [] : places;
        expect(await outcome(bytes, compression, some)).toBe(texts.join(''));
      }),
      { numRuns: 60 },
    );
  });

  test('that is cut off anywhere is refused, but between two members or frames, where nobody could tell', async () => {
    const [one, two] = [pack('one\n'.repeat(40)), pack('two\n'.repeat(40))];
    const bytes = Buffer.concat([one, two]);
    for (let end = 1; end < bytes.length; end++) {
      const expected = end === one.length ? 'one\n'.repeat(40) : 'SLU-3021';
      expect([end, await outcome(bytes.subarray(0, end), compression)]).toEqual([end, expected]);
      expect([end, await outcome(bytes.subarray(0, end), compression, 'every byte')]).toEqual([end, expected]);
    }
  });

  test.each([
    ['text', Buffer.from('more\n')],
    ['zeros', Buffer.alloc(512)],
    ['a zero and a member', Buffer.concat([Buffer.alloc(1), pack('lost\n')])],
    ['one byte', Buffer.from([0x1f])],
  ])('with %s behind its end is refused, in the same piece or in the next', async (_, more) => {
    const bytes = Buffer.concat([pack('whole\n'), more]);
    for (const places of [[], [bytes.length - more.length], 'every byte'] as const)
      expect(await outcome(bytes, compression, places)).toBe('SLU-3021');
  });

  test('that is damaged gives a refusal or all of its bytes, never an end before the end', async () => {
    const whole = Array.from({ length: 500 }, (_, index) => `${index},value ${index % 7}\n`).join('');
    const bytes = pack(`${whole}!`);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] as number) ^ change;
        // Some bytes of a header say nothing of the content, such as the time in that of gzip.
        expect(['SLU-3021', 'SLU-3022', 'SLU-3024', `${whole}!`]).toContain(await outcome(damaged, compression));
      }),
      { numRuns: 300 },
    );
  });

  test('of a bomb is refused before it has come out', async () => {
    const bomb = pack('\0'.repeat(40_000_000));
    let unpacked = 0;
    const all = async () => {
      for await (const bytes of decompress(stream(bomb), compression)) unpacked += bytes.length;
    };
    await expect(all()).rejects.toMatchObject({ code: 'SLU-3022' });
    expect(unpacked).toBeLessThan(20_000_000);
  });

  test('whose source fails gives that failure', async () => {
    const failing = async function* () {
      yield pack('abc'.repeat(10_000)).subarray(0, 20);
      throw new RangeError('the source');
    };
    const all = async () => {
      for await (const _ of decompress(failing(), compression));
    };
    await expect(all()).rejects.toThrow(RangeError);
  });
});

describe('zstd data', () => {
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

  test('may have frames to skip before, between and behind others', async () => {
    const bytes = Buffer.concat([skippable, compress.zstd('a'), skippable, compress.zstd('b'), skippable]);
    expect(await outcome(bytes, 'zstd')).toBe('ab');
    expect(await outcome(bytes, 'zstd', 'every byte')).toBe('ab');
    expect(await outcome(bytes.subarray(0, -1), 'zstd')).toBe('SLU-3021');
  });

  test('that needs a dictionary is refused', async () => {
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 3, 0x19, 0, 0, 65, 66, 67]);
    expect(await outcome(frame, 'zstd')).toBe('SLU-3024');
  });
});

describe('a file', () => {
  const read = async (
    bytes: Uint8Array,
    compression: Compression | null,
    among: readonly { format: 'csv' | 'ndjson' }[],
  ) => {
    const rows: unknown[] = [];
    const signal = new AbortController().signal;
    for await (const { items, refusal } of readRecords(
      storedBytes(bytes, 3),
      { among, compression },
      { maxRecord: 100 },
      signal,
    )) {
      for (const item of items) rows.push('values' in item ? item.values : item.code);
      if (refusal) rows.push(refusal.code);
    }
    return rows;
  };
  const csv = [{ format: 'csv' }] as const;

  test('is decompressed as its content says, whatever its extension leaves out', async () => {
    for (const compression of ['gzip', 'zstd'] as const)
      for (const named of [compression, null])
        expect(await read(compress[compression]('x\n1\n'), named, csv)).toEqual([{ x: '1' }]);
  });

  test('that is not compressed as its extension says is refused', async () => {
    expect(await read(Buffer.from('x\n1\n'), 'gzip', csv)).toEqual(['SLU-3020']);
    expect(await read(compress.gzip('x\n1\n'), 'zstd', csv)).toEqual(['SLU-3020']);
  });

  test('that has no extension is read as the only format of the feed, and refused where there are several', async () => {
    expect(await read(Buffer.from('x\n1\n'), null, csv)).toEqual([{ x: '1' }]);
    expect(await read(Buffer.from('x\n1\n'), null, [{ format: 'csv' }, { format: 'ndjson' }])).toEqual(['SLU-3002']);
  });

  test('that is compressed twice is no text', async () => {
    expect(await read(compress.gzip(compress.gzip('x\n1\n').toString('latin1')), 'gzip', csv)).toEqual(['SLU-3006']);
  });
});
