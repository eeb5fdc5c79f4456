import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExactNumber } from '../../../core/model/row.ts';
import { bytesOf, cuts } from '../../support/bytes.ts';
import { outcomesOf, readFile } from '../../support/read-file.ts';

const outcomes = (text: string, maxRecord?: number) =>
  outcomesOf(text, 'json', maxRecord === undefined ? {} : { maxRecord });
const at = (path: readonly string[]) => ({ format: 'json', path }) as const;

const refusalOf = async (text: string, path?: readonly string[]) =>
  (await readFile(text, path ? at(path) : 'json')).refusal;

describe('a document', () => {
  test('that is an array has its elements for records', async () => {
    expect(await outcomes('[{"a":1},\n {"a":[1,{"b":"]"}]} , {"a":"\\"}"}]\n')).toEqual([
      { a: 1 },
      { a: [1, { b: ']' }] },
      { a: '"}' },
    ]);
    for (const empty of ['[]', ' [ ] ', '\ufeff[]']) expect(await outcomes(empty)).toEqual([]);
  });

  test('that is an object is one record', async () => {
    expect(await outcomes('{"a": {"b": []}}\n')).toEqual([{ a: { b: [] } }]);
  });

  test('has its array where the path leads, and what stands around it is passed', async () => {
    const text =
      '{"meta":{"rows":[1,"]}"],"n":-1.5e3},"data":{"x":null,"rows":[{"a":1},{"a":2}],"y":"\\u0022"},"z":true}';
    expect(await outcomesOf(text, at(['data', 'rows']))).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await outcomesOf('{"d\\u0061ta":{"a":1}}', at(['data']))).toEqual([{ a: 1 }]);
  });

  test('keeps the digits of its numbers', async () => {
    expect(await outcomes('[{"a":0.1234567890123456789,"b":9007199254740993}]')).toEqual([
      { a: new ExactNumber('0.1234567890123456789'), b: 9007199254740993n },
    ]);
  });

  test('tells where each element lies', async () => {
    const text = '\ufeff[\n  {"é":1},\r\n  7,\n\n {"a":2}]';
    const { items } = await readFile(text, 'json');
    expect(items.map(({ position, line, byte, raw }) => [position, line, byte, raw])).toEqual([
      [1, 2, 7, '{"é":1}'],
      [2, 3, 20, '7'],
      [3, 5, 25, '{"a":2}'],
    ]);
  });
});

describe('an element that is broken costs itself only', () => {
  test.each([
    ['is no object', '7', 'SLU-2001'],
    ['is no value', 'nul', 'SLU-2001'],
    ['has a comma too many', '{"b":1,}', 'SLU-2001'],
    ['has a name twice', '{"b":1,"b":2}', 'SLU-2011'],
    ['is nested too deeply', `{"b":${'['.repeat(200)}${']'.repeat(200)}}`, 'SLU-2012'],
    ['is longer than allowed', `{"b":"${'x'.repeat(500)}"}`, 'SLU-2009'],
    ['is a text longer than allowed', `"${'x'.repeat(500)}"`, 'SLU-2009'],
  ])('when it %s', async (_, element, code) => {
    expect(await outcomes(`[{"a":1},${element},{"a":2}]`, 450)).toEqual([{ a: 1 }, code, { a: 2 }]);
  });

  test('when it holds bytes that are not UTF-8', async () => {
    const bytes = Buffer.concat([bytesOf('[{"a":1},{"a":"'), Buffer.from([0xe9]), bytesOf('"},{"a":"\ufffd"}]')]);
    expect(await outcomesOf(bytes, 'json')).toEqual([{ a: 1 }, 'SLU-3006', { a: '\ufffd' }]);
  });

  test('and of a long one only the beginning is kept', async () => {
    const { items } = await readFile(`[{"b":"${'x'.repeat(50_000)}"}]`, 'json', { maxRecord: 100 });
    expect(items[0]?.raw).toBe(`{"b":"${'x'.repeat(94)}`);
  });
});

describe('a document is refused', () => {
  test.each([
    ['that is empty', '', 'an array is expected, not the end'],
    ['that is no array', '"a"', 'an array is expected, not "\\""'],
    ['that is cut off between two elements', '[{"a":1},', 'a value is expected, not the end'],
    ['that is cut off in an element', '[{"a":1},{"a"', 'byte 9: the document is cut off in the value that begins here'],
    ['that is cut off in a text', '[{"a":1},{"a":"', 'byte 9: the document is cut off in the value that begins here'],
    ['that has no comma between two elements', '[{"a":1}\n{"a":2}]', 'line 2, byte 9: "," or "]" is expected, not "{"'],
    ['that has a comma too many', '[{"a":1},]', 'a value is expected, not "]"'],
    ['that has a bracket too many', '[{"a":1}]]', '"]" stands behind the end of the document'],
    ['that is one object a line', '{"a":1}\n{"a":2}\n', 'is it an object a line (ndjson)?'],
  ])('%s', async (_, text, message) => {
    expect(await refusalOf(text)).toMatchObject({ code: 'SLU-3023', message: expect.stringContaining(message) });
  });

  test.each([
    ['without it', '{"a":[]}', 'there is no "data.rows" in the document'],
    ['with it twice', '{"data":{"rows":[],"rows":[{}]}}', '"rows" is there twice'],
    ['with an array on the way', '{"data":[{"rows":[]}]}', 'an object with "rows" is expected, not "["'],
    ['with something else there', '{"data":{"rows":7}}', 'an array is expected, not "7"'],
    ['cut off behind it', '{"data":{"rows":[{}]}', 'is expected, not the end'],
    ['with a name that is none', '{"data":{x', 'a name is expected, not "x"'],
  ])('whose path leads nowhere: %s', async (_, text, message) => {
    const rows = text.startsWith('{"a"') ? '{"data":{},"a":[]}' : text;
    expect(await refusalOf(rows, ['data', 'rows'])).toMatchObject({
      code: 'SLU-3023',
      message: expect.stringContaining(message),
    });
  });

  test('that is no text', async () => {
    expect((await refusalOf(Buffer.from('[{}]', 'utf16le').toString('latin1')))?.code).toBe('SLU-3006');
  });
});

describe('any document', () => {
  test('gives its elements however the bytes are cut', async () => {
    const value = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue(), { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 30 }), fc.nat(2), cuts, async (values, indent, places) => {
        const all = JSON.parse(JSON.stringify(values));
        const text = JSON.stringify({ x: [values, '"[{'], rows: all, y: {} }, null, indent);
        const found = await outcomesOf(text, at(['rows']), { cuts: places });
        expect(
          JSON.parse(JSON.stringify(found, (_, part) => (typeof part === 'bigint' ? Number(part) : part))),
        ).toEqual(all);
      }),
      { numRuns: 150 },
    );
  });

  test('of any characters gives the same however the bytes are cut', async () => {
    const soup = fc.string({
      unit: fc.constantFrom('{"a":1}', '"', '\\', '{', '}', '[', ']', ',', ':', '\n', ' ', '1', 'é', 'true'),
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(soup, fc.integer({ min: 8, max: 20 }), cuts, async (text, maxRecord, places) => {
        // Beyond the start of a file, which is looked at as one piece.
        const file = `[${'{"n":0},'.repeat(140)}${text}`;
        const whole = await readFile(file, 'json', { maxRecord });
        expect(await readFile(file, 'json', { maxRecord, cuts: places })).toEqual(whole);
        expect(whole.items.map(({ position }) => position)).toEqual(whole.items.map((_, index) => index + 1));
      }),
      { numRuns: 1000 },
    );
  });
});
