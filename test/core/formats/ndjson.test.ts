import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readNdjson } from '../../../core/formats/ndjson.ts';
import { ExactNumber } from '../../../core/model/row.ts';
import { bytesOf, cut, cuts } from '../../support/bytes.ts';
import { expectPlaces, readAll } from '../../support/reading.ts';

const read = (text: string, maxRecord?: number) => readAll(readNdjson, [text], maxRecord);
const outcomes = async (text: string, maxRecord?: number) =>
  (await read(text, maxRecord)).items.map((item) => ('code' in item ? item.code : item.values));

/** More than the bytes at the start of a file that are looked at as one piece. */
const filler = Array.from({ length: 150 }, (_, index) => ({ index }));
const lines = (values: readonly unknown[], newline = '\n') =>
  values.map((value) => JSON.stringify(value)).join(newline);

/** Whole numbers as JSON.parse gives them; that ours come exact has a test below. */
const rounded = (values: unknown) =>
  JSON.parse(JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? Number(value) : value)));

describe('any objects', () => {
  test('come back however the bytes are cut', async () => {
    const value = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue(), { maxKeys: 4 });
    const newline = fc.constantFrom('\n', '\r\n', '\n\n', '\r\n \r\n');
    await fc.assert(
      fc.asyncProperty(
        fc.array(value),
        newline,
        fc.boolean(),
        fc.boolean(),
        cuts,
        async (values, between, bom, end, places) => {
          const all = JSON.parse(JSON.stringify([...filler, ...values]));
          const text = `${bom ? '\ufeff' : ''}${lines(all, between)}${end ? between : ''}`;
          const { items, refusal } = await readAll(readNdjson, cut(bytesOf(text), places));
          expect(refusal).toBeUndefined();
          expect(items.map((item) => ('values' in item ? rounded(item.values) : item))).toEqual(all);
          expect(items.map(({ position }) => position)).toEqual(all.map((_: unknown, index: number) => index + 1));
          expectPlaces(bytesOf(text), items);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('any bytes', () => {
  test('give the same items however they are cut', async () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.constantFrom('{"a":1}', '{"a":"\ufffd"}', '{', '"', '\n', '\n', '\r\n', ' ', 'é', '🦥', '[1]').map(bytesOf),
    );
    const parts = fc
      .array(part, { maxLength: 40 })
      .map((all) => Buffer.concat([bytesOf(`${lines(filler)}\n`), ...all]));
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 12, max: 30 }), cuts, async (bytes, maxRecord, places) => {
        const whole = await readAll(readNdjson, [bytes], maxRecord);
        expect(await readAll(readNdjson, cut(bytes, places), maxRecord)).toEqual(whole);
        expectPlaces(bytes, whole.items);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a broken record costs itself only', () => {
  test.each([
    ['is not JSON', '{"a":1', 'SLU-2001'],
    ['is an array', '[1]', 'SLU-2001'],
    ['is null', 'null', 'SLU-2001'],
    ['is a text', '"a"', 'SLU-2001'],
    ['is a number', '1', 'SLU-2001'],
    ['is two objects', '{} {}', 'SLU-2001'],
    ['is longer than allowed', `{"a":"${'x'.repeat(50)}"}`, 'SLU-2009'],
    ['is longer than allowed and blank', ' '.repeat(51), 'SLU-2009'],
  ])('when it %s', async (_, record, code) => {
    expect(await outcomes(`{"n":1}\n${record}\n{"n":2}\n`, 50)).toEqual([{ n: 1 }, code, { n: 2 }]);
    expect(await outcomes(`{"n":1}\n${record}`, 50)).toEqual([{ n: 1 }, code]);
  });

  test('when its bytes are not UTF-8, and a U+FFFD that was meant is read', async () => {
    const bad = Buffer.concat([bytesOf('{"a":"'), Buffer.from([0xe9]), bytesOf('"}\n')]);
    const { items } = await readAll(readNdjson, [bytesOf('{"a":"\ufffd"}\n'), bad, bytesOf('{"a":"\ufffd"}\n')]);
    expect(items.map((item) => ('code' in item ? [item.code, item.raw] : item.values.a))).toEqual([
      '\ufffd',
      ['SLU-3006', '{"a":"\ufffd"}'],
      '\ufffd',
    ]);
  });

  test('and tells its line, blank lines counted', async () => {
    const { rejections } = await read('\n{"a":1}\r\n\r\nnull\n');
    expect(rejections).toMatchObject([
      { position: 2, line: 4, byte: 12, message: 'a JSON object is expected, not null' },
    ]);
  });
});

describe('whole numbers', () => {
  test('that JavaScript would round come as bigint, at any depth', async () => {
    const text = '{"a":9007199254740993,"b":[-12345678901234567890],"c":9007199254740991,"d":"12345678901234567890"}';
    expect(await outcomes(text)).toEqual([
      { a: 9007199254740993n, b: [-12345678901234567890n], c: 9007199254740991, d: '12345678901234567890' },
    ]);
  });

  test('written with a point or an exponent are ordinary numbers where these hold them, and else come as they are written', async () => {
    expect(await outcomes('{"a":12345678901234567890.5,"b":1e300,"c":1234567890123456789e2}')).toEqual([
      { a: new ExactNumber('12345678901234567890.5'), b: 1e300, c: new ExactNumber('1234567890123456789e2') },
    ]);
  });
});

test('a file that is no text is refused, in one piece or byte by byte', async () => {
  for (const bytes of [
    Buffer.from('\ufeff{}\n', 'utf16le'),
    Buffer.from('{"a":1}', 'utf16le'),
    Buffer.from([0x1f, 0x8b, 8, 0, 0]),
  ]) {
    for (const places of [[], 'every byte'] as const) {
      expect(await readAll(readNdjson, cut(bytes, places))).toMatchObject({ items: [], refusal: { code: 'SLU-3006' } });
    }
  }
});

test('a record without end is given up as soon as it is too long', async () => {
  let given = 0;
  const endless = (async function* () {
    yield bytesOf('{"a":"');
    for (; given < 300; given++) yield bytesOf('a'.repeat(10_000));
    yield bytesOf('"}\n{"b":1}\n');
  })();
  const items = [];
  let rejectedAfter = 0;
  for await (const chunk of readNdjson(endless, { maxRecord: 1000 })) {
    items.push(...chunk.items);
    if (items.length === 1) rejectedAfter ||= given;
  }
  expect(items).toMatchObject([{ code: 'SLU-2009' }, { values: { b: 1 } }]);
  expect(rejectedAfter).toBeLessThan(3);
});
