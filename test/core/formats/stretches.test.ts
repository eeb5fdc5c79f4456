import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../../core/formats/format.ts';
import { readRecords } from '../../../core/formats/readers.ts';
import type { Start } from '../../../core/formats/starts.ts';
import { cut } from '../../../core/formats/stretches.ts';
import type { FileFormat, FormatSettings } from '../../../core/model/formats.ts';
import type { Stretch } from '../../../core/model/plan.ts';
import type { StoredObject } from '../../../core/ports.ts';
import { bytesOf } from '../../support/bytes.ts';

/** A file that is read in stretches, in any order, or from the middle on, gives the same records and rejections at the same places as one that is read in one go. */

const signal = new AbortController().signal;
const MAX_RECORD = 12;

/** Gives its bytes in pieces, wherever they are cut. */
const stored = (bytes: Uint8Array, piece: number): StoredObject => ({
  size: bytes.length,
  lastModified: new Date(0),
  async *open(_, { start, end } = { start: 0, end: bytes.length }) {
    for (let at = start; at < end; at += piece) yield bytes.subarray(at, Math.min(end, at + piece));
  },
});

const only = (settings: FormatSettings): FileFormat => ({ among: [settings], compression: null });

async function read(file: StoredObject, format: FileFormat, from?: Start) {
  const items: unknown[] = [];
  let refusal: Chunk['refusal'];
  let next: Chunk['next'];
  for await (const chunk of readRecords(file, format, { maxRecord: MAX_RECORD }, signal, from)) {
    items.push(...chunk.items);
    refusal ??= chunk.refusal;
    next = chunk.next ?? next;
  }
  return { items: JSON.parse(JSON.stringify(items)) as Item[], refusal, next };
}

interface Item {
  readonly position: number;
  readonly line?: number;
  readonly byte?: number;
}

/** All stretches, counted first, as they do not know where they begin, and then read. */
async function readAll(file: StoredObject, format: FileFormat, stretches: readonly Stretch[]) {
  const items: Item[] = [];
  let base = { position: 1, line: 1 };
  for (const stretch of stretches) {
    const counted = await read(file, format, { stretch });
    if (counted.refusal) return { items, refusal: counted.refusal };
    items.push(...(await read(file, format, { stretch, base })).items);
    base = { position: base.position + counted.items.length, line: base.line + (counted.next?.line ?? 1) - 1 };
  }
  return { items, refusal: undefined };
}

const piece = fc.constantFrom(
  'a',
  'b,c',
  '1',
  ',',
  '"',
  '""',
  '\n',
  '\r\n',
  '\n\n',
  '\r',
  'ü',
  '🌧',
  ' ',
  '{"a":1}',
  '{"b":"x\u2028"}',
  'a-long-record-it-is',
);
const bad = fc.constantFrom(new Uint8Array([0xff]), new Uint8Array([0xc3]), new Uint8Array([0xef, 0xbb, 0xbf]));
const text = fc
  .array(fc.oneof({ weight: 30, arbitrary: piece.map(bytesOf) }, { weight: 1, arbitrary: bad }), { maxLength: 40 })
  .map((parts) => new Uint8Array(Buffer.concat(parts)))
  .filter((bytes) => bytes.length > 0);

const byLine: readonly (readonly [name: string, settings: FormatSettings, above: string])[] = [
  ['NDJSON', { format: 'ndjson' }, ''],
  ['lines', { format: 'lines' }, ''],
  ['CSV without line ends in cells', { format: 'csv', multiline: false }, 'x,y\n'],
  ['CSV below blank lines and a long header', { format: 'csv', multiline: false }, '\n\nname,and\r\n'],
  ['CSV without a header', { format: 'csv', multiline: false, columns: ['x', 'y'] }, ''],
];

describe.each(byLine)('%s', (_, settings, above) => {
  const format = only(settings);

  test('is the same in stretches as in one go, wherever they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 50 }),
        async (content, bytes, size) => {
          const file = stored(new Uint8Array(Buffer.concat([bytesOf(above), content])), size);
          const found = await cut(file, format, bytes, signal);
          if ('code' in found || !found.stretches) throw new Error('it cannot be cut');
          const { items, refusal } = await read(file, format);
          const parts = await readAll(file, format, found.stretches);
          expect(parts.refusal).toEqual(refusal);
          if (!refusal) expect(parts.items).toEqual(items);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('goes on behind any record', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.nat(), fc.integer({ min: 1, max: 50 }), async (content, at, size) => {
        const file = stored(new Uint8Array(Buffer.concat([bytesOf(above), content])), size);
        const { items, refusal } = await read(file, format);
        if (refusal || items.length === 0) return;
        const after = items[at % items.length] as Item;
        const rest = await read(file, format, { after });
        expect(rest.items).toEqual(items.slice((at % items.length) + 1));
      }),
      { numRuns: 300 },
    );
  });
});

