import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { ConvertedType, ParquetType } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { isRejection, type Refusal, Unreadable } from '../../../core/formats/format.ts';
import type { Cursor } from '../../../core/formats/parquet/columns.ts';
import { decodeValues, readerOf, runs } from '../../../core/formats/parquet/decode.ts';
import { assembler } from '../../../core/formats/parquet/records.ts';
import { Broken, converterOf } from '../../../core/formats/parquet/values.ts';
import { readRecords } from '../../../core/formats/readers.ts';
import { TransientError } from '../../../core/model/errors.ts';
import type { ParquetSettings } from '../../../core/model/formats.ts';
import { ExactNumber, type Rejection, type Row } from '../../../core/model/row.ts';
import { storedBytes } from '../../support/stored.ts';

const folder = join(import.meta.dirname, 'parquet');
const bytesOf = (name: string): Buffer => readFileSync(join(folder, name));
const files = readdirSync(folder).filter((name) => name.endsWith('.parquet'));

const read = async (
  bytes: Uint8Array,
  settings: Partial<ParquetSettings> = {},
  pieceSize?: number,
  maxRecord = 65_536,
) => {
  const format = { among: [{ format: 'parquet', ...settings } as const], compression: null };
  const items: (Row | Rejection)[] = [];
  let refusal: Refusal | undefined;
  const signal = new AbortController().signal;
  for await (const chunk of readRecords(storedBytes(bytes, pieceSize), format, { maxRecord }, signal)) {
    items.push(...chunk.items);
    refusal = chunk.refusal;
  }
  return { items, refusal, values: items.map((item) => (isRejection(item) ? item : item.values)) };
};

/** As make.py writes what JSON has no word for. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { number: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof ExactNumber) return { decimal: value.text };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

const expectedOf = (name: string): unknown[] =>
  readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a file of another writer', () => {
  const truth = (name: string) => `${/^(types|nested|int96)/.exec(name)?.[0] ?? 'codecs'}.ndjson`;

  test.each(files)('gives every value exactly: %s', async (name) => {
    const { values, items, refusal } = await read(bytesOf(name));
    expect(refusal).toBeUndefined();
    expect(values.map(plain)).toEqual(expectedOf(truth(name)));
    expect(items.map(({ position }) => position)).toEqual(items.map((_, index) => index + 1));
  });

  test('gives the same in whatever pieces its parts come', async () => {
    for (const name of ['types.parquet', 'nested-v1.parquet'])
      expect(await read(bytesOf(name), {}, 1)).toEqual(await read(bytesOf(name)));
  });
});

test('any instant and any day is written as a date writes it', () => {
  const convert = (converted_type: ConvertedType, raw: unknown) =>
    (converterOf({ name: 'x', type: 'INT64', converted_type }, { format: 'parquet' }) as (raw: unknown) => unknown)(
      raw,
    );
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), fc.nat(999), (date, micros) => {
      const text = date.toISOString().replace('.000Z', 'Z');
      const millis = BigInt(date.getTime());
      expect(convert('TIMESTAMP_MILLIS', millis)).toBe(text);
      if (micros > 0 && millis < 8_640_000_000_000_000n)
        expect(convert('TIMESTAMP_MICROS', millis * 1000n + BigInt(micros))).toBe(
          date.toISOString().replace('Z', `${String(micros).padStart(3, '0')}Z`),
        );
      const [day] = text.split('T');
      expect(convert('DATE', Math.floor(date.getTime() / 86_400_000))).toBe(day);
    }),
    { numRuns: 500 },
  );
  expect(convert('TIMESTAMP_MILLIS', 8_640_000_000_001_000n)).toBeInstanceOf(Broken);
  expect(convert('TIMESTAMP_MILLIS', -8_640_000_000_000_001n)).toBeInstanceOf(Broken);
  expect(convert('TIMESTAMP_MILLIS', 2n ** 63n - 1n)).toBeInstanceOf(Broken);
});

describe('a row', () => {
  test('has as its text JSON with all digits', async () => {
    const { items } = await read(bytesOf('types.parquet'));
    expect(items[1]?.raw).toContain('"int64":9223372036854775807,"uint8":0');
    expect(items[0]?.raw).toContain('"bytes":"0xff00"');
    expect(items[0]?.raw).toContain('"decimal128":"123456789012345678.12345678901234567890"');
    expect(() => JSON.parse(items[0]?.raw as string)).not.toThrow();
  });

  test('that is larger than the largest record is rejected', async () => {
    const { items } = await read(bytesOf('nested-v2.parquet'), {}, undefined, 300);
    const rejected = items.filter(isRejection);
    expect(rejected[0]).toMatchObject({ code: 'SLU-2009', message: 'the record is longer than 300 characters' });
    expect(items).toHaveLength(305);
    expect(rejected.length).toBeLessThan(items.length);
  });
});

test('a key of a map may be any JSON, and one that is broken rejects its record', () => {
  /** A column of one map's keys or values. */
  const column = (values: readonly unknown[]): Cursor => {
    let at = 0;
    return {
      ready: async () => 1,
      defined: () => (at < values.length ? 1 : -1),
      repeated: () => (at > 0 && at < values.length ? 1 : 0),
      take: () => values[at++],
      skip: () => at++,
      pass: () => {},
    };
  };
  const leaf = (index: number) => ({ kind: 'leaf', name: '', defined: 1, leaf: index }) as const;
  const map = { kind: 'map', name: 'm', defined: 0, repeated: 1, key: leaf(0), value: leaf(1) } as const;
  const mapOf = (...keys: unknown[]) => assembler([map], [column(keys), column(keys.map(() => 'v'))])(1)[0]?.m;
  expect(mapOf({ toString: 1 }, 2n, null)).toEqual({ '{"toString":1}': 'v', 2: 'v', null: 'v' });
  expect(mapOf({ a: 1 }, { a: 1 })).toMatchObject({ code: 'SLU-2011' });
  const broken = new Broken('SLU-3006', 'bytes that are not UTF-8');
  expect(mapOf('a', broken, 'b')).toBe(broken);
});

