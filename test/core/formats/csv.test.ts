import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvReader } from '../../../core/formats/csv.ts';
import { bytesOf, cut, cuts } from '../../support/bytes.ts';
import { expectPlaces, readAll } from '../../support/reading.ts';

const readCsv = csvReader({ format: 'csv' });
const read = (text: string, maxRecord?: number) => readAll(readCsv, [text], maxRecord);
const values = async (text: string) => (await read(text)).rows.map((row) => Object.values(row.values));
const outcomes = async (text: string, maxRecord?: number) =>
  (await read(text, maxRecord)).items.map((item) => ('code' in item ? item.code : Object.values(item.values)));

/** Cells with all that CSV must quote, and what it need not. */
const cell = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'plain',
    'a,b',
    'say "hi"',
    '"',
    '""',
    'two\nlines',
    'two\r\nlines',
    '\r',
    'é',
    '🦥',
    '\ufffd',
    '\ufeff',
  ),
  fc.string({ unit: fc.constantFrom('a', '1', ' ', ',', '"', '\n', '\r', 'ß', '語', '🦥'), maxLength: 8 }),
);
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const mustQuote = (text: string) => /[",\n\r]/.test(text);

const document = fc
  .record({
    width: fc.integer({ min: 1, max: 4 }),
    seed: fc.array(fc.array(fc.tuple(cell, fc.boolean()), { minLength: 4, maxLength: 4 }), { maxLength: 8 }),
    newline: fc.constantFrom('\n', '\r\n'),
    bom: fc.boolean(),
    lastNewline: fc.boolean(),
    blankLines: fc.boolean(),
  })
  .map(({ width, seed, newline, bom, lastNewline, blankLines }) => {
    const header = ['a', 'b c', '"d"', 'é'].slice(0, width);
    // Beyond the start of the file, which is looked at as one piece.
    const filler = Array.from({ length: 300 }, () => header.map(() => ['0', false] as const));
    const records = [...filler, ...seed.map((row) => row.slice(0, width))];
    // A record of one empty cell is a blank line unless it is quoted; a blank line is no record.
    const lines = records.map((row) =>
      row
        .map(([text, quote]) => (quote || mustQuote(text) || (width === 1 && text === '') ? quoted(text) : text))
        .join(','),
    );
    const text = [header.map((name) => (mustQuote(name) ? quoted(name) : name)).join(','), ...lines].join(
      blankLines ? `${newline}${newline}` : newline,
    );
    return {
      text: `${bom ? '\ufeff' : ''}${text}${lastNewline ? newline : ''}`,
      records: records.map((row) => row.map(([cell]) => cell)),
    };
  });

describe('any valid document', () => {
  test('gives its cells however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(document, cuts, async ({ text, records }, places) => {
        const { items, refusal } = await readAll(readCsv, cut(bytesOf(text), places));
        expect(refusal).toBeUndefined();
        expect(items.map((item) => ('values' in item ? Object.values(item.values) : item))).toEqual(records);
        expect(items.map(({ position }) => position)).toEqual(records.map((_, index) => index + 1));
        expectPlaces(bytesOf(text), items);
      }),
      { numRuns: 200 },
    );
  });

  test('gives what csv-parse gives', async () => {
    await fc.assert(
      fc.asyncProperty(document, async ({ text }) => {
        const theirs = parse(text, { bom: true, skip_empty_lines: true, relax_column_count: false }) as string[][];
        expect(await values(text)).toEqual(theirs.slice(1));
      }),
      { numRuns: 200 },
    );
  });
});

