import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { isRejection } from '../../../core/formats/format.ts';
import { readRecords } from '../../../core/formats/readers.ts';
import type { Format, FormatSettings } from '../../../core/model/formats.ts';
import { bytesOf, cuts } from '../../support/bytes.ts';
import { outcomesOf, readFile } from '../../support/read-file.ts';
import { storedBytes } from '../../support/stored.ts';

/** What every format does, whatever else it can: one table of records, written in each of them, gives the same rows. */

interface Written {
  readonly id: string;
  readonly note: string;
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const delimited = (delimiter: string, records: readonly Written[]) =>
  ['id,note', ...records.map(({ id, note }) => `${id},${quoted(note)}`)]
    .map((line) => line.replace(',', delimiter))
    .join('\r\n');
const markup = (text: string) => text.replace(/[&<>"\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);

const formats: Readonly<
  Record<Exclude<Format, 'lines'>, { of: FormatSettings; write(records: readonly Written[]): string | Uint8Array }>
> = {
  csv: { of: { format: 'csv', delimiter: ';' }, write: (records) => delimited(';', records) },
  tsv: { of: { format: 'tsv' }, write: (records) => delimited('\t', records) },
  ndjson: { of: { format: 'ndjson' }, write: (records) => records.map((record) => JSON.stringify(record)).join('\n') },
  json: {
    of: { format: 'json', path: ['rows'] },
    write: (rows) => JSON.stringify({ count: rows.length, rows }, null, 1),
  },
  xml: {
    of: { format: 'xml', record: 'row' },
    write: (records) =>
      `<rows>${records.map(({ id, note }) => `<row id="${markup(id)}">\n<note>${markup(note)}</note></row>`).join('\n')}</rows>`,
  },
  parquet: {
    of: { format: 'parquet' },
    write: (records) =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: (['id', 'note'] as const).map((name) => ({
            name,
            data: records.map((record) => record[name]),
            type: 'STRING',
          })),
          rowGroupSize: 7,
        }),
      ),
  },
};

const compressions = {
  none: (bytes: Uint8Array) => bytes,
  gzip: (bytes: Uint8Array) => gzipSync(bytes),
  zstd: (bytes: Uint8Array) => zstdCompressSync(bytes),
};

const note = fc.string({
  unit: fc.constantFrom(
    'a',
    'Z',
    '0',
    ' ',
    ',',
    ';',
    '\t',
    '"',
    "'",
    '\n',
    '\r\n',
    '\\',
    '<',
    '&',
    '{',
    ']',
    'é',
    '語',
    '🦥',
    '\ufffd',
  ),
  maxLength: 10,
});
const table = fc
  .array(note, { minLength: 1, maxLength: 40 })
  .map((notes) => notes.map((note, index) => ({ id: `r${index}`, note })));

describe.each(Object.entries(formats))('%s', (_, { of, write }) => {
  const fileOf = (records: readonly Written[]): Uint8Array => {
    const content = write(records);
    return typeof content === 'string' ? bytesOf(content) : content;
  };

  test.each(Object.entries(compressions))(
    'gives the rows of a table, however its bytes are cut: compressed by %s',
    async (_, compress) => {
      await fc.assert(
        fc.asyncProperty(table, cuts, async (records, places) => {
          const { items, refusal } = await readFile(compress(fileOf(records)), of, { cuts: places });
          expect(refusal).toBeUndefined();
          expect(items.map((item) => (isRejection(item) ? item : item.values))).toEqual(records);
          expect(items.map(({ position }) => position)).toEqual(records.map((_, index) => index + 1));
        }),
        { numRuns: 60 },
      );
    },
  );

  test('rejects a record that is larger than allowed, and gives the others', async () => {
    const records = ['a', 'x'.repeat(5000), 'b'].map((note, index) => ({ id: `r${index}`, note }));
    const outcomes = await outcomesOf(fileOf(records), of, { maxRecord: 1000 });
    expect(outcomes).toEqual([records[0], 'SLU-2009', records[2]]);
  });

  test('gives from a damaged file rows, rejections or a refusal: all positions, and never an exception', async () => {
    const records = Array.from({ length: 60 }, (_, index) => ({
      id: `r${index}`,
      note: `note "${index}" <&> ${'é🦥'.repeat(index % 4)}`,
    }));
    const file = fileOf(records);
    await fc.assert(
      fc.asyncProperty(damage, cuts, async (changes, places) => {
        const bytes = changes.reduce(damaged, Buffer.from(file));
        const whole = await readFile(bytes, of, { maxRecord: 300 });
        expect(whole.items.map(({ position }) => position)).toEqual(whole.items.map((_, index) => index + 1));
        expect(whole.refusal?.code ?? 'SLU-3').toMatch(/^SLU-3/);
        expect(await readFile(bytes, of, { maxRecord: 300, cuts: places })).toEqual(whole);
      }),
      { numRuns: 150 },
    );
  });
});