describe('a file that is broken', () => {
  const refusals = ['SLU-3009', 'SLU-3020', 'SLU-3023', 'SLU-3024', 'SLU-3025'];

  test.each([
    ['cut off in its metadata', (bytes: Buffer) => bytes.subarray(0, -20), 'SLU-3023'],
    ['behind another one', (bytes: Buffer) => Buffer.concat([bytes, bytes]), 'SLU-3023'],
    ['behind two others', (bytes: Buffer) => Buffer.concat([bytesOf('types.parquet'), bytes, bytes]), 'SLU-3023'],
    ['cut off at its start', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4), bytes.subarray(900)]), 'SLU-3023'],
    ['only its first bytes', (bytes: Buffer) => bytes.subarray(0, 4), 'SLU-3023'],
    ['of other content', () => Buffer.from('id,name\n1,a\n'), 'SLU-3020'],
    ['encrypted', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -4), Buffer.from('PARE')]), 'SLU-3024'],
    ['of metadata without end', (bytes: Buffer) => with32(bytes, bytes.length - 8, 2 ** 31 - 1), 'SLU-3025'],
    ['of more metadata than bytes', (bytes: Buffer) => with32(bytes, bytes.length - 8, bytes.length), 'SLU-3023'],
  ])('%s is refused', async (_, broken, code) => {
    const { items, refusal } = await read(broken(bytesOf('codec-snappy.parquet')));
    expect({ items, code: refusal?.code }).toEqual({ items: [], code });
  });

  test('in a page whose checksum tells is refused', async () => {
    const bytes = Buffer.from(bytesOf('nested-v2.parquet'));
    const at = bytes.indexOf('299') + 1;
    bytes[at] = 0x38;
    const { refusal } = await read(bytes);
    expect(refusal).toMatchObject({ code: 'SLU-3023', message: expect.stringContaining('checksum') });
  });

  test('in the type of a page’s size is refused', async () => {
    const bytes = Buffer.from(bytesOf('types.parquet'));
    // Behind the magic: the page's kind, as an i32, and the field with its size, as another.
    expect([bytes[4], bytes[6]]).toEqual([0x15, 0x15]);
    bytes[6] = 0x16;
    const { items, refusal } = await read(bytes);
    expect({ items, code: refusal?.code }).toEqual({ items: [], code: 'SLU-3023' });
  });

  test('anywhere gives rows or a refusal, soon and without an exception', async () => {
    const small = files.filter((name) => !name.startsWith('nested'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...small),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        // The metadata is a small part of most files, and the one that can do most harm.
        fc.boolean(),
        async (name, changes, inMetadata) => {
          const bytes = Buffer.from(bytesOf(name));
          const start = inMetadata ? bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8) : 0;
          for (const [where, value] of changes) bytes[start + Math.floor(where * (bytes.length - 1 - start))] = value;
          const { refusal } = await read(bytes);
          if (refusal) expect(refusals).toContain(refusal.code);
        },
      ),
      { numRuns: 1500 },
    );
  });
});