test('CSV whose cells may hold line ends goes on behind any record, and is not cut', async () => {
  const format = only({ format: 'csv' });
  await fc.assert(
    fc.asyncProperty(text, fc.nat(), fc.integer({ min: 1, max: 50 }), async (content, at, size) => {
      const file = stored(new Uint8Array(Buffer.concat([bytesOf('x,y\n'), content])), size);
      expect(await cut(file, format, 10, signal)).toEqual({ stretches: null, goesOn: 'seeking' });
      const { items, refusal } = await read(file, format);
      if (refusal || items.length === 0) return;
      const rest = await read(file, format, { after: items[at % items.length] as Item });
      expect(rest.items).toEqual(items.slice((at % items.length) + 1));
    }),
    { numRuns: 300 },
  );
});

test('Parquet is cut between its row groups, and goes on behind any row', async () => {
  const format = only({ format: 'parquet' });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 900 }),
      fc.nat(),
      async (rows, rowGroupSize, bytes, at) => {
        const data = Array.from({ length: rows }, (_, index) => index);
        const made = parquetWriteBuffer({ rowGroupSize, columnData: [{ name: 'n', data, type: 'INT32' }] });
        const file = stored(new Uint8Array(made), 1000);
        const found = await cut(file, format, bytes, signal);
        if ('code' in found || !found.stretches) throw new Error('it cannot be cut');
        const { items } = await read(file, format);
        expect((await readAll(file, format, found.stretches)).items).toEqual(items);
        const rest = await read(file, format, { after: items[at % rows] as Item });
        expect(rest.items).toEqual(items.slice((at % rows) + 1));
      },
    ),
    { numRuns: 60 },
  );
});

test.each([
  ['JSON', '[{"a":1},{"a":2},{"a":3}]', { format: 'json' }],
  ['XML', '<r><a><b>1</b></a><a><b>2</b></a><a><b>3</b></a></r>', { format: 'xml' }],
] as const)('%s goes on behind a record by reading over those before it', async (_, content, settings) => {
  const [file, format] = [stored(bytesOf(content), 7), only(settings)];
  expect(await cut(file, format, 5, signal)).toEqual({ stretches: null, goesOn: 'skipping' });
  const { items } = await read(file, format);
  expect((await read(file, format, { after: items[0] as Item })).items).toEqual(items.slice(1));
});

test('a header that is unusable refuses every stretch as it refuses the file', async () => {
  const file = stored(bytesOf('x,x\n1,2\n3,4\n'), 5);
  const format = only({ format: 'csv', multiline: false });
  const { refusal } = await read(file, format);
  expect(refusal?.code).toBe('SLU-3009');
  expect((await read(file, format, { stretch: { start: 6, end: 12 } })).refusal).toEqual(refusal);
});

test.each([
  ['CSV', bytesOf(`x,y\n${'1,2\n'.repeat(2000)}`), { format: 'csv', multiline: false }],
  ['JSON', bytesOf(`[${Array(2000).fill('{"a":1}')}]`), { format: 'json' }],
  [
    'Parquet',
    new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'n', data: Array(2000).fill(1), type: 'INT32' }] })),
    { format: 'parquet' },
  ],
  ['another format than its name says', bytesOf('x,y\n'.repeat(2000)), { format: 'parquet' }],
] as const)('of %s nothing that was opened stays open', async (_, content, settings) => {
  let open = 0;
  const file: StoredObject = {
    ...stored(content, 50),
    async *open(...how) {
      open++;
      try {
        yield* stored(content, 50).open(...how);
      } finally {
        open--;
      }
    },
  };
  const after = { position: 1, line: 2, byte: 4 };
  for (const from of [undefined, { stretch: { start: 0, end: 1 } }, { stretch: { start: 1, end: 2 } }, { after }]) {
    await read(file, only(settings), from);
    expect(open).toBe(0);
  }
  await cut(file, only(settings), 100, signal);
  expect(open).toBe(0);
});