describe('any document at all', () => {
  /** Long enough that what varies lies beyond the start, which is looked at as one piece. */
  const file = (text: string) => `x,y\n${'1,2\n'.repeat(260)}${text}`;
  const soup = fc.string({ unit: fc.constantFrom('a', ',', '"', '"', '\n', '\r', '\r\n', 'é', ' '), maxLength: 120 });

  test('gives the same items however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(soup, fc.integer({ min: 1, max: 40 }), cuts, async (text, maxRecord, places) => {
        const whole = await readAll(readCsv, [file(text)], maxRecord);
        const pieces = await readAll(readCsv, cut(bytesOf(file(text)), places), maxRecord);
        expect(pieces).toEqual(whole);
        expectPlaces(bytesOf(file(text)), whole.items);
      }),
      { numRuns: 1500 },
    );
  });

  test('gives the same items however the bytes are cut when they are no text', async () => {
    const junk = fc.uint8Array({ maxLength: 60 });
    const halfText = fc
      .array(fc.oneof(junk, fc.constantFrom('a', ',', '\n', '\ufffd', 'é', '🦥').map(bytesOf)), { maxLength: 30 })
      .map((parts) => Buffer.concat(parts));
    await fc.assert(
      fc.asyncProperty(halfText, cuts, async (rest, places) => {
        const bytes = Buffer.concat([bytesOf(file('')), rest]);
        const whole = await readAll(readCsv, [bytes]);
        expect(await readAll(readCsv, cut(bytes, places))).toEqual(whole);
        expectPlaces(bytes, whole.items);
      }),
      { numRuns: 1000 },
    );
  });

  test('gives positions that count up from 1 without a gap', async () => {
    await fc.assert(
      fc.asyncProperty(soup, async (text) => {
        const { items } = await read(`x,y\n${text}`);
        expect(items.map(({ position }) => position)).toEqual(items.map((_, index) => index + 1));
      }),
    );
  });
});

describe('a broken record costs itself only', () => {
  test('when text follows a closing quote', async () => {
    expect(await outcomes('x,y\n1,"x"y\n2,b\n3,c')).toEqual(['SLU-2001', ['2', 'b'], ['3', 'c']]);
  });

  test('when a quote stands in an unquoted cell', async () => {
    expect(await outcomes('x,y\n1,5" pipe\n2,b')).toEqual(['SLU-2001', ['2', 'b']]);
  });

  test('when a quote is never closed', async () => {
    expect(await outcomes('x,y\n1,"open\n2,b\n3,c\n')).toEqual(['SLU-2001', ['2', 'b'], ['3', 'c']]);
  });

  test('when a quote is not closed within the longest record', async () => {
    const rows = Array.from({ length: 50 }, (_, index) => [String(index), 'b']);
    const text = `x,y\n1,"open\n${rows.map((row) => row.join(',')).join('\n')}\n9,"closed"\n`;
    // By the end of the allowed length nobody knows whether the quote will be closed; the lines inside are records again.
    expect(await outcomes(text, 40)).toEqual(['SLU-2009', ...rows, ['9', 'closed']]);
  });

  test('when it has too few or too many columns', async () => {
    expect(await outcomes('x,y\n1\n1,2\n1,2,3\n')).toEqual(['SLU-2002', ['1', '2'], 'SLU-2002']);
  });

  test('when it is longer than allowed, and the longest allowed one is read', async () => {
    expect(await outcomes(`x,y\n1,${'a'.repeat(18)}\r\n2,${'b'.repeat(19)}\r\n3,c\n`, 20)).toEqual([
      ['1', 'a'.repeat(18)],
      'SLU-2009',
      ['3', 'c'],
    ]);
  });

  test('when its bytes are not UTF-8, and a U+FFFD that was meant is read', async () => {
    const file = Buffer.concat([bytesOf('x\n\ufffd\n'), Buffer.from([0xe9]), bytesOf('t\u00e9\n\ufffd\nend\n')]);
    const { items } = await readAll(readCsv, [file]);
    expect(items.map((item) => ('code' in item ? [item.code, item.raw] : item.values.x))).toEqual([
      '\ufffd',
      ['SLU-3006', '\ufffdt\u00e9'],
      '\ufffd',
      'end',
    ]);
  });
});

