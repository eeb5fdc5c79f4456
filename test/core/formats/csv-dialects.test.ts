import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvSettings, dialectOf } from '../../../core/model/formats.ts';
import { bytesOf, cuts } from '../../support/bytes.ts';
import { outcomesOf, readFile } from '../../support/read-file.ts';

const csv = (settings: Partial<CsvSettings>): CsvSettings => ({ format: 'csv', ...settings });
const outcomes = (text: string, settings: Partial<CsvSettings>) => outcomesOf(text, csv(settings));

describe('a delimiter', () => {
  test.each([
    ['a semicolon', ';'],
    ['a tab', '\t'],
    ['several characters', '||'],
    ['a control character', '\u0001'],
    ['beyond the basic plane', '🦥'],
    ['a character of patterns', '.'],
  ])('may be %s', async (_, delimiter) => {
    const text = ['a', 'b', '1', `"x${delimiter}y"`].join(delimiter).replace(`b${delimiter}`, 'b\n');
    expect(await outcomes(text, { delimiter })).toEqual([{ a: '1', b: `x${delimiter}y` }]);
  });

  test('is a tab in TSV', async () => {
    expect(await outcomesOf('a\tb\n1,2\t"x\ty"\n', 'tsv')).toEqual([{ a: '1,2', b: 'x\ty' }]);
  });
});

describe('a quote', () => {
  test('may be another character', async () => {
    expect(await outcomes(`a,b\n'x,y','it''s "it"'\n`, { quote: "'" })).toEqual([{ a: 'x,y', b: 'it\'s "it"' }]);
  });

  test('is an ordinary character where there are none', async () => {
    expect(await outcomes('a,b\n"x,5" pipe"\n', { quote: null })).toEqual([{ a: '"x', b: '5" pipe"' }]);
  });

  test('may be escaped by another character, which escapes itself and nothing else', async () => {
    const text = 'a,b\n"say \\"hi\\"","c:\\\\temp\\new, \\"\n"';
    expect(await outcomes(`${text}\n"x\\","y\\\\"\n`, { escape: '\\' })).toEqual([
      { a: 'say "hi"', b: 'c:\\temp\\new, "\n' },
      'SLU-2001',
    ]);
    expect(await outcomes('a\n"x\\\\"\nback\\slash\n', { escape: '\\' })).toEqual([{ a: 'x\\' }, { a: 'back\\slash' }]);
    expect(await outcomes('a\n"x""y"\n', { escape: '\\' })).toEqual(['SLU-2001']);
  });
});