const with32 = (bytes: Buffer, at: number, value: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed.writeUInt32LE(value, at);
  return changed;
};

describe('a file that asks for more than it has', () => {
  /** Compact Thrift: a list of as many structs, of which there is none. */
  const list = (size: number): number[] => {
    const bytes = [0x19, 0xfc];
    for (let left = size; ; left = Math.floor(left / 128)) {
      bytes.push((left % 128) | (left >= 128 ? 0x80 : 0));
      if (left < 128) return bytes;
    }
  };
  const fileOf = (metadata: readonly number[]): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(metadata.length);
    return Buffer.concat([Buffer.from('PAR1'), Buffer.from(metadata), length, Buffer.from('PAR1')]);
  };

  test('by a list in its metadata is refused before there is room made for it', async () => {
    for (const size of [1000, 2 ** 31 - 1, 2 ** 40]) {
      const { refusal } = await read(fileOf(list(size)));
      expect(refusal).toMatchObject({ code: 'SLU-3023' });
    }
  });

  test('by structs inside of each other is refused', async () => {
    const { refusal } = await read(fileOf(Array.from({ length: 100_000 }, () => 0x1c)));
    expect(refusal).toMatchObject({ code: 'SLU-3023', message: expect.stringContaining('too deep a nesting') });
  });

  test('by a run of levels or places that is longer than its page gets as many as there are', () => {
    // A run of 2^30 times the value 1.
    const endless = readerOf(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x08, 1));
    expect([...runs(endless, 1, 3)]).toEqual([1, 1, 1]);
    expect(() => runs(readerOf(Uint8Array.of(0, 0, 0, 0)), 1, 3)).toThrow('a run of nothing');
    expect(() => runs(readerOf(Uint8Array.of(3)), 1, 3)).toThrow(RangeError);
  });

  test('by more values than its bytes can hold is refused', () => {
    const decode = (encoding: string, type: ParquetType, count: number) => () =>
      decodeValues(readerOf(new Uint8Array(64)), encoding, count, { name: 'x', type });
    expect(decode('PLAIN', 'INT64', 9)).toThrow('fewer values than it says');
    expect(decode('PLAIN', 'BYTE_ARRAY', 17)).toThrow('fewer values than it says');
    expect(decode('BYTE_STREAM_SPLIT', 'DOUBLE', 9)).toThrow('fewer values than it says');
    expect(decode('PLAIN', 'BYTE_ARRAY', 100_000_000)).toThrow(Unreadable);
    expect(decode('DELTA_BINARY_PACKED', 'INT64', 100_000_000)).toThrow(Unreadable);
  });

  test('by prefixes that unfold is refused', () => {
    // 40,000 values, each the one before and one byte more: 800 MB out of 40 KB.
    const count = 40_000;
    const prefixes = deltas(count, 1);
    const suffixes = deltas(count, 0, 1);
    const page = Uint8Array.from([...prefixes, ...suffixes, ...new Array(count).fill(65)]);
    const decode = () => decodeValues(readerOf(page), 'DELTA_BYTE_ARRAY', count, { name: 'x', type: 'BYTE_ARRAY' });
    expect(decode).toThrow(Unreadable);
  });
});

/** A DELTA_BINARY_PACKED page of whole numbers that grow by the same each time: blocks without bits. */
function deltas(count: number, step: number, first = 0): number[] {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) | 0x80, ...varint(Math.floor(value / 128))];
  const blocks = Array.from({ length: Math.ceil((count - 1) / 128) }, () => [...varint(step * 2), 0, 0, 0, 0]);
  return [...varint(128), 4, ...varint(count), ...varint(first * 2), ...blocks.flat()];
}

test('a store that fails while parts are read fails the reading, and is no refusal', async () => {
  const bytes = bytesOf('codec-none.parquet');
  for (const good of [0, 1, 2, 3]) {
    let opened = 0;
    const stored = storedBytes(bytes);
    const failing = {
      ...stored,
      open: (signal: AbortSignal, range?: { start: number; end: number }) => {
        if (range && opened++ >= good) throw new TransientError('SLU-5002', 'the store does not answer');
        return stored.open(signal, range);
      },
    };
    const all = async () => {
      const format = { among: [{ format: 'parquet' } as const], compression: null };
      for await (const _ of readRecords(failing, format, { maxRecord: 1000 }, new AbortController().signal));
    };
    await expect(all()).rejects.toThrow(TransientError);
  }
});