interface Damage {
  readonly kind: 'set' | 'cut out' | 'repeat' | 'cut off';
  /** From 0 to 1. */
  readonly where: number;
  readonly length: number;
  readonly byte: number;
}

const damage: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('set', 'cut out', 'repeat', 'cut off'),
    where: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 40 }),
    byte: fc.oneof(fc.constantFrom(...bytesOf('"\\{}[]<>&,;:\n\r\t')), fc.nat(255)),
  }),
  { minLength: 1, maxLength: 3 },
);

function damaged(file: Buffer, { kind, where, length, byte }: Damage): Buffer {
  const at = Math.floor(where * file.length);
  const [before, after] = [file.subarray(0, at), file.subarray(at)];
  switch (kind) {
    case 'set':
      return Buffer.concat([before, Buffer.from([byte]), after.subarray(1)]);
    case 'cut out':
      return Buffer.concat([before, after.subarray(length)]);
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, length), after]);
    case 'cut off':
      return before;
  }
}

describe('lines', () => {
  test('gives each line, an empty one too, however the bytes are cut', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', ' ', '"', ',', '\r', 'é', '🦥', '\ufffd'), maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        cuts,
        async (lines, end, last, places) => {
          const whole = lines.map((text) => text.replace(/\r+$/, ''));
          const text = `${whole.join(end)}${last ? end : ''}`;
          const expected = last || whole.at(-1) !== '' ? whole : whole.slice(0, -1);
          expect(await outcomesOf(text, 'lines', { cuts: places })).toEqual(expected.map((each) => ({ line: each })));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('rejects a line that is too long, or holds bytes that are not UTF-8, and tells where it lies', async () => {
    const bytes = Buffer.concat([bytesOf(`\ufeffa\n${'x'.repeat(200)}\r\n`), Buffer.from([0xe9]), bytesOf('\nb')]);
    for (const cuts of [[], 'every byte'] as const) {
      const { items } = await readFile(bytes, 'lines', { maxRecord: 100, cuts });
      expect(items).toMatchObject([
        { position: 1, line: 1, byte: 3, values: { line: 'a' } },
        { position: 2, line: 2, byte: 5, code: 'SLU-2009' },
        { position: 3, line: 3, byte: 207, code: 'SLU-3006' },
        { position: 4, line: 4, byte: 209, values: { line: 'b' } },
      ]);
    }
  });
});

test('a file without an extension is Parquet where it begins like it, and otherwise what else the feed takes', async () => {
  const parquet = readFileSync(join(import.meta.dirname, 'parquet', 'int96.parquet'));
  const kinds = async (bytes: Uint8Array, among: readonly FormatSettings[]) => {
    const found: unknown[] = [];
    const signal = new AbortController().signal;
    for await (const { items, refusal } of readRecords(
      storedBytes(bytes),
      { among, compression: null },
      { maxRecord: 100 },
      signal,
    ))
      found.push(
        ...items.map((item) => (isRejection(item) ? item.code : Object.keys(item.values))),
        ...(refusal ? [refusal.code] : []),
      );
    return found;
  };
  const both = [{ format: 'csv' }, { format: 'parquet' }] as const;
  expect(await kinds(parquet, both)).toEqual([['ts'], ['ts'], ['ts']]);
  expect(await kinds(gzipSync(parquet), both)).toEqual([['ts'], ['ts'], ['ts']]);
  expect(await kinds(bytesOf('a,b\n1,2\n'), both)).toEqual([['a', 'b']]);
  expect(await kinds(parquet, [both[0]])).toEqual(['SLU-3020']);
});
