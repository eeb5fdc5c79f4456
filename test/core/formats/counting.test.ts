import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../../core/formats/format.ts';
import { converterOf, isTold } from '../../../core/formats/parquet/values.ts';
import { readRecords } from '../../../core/formats/readers.ts';
import type { FormatSettings } from '../../../core/model/formats.ts';
import { placeOf } from '../../../core/model/row.ts';
import { bytesOf } from '../../support/bytes.ts';
import { storedBytes } from '../../support/stored.ts';

/** A pass that only counts finds as many records as a full one, at the same places and in the same chunks, and refuses the same files in the same words. */

const read = async (bytes: Uint8Array, settings: FormatSettings, counting: boolean, maxRecord = 20) => {
  const chunks: unknown[] = [];
  const placesOf = ({ items, refusal, next }: Chunk) => ({ items: items.map(placeOf), refusal, next });
  const format = { among: [settings], compression: null };
  const options = { maxRecord, counting };
  for await (const chunk of readRecords(storedBytes(bytes, 50), format, options, new AbortController().signal))
    chunks.push(placesOf(chunk));
  return chunks;
};
const expectSame = async (bytes: Uint8Array, settings: FormatSettings, maxRecord?: number) =>
  expect(await read(bytes, settings, true, maxRecord)).toEqual(await read(bytes, settings, false, maxRecord));

describe('a text', () => {
  const settings: readonly FormatSettings[] = [
    { format: 'csv' },
    { format: 'csv', multiline: false },
    { format: 'csv', columns: ['x', 'y'] },
    { format: 'csv', delimiter: '::', quote: "'", escape: '\\' },
    { format: 'csv', escape: '\\' },
    { format: 'csv', quote: null },
    { format: 'tsv' },
    { format: 'ndjson' },
    { format: 'lines' },
    { format: 'json' },
    { format: 'xml', record: 'a' },
  ];
  const piece = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }) },
    {
      weight: 20,
      arbitrary: fc
        .constantFrom(
          'a',
          'b',
          '1',
          ',',
          '::',
          '\t',
          '"',
          '""',
          "'",
          '\\',
          '\n',
          '\n',
          '\r\n',
          '\r',
          'é',
          '🦥',
          ' ',
          '{"a":1}',
        )
        .map(bytesOf),
    },
  );
  test.each(settings.map((each) => [JSON.stringify(each), each] as const))('of any content: %s', async (_, each) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('', 'x,y\n', 'x::y\n'),
        fc.array(piece, { maxLength: 60 }),
        async (head, parts) => {
          await expectSame(Buffer.concat([bytesOf(head), ...parts]), each);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('Parquet', () => {
  const folder = join(import.meta.dirname, 'parquet');
  const names = readdirSync(folder).filter((name) => name.endsWith('.parquet'));
  const fileOf = (name: string): Buffer => readFileSync(join(folder, name));

  test.each(names)('of another writer: %s', async (name) => {
    for (const maxRecord of [65_536, 300]) await expectSame(fileOf(name), { format: 'parquet' }, maxRecord);
  });

  test('that is broken anywhere', async () => {
    const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (name, changes, inMetadata) => {
          const bytes = Buffer.from(fileOf(name));
          const start = inMetadata ? bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8) : 0;
          for (const [where, value] of changes) bytes[start + Math.floor(where * (bytes.length - 1 - start))] = value;
          await expectSame(bytes, { format: 'parquet' }, 65_536);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('whose values do not fit their type is refused by both, whichever of them does not', async () => {
    const schema: SchemaElement[] = [
      { name: 'root', num_children: 1 },
      {
        name: 'n',
        type: 'DOUBLE',
        logical_type: { type: 'DECIMAL', scale: 0, precision: 9 },
        repetition_type: 'REQUIRED',
      },
    ];
    for (const data of [
      [1.5, 1],
      [1, 1.5],
    ]) {
      const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'n', data }], schema }));
      await expectSame(bytes, { format: 'parquet' });
      expect(await read(bytes, { format: 'parquet' }, true)).toMatchObject([{ refusal: { code: 'SLU-3023' } }]);
    }
  });

  test('is told by its first value whether the conversion of a column fails', () => {
    const element = fc.record({
      name: fc.constant('x'),
      type: fc.constantFrom('INT32', 'INT64', 'INT96', 'FLOAT', 'DOUBLE', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'),
      converted_type: fc.constantFrom(
        ...['UTF8', 'DECIMAL', 'DATE', 'TIME_MILLIS', 'TIME_MICROS', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS'],
        ...['UINT_32', 'UINT_64', 'JSON', 'INTERVAL', undefined],
      ),
      logical_type: fc.constantFrom(
        undefined,
        ...['UUID', 'FLOAT16', 'JSON', 'STRING', 'DATE', 'NULL'].map((type) => ({ type })),
        ...['MILLIS', 'NANOS', undefined].flatMap((unit) => [
          { type: 'TIMESTAMP', unit, isAdjustedToUTC: true },
          { type: 'TIME', unit, isAdjustedToUTC: true },
        ]),
        ...[0, 2, 2n, 'x', undefined].map((scale) => ({ type: 'DECIMAL', scale })),
        { type: 'INTEGER', isSigned: false },
      ),
    });
    const bytes = fc.uint8Array({ maxLength: 20 }).map((some) => new Uint8Array(some));
    const raw = fc.oneof(
      fc.array(bytes, { minLength: 1 }),
      fc.int32Array({ minLength: 1 }),
      fc.bigInt64Array({ minLength: 1 }),
      fc.float64Array({ minLength: 1 }),
      fc.array(fc.bigInt({ min: -(2n ** 95n), max: 2n ** 95n - 1n }), { minLength: 1 }),
      fc.array(fc.boolean(), { minLength: 1 }),
    ) as fc.Arbitrary<ArrayLike<unknown>>;
    fc.assert(
      fc.property(element, raw, (element, raw) => {
        const convert = converterOf(element as SchemaElement, { format: 'parquet' }) as (value: unknown) => unknown;
        if (!convert || !isTold(convert, raw)) return;
        const failures = Array.from(raw, (value) => {
          try {
            convert(value);
            return null;
          } catch (error) {
            return String(error);
          }
        });
        if (failures[0] === null) expect(failures.filter((failure) => failure !== null)).toEqual([]);
      }),
      { numRuns: 5000 },
    );
  });
});