describe('columns', () => {
  test('may be named by the feed, for files without a header line', async () => {
    expect(await outcomes('1,2\n3\n\n4,5\n', { columns: ['a', 'b'] })).toEqual([
      { a: '1', b: '2' },
      'SLU-2002',
      { a: '4', b: '5' },
    ]);
    expect(await outcomes('', { columns: ['a'] })).toEqual([]);
  });

  test('may be given other names than the header has', async () => {
    const rename = { 'Flight No.': 'flight', constructor: 'builder' };
    expect(await outcomes('id, Flight No. ,constructor\n1,2,3\n', { rename })).toEqual([
      { id: '1', flight: '2', builder: '3' },
    ]);
    expect(await outcomes('a,toString\n1,2\n', { rename: { b: 'c' } })).toEqual([{ a: '1', toString: '2' }]);
    expect(await outcomes('a,b\n1,2\n', { rename: { a: 'b' } })).toEqual(['SLU-3009']);
  });

  test('are too many beyond the cap', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`).join(',');
    expect(await outcomes(`${names(2000)}\n`, {})).toEqual([]);
    expect(await outcomes(`${names(2001)}\n`, {})).toEqual(['SLU-3009']);
    expect((await readFile(`a\n${','.repeat(60_000)}\n`, csv({}))).items).toMatchObject([{ code: 'SLU-2002' }]);
  });
});

describe('a feed whose cells hold no line ends', () => {
  const lines = { multiline: false };

  test('has a line for each record, whatever its quotes', async () => {
    expect(await outcomes('a,b\n1,"x\n2,"y,z"\n3,"x"y\n4,b\r\n5,"c"\r\n"', lines)).toEqual([
      'SLU-2001',
      { a: '2', b: 'y,z' },
      'SLU-2001',
      { a: '4', b: 'b' },
      { a: '5', b: 'c' },
      'SLU-2001',
    ]);
  });

  test('gives for files without such cells what the others give, and can be read from any line on', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', ' ', 'é'), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { maxLength: 20 }), fc.nat(20), async (records, from) => {
        const text = records
          .map((cells) => cells.map((each) => `"${each.replaceAll('"', '""')}"`).join(','))
          .join('\n');
        const named = { columns: ['a', 'b'] };
        const all = await outcomes(text, named);
        expect(await outcomes(text, { ...named, ...lines })).toEqual(all);
        expect(await outcomes(text.split('\n').slice(from).join('\n'), { ...named, ...lines })).toEqual(
          all.slice(from),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('a lone carriage return', () => {
  test.each([
    ['in a cell', 'a,b\n1,x\ry\n2,b\n', ['SLU-2001', { a: '2', b: 'b' }]],
    ['beside a quoted cell', 'a,b\n1\r,"x"\n2,b\n', ['SLU-2001', { a: '2', b: 'b' }]],
    ['twice before a line end', 'a,b\n1,x\r\r\n2,b\n', ['SLU-2001', { a: '2', b: 'b' }]],
    [
      'inside of quotes is one of its characters',
      'a,b\n1,"x\ry"\r\n2,b',
      [
        { a: '1', b: 'x\ry' },
        { a: '2', b: 'b' },
      ],
    ],
  ])('%s', async (_, text, expected) => {
    expect(await outcomes(text, {})).toEqual(expected);
  });
});

describe('any document of any dialect', () => {
  const settings = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', '::', '🦥'),
    quote: fc.constantFrom('"', "'", '^'),
    escape: fc.constantFrom(undefined, '\\', '~'),
  });
  const cell = fc.string({
    unit: fc.constantFrom('a', ',', ';', ':', '::', '|', '"', "'", '\\', '~', '\n', '\r\n', ' ', 'é'),
    maxLength: 6,
  });

  test('gives its cells however the bytes are cut, and what csv-parse gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.array(fc.tuple(cell, cell), { maxLength: 12 }),
        cuts,
        async (given, records, places) => {
          const { delimiter, quote, escape: escaping } = given;
          const mark = escaping ?? quote;
          const quoted = (text: string) => {
            const marked = text.replaceAll(mark, mark + mark);
            return `${quote}${mark === quote ? marked : marked.replaceAll(quote, mark + quote)}${quote}`;
          };
          // Beyond the start of a file, which is looked at as one piece.
          const filler = Array.from({ length: 300 }, () => ['0', '1'] as const);
          const all = [...filler, ...records];
          const text = [`a${delimiter}b`, ...all.map((cells) => cells.map(quoted).join(delimiter))].join('\n');
          const dialect = csv({ delimiter, quote, ...(escaping && { escape: escaping }) });
          const expected = all.map(([a, b]) => ({ a, b }));
          expect(await outcomesOf(bytesOf(text), dialect, { cuts: places })).toEqual(expected);
          const theirs = parse(text, { columns: true, delimiter, quote, escape: dialectOf(dialect).escape as string });
          expect(theirs).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('that is none gives the same however the bytes are cut', async () => {
    const soup = fc.string({ unit: fc.constantFrom('a', '::', ':', "'", '~', '\n', '\r', '\r\n', 'é'), maxLength: 60 });
    const dialect = csv({ delimiter: '::', quote: "'", escape: '~' });
    await fc.assert(
      fc.asyncProperty(
        soup,
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        cuts,
        async (text, maxRecord, multiline, places) => {
          const file = `x::y\n${'1::2\n'.repeat(220)}${text}`;
          const settings = { ...dialect, multiline };
          const whole = await readFile(file, settings, { maxRecord });
          expect(await readFile(file, settings, { maxRecord, cuts: places })).toEqual(whole);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