describe('a rejected record', () => {
  test('tells the line on which it begins, counting the lines inside of quotes', async () => {
    const { rejections } = await read('x,y\r\n"1\r\n2",a\r\n\r\n3\r\n');
    expect(rejections).toMatchObject([{ line: 5, byte: 17, message: '1 columns where the header has 2' }]);
  });

  test('carries its text, of a very long one the beginning', async () => {
    const { rejections } = await read(`x,y\n"a",b,c\n${'z'.repeat(100_000)}\n`);
    expect(rejections[0]?.raw).toBe('"a",b,c');
    expect(rejections[1]?.raw).toHaveLength(8193);
  });

  test('without end is given up as soon as it is too long', async () => {
    let given = 0;
    const endless = (async function* () {
      yield bytesOf('x,y\n"1\n",');
      for (; given < 300; given++) yield bytesOf('a'.repeat(10_000));
      yield bytesOf('\n2,b\n');
    })();
    const items = [];
    let rejectedAfter = 0;
    for await (const chunk of readCsv(endless, { maxRecord: 1000 })) {
      items.push(...chunk.items);
      if (items.length === 1) rejectedAfter ||= given;
    }
    expect(items.at(-1)).toMatchObject({ values: { x: '2', y: 'b' } });
    expect(rejectedAfter).toBeLessThan(3);
  });
});

describe('the header', () => {
  test.each([
    ['a column without a name', 'x,,y\n1,2,3\n', 'column 2 has no name'],
    ['a column named twice', 'x,y, x\n1,2,3\n', 'column "x" is there twice'],
    ['a name that JavaScript reserves', '__proto__,y\n1,2\n', 'cannot be named'],
    ['a broken quote', '"x"1,y\n1,2\n', 'text after the closing quote'],
    ['the line ends of old Macs', 'x,y\r1,2\r', 'a lone carriage return'],
  ])('with %s refuses the file', async (_, text, message) => {
    const { items, refusal } = await read(text);
    expect(items).toEqual([]);
    expect(refusal).toMatchObject({ code: 'SLU-3009', message: expect.stringContaining(message) });
  });

  test('may be quoted, padded with spaces, and stand below blank lines', async () => {
    const { rows } = await read('\n\r\n"a ""b""", c\n1,2\n');
    expect(rows.map((row) => row.values)).toEqual([{ 'a "b"': '1', c: '2' }]);
  });

  test('alone is a file without rows', async () => {
    for (const text of ['x,y', 'x,y\n', '\ufeffx,y\r\n'])
      expect(await read(text)).toMatchObject({ items: [], refusal: undefined });
  });

  test('that is not UTF-8 refuses the file', async () => {
    const { items, refusal } = await readAll(readCsv, [Buffer.from('gr\u00f6\u00dfe,y\n1,2\n', 'latin1')]);
    expect(items).toEqual([]);
    expect(refusal?.code).toBe('SLU-3006');
  });

  test('that is missing refuses the file', async () => {
    for (const text of ['', '\n', '\r\n\r\n', '\ufeff']) {
      expect(await read(text)).toMatchObject({ items: [], refusal: { code: 'SLU-3009' } });
    }
  });
});

describe('a file that is no text', () => {
  test.each([
    ['UTF-16, little endian', Buffer.from('\ufeffx,y\n1,2\n', 'utf16le')],
    ['UTF-16, big endian', Buffer.from('\ufeffx,y\n1,2\n', 'utf16le').swap16()],
    ['UTF-16 without a mark', Buffer.from('x,y\n1,2\n', 'utf16le')],
    ['a zip', Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0])],
  ])('is refused: %s, in one piece or byte by byte', async (_, bytes) => {
    for (const places of [[], 'every byte'] as const) {
      const { items, refusal } = await readAll(readCsv, cut(bytes, places));
      expect(items).toEqual([]);
      expect(refusal?.code).toBe('SLU-3006');
    }
  });
});

test('csv-parse still loses what comes after a broken quote, which is why we have a reader of our own', () => {
  const rest = Array.from({ length: 100 }, (_, index) => `${index},z`).join('\n');
  for (const broken of ['1,"x"y', '1,"open']) {
    const options = { columns: true, skip_records_with_error: true, max_record_size: 100 } as const;
    expect(parse(`x,y\n${broken}\n${rest}`, options)).toEqual([]);
  }
});
