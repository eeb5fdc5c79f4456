import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRejection, type Refusal } from '../../../core/formats/format.ts';
import { readRecords } from '../../../core/formats/readers.ts';
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

describe('a file that is broken', () => {
  const refusals = ['SLU-3009', 'SLU-3020', 'SLU-3023', 'SLU-3024', 'SLU-3025'];

  test.each([
    ['cut off in its metadata', (bytes: Buffer) => bytes.subarray(0, -20), 'SLU-3023'],
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
