import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, cuts } from '../../support/bytes.ts';
import { outcomesOf, readFile } from '../../support/read-file.ts';

const row = { format: 'xml', record: 'row' } as const;
const outcomes = (text: string, settings: object = {}) => outcomesOf(text, { ...row, ...settings });
const refusalOf = async (text: string, settings: object = {}, maxRecord = 65_536) =>
  (await readFile(text, { ...row, ...settings }, { maxRecord })).refusal;

describe('an element', () => {
  test('has its attributes and child elements for fields', async () => {
    expect(await outcomes('<rows><row id="1"><a>x</a><b/><c></c></row>\n<row id="2"/></rows>')).toEqual([
      { id: '1', a: 'x', b: '', c: '' },
      { id: '2' },
    ]);
  });

  test('may be found at any depth, and has those of its own name inside as fields', async () => {
    const text = '<x><info>7</info><y><row><row>in</row></row></y><row><a>1</a></row></x>';
    expect(await outcomes(text)).toEqual([{ row: 'in' }, { a: '1' }]);
  });

  test('is each child of the root where none is named', async () => {
    expect(await outcomesOf('<all><a><x>1</x></a><b y="2">t</b></all>', 'xml')).toEqual([
      { x: '1' },
      { y: '2', '#text': 't' },
    ]);
  });

  test('with attributes or elements of its own is an object, in which its text has a name', async () => {
    const text = '<r><row><price currency="EUR">3.50</price><at><day>1</day>\n<hour>2</hour></at></row></r>';
    expect(await outcomes(text)).toEqual([
      { price: { currency: 'EUR', '#text': '3.50' }, at: { day: '1', hour: '2' } },
    ]);
  });

  test('keeps its text as it is: entities, CDATA, spaces and line ends', async () => {
    const text =
      '<r><row><a>&lt;&amp;&#x1F9A5;&#10;</a><b><![CDATA[<b>&amp;]]> </b><c>  </c><d>x<!-- no -->y\r\nz</d></row></r>';
    expect(await outcomes(text)).toEqual([{ a: '<&🦥\n', b: '<b>&amp; ', c: '  ', d: 'xy\nz' }]);
  });

  test('that may repeat is a list, also when it does not', async () => {
    const text = '<r><row><t>a</t><t>b</t></row><row><t>c</t></row><row/></r>';
    expect(await outcomes(text, { lists: ['t'] })).toEqual([{ t: ['a', 'b'] }, { t: ['c'] }, { '#text': '' }]);
  });

  test('that is nil is null, and names of namespaces are no fields', async () => {
    const text =
      '<r xmlns:xsi="s"><row xmlns="n" xmlns:q="q"><a xsi:nil="true"/><q:b xsi:nil="false">x</q:b></row></r>';
    expect(await outcomes(text)).toEqual([{ a: null, 'q:b': 'x' }]);
  });

  test('has names with a mark for its attributes where the feed says so', async () => {
    expect(await outcomes('<r><row a="1"><a>2</a></row></r>', { attributes: '@' })).toEqual([{ '@a': '1', a: '2' }]);
  });

  test('tells where it lies, and carries its text', async () => {
    const text = '\ufeff<r>\n  <é/><row\n a="1"/>\r\n<row><a>é</a></row></r>';
    const { items } = await readFile(text, row);
    expect(items.map(({ position, line, byte, raw }) => [position, line, byte, raw])).toEqual([
      [1, 2, 14, '<row\n a="1"/>'],
      [2, 4, 29, '<row><a>é</a></row>'],
    ]);
  });
});

describe('a record that is broken costs itself only', () => {
  test.each([
    ['an element twice', '<a>1</a><a>2</a>', 'SLU-2011'],
    ['an attribute and an element of one name', '<b a="1"><a>2</a></b>', 'SLU-2011'],
    ['text between its elements', '<b>one<c/>two</b>', 'SLU-2001'],
    ['elements nested too deeply', '<a>'.repeat(101) + '</a>'.repeat(101), 'SLU-2012'],
    ['more characters than allowed', `<a>${'x'.repeat(2000)}</a>`, 'SLU-2009'],
    ['the name that JavaScript reserves', '<__proto__>1</__proto__>', 'SLU-2001'],
  ])('when it has %s', async (_, content, code) => {
    const text = `<r><row><n>1</n></row><row>${content}</row><row><n>2</n></row></r>`;
    expect(await outcomesOf(text, row, { maxRecord: 1500 })).toEqual([{ n: '1' }, code, { n: '2' }]);
  });
});

describe('a document is refused', () => {
  test.each([
    ['that is not well-formed', '<r><row></r>', 'SLU-3023', 'line 1, column 12: unexpected close tag.'],
    ['that is cut off', '<r><row/>', 'SLU-3023', 'unclosed tag: r'],
    ['that has something behind its end', '<r/><r/>', 'SLU-3023', 'documents may contain only one root'],
    ['that is empty', '', 'SLU-3023', 'document must contain a root element'],
    ['that names an unknown entity', '<r>&nbsp;</r>', 'SLU-3023', 'undefined entity'],
    ['that has an attribute twice', '<r a="1" a="2"/>', 'SLU-3023', 'duplicate attribute'],
    ['that has a DTD', '<!DOCTYPE r><r/>', 'SLU-3024', 'document type declaration'],
    [
      'that would grow by its entities',
      '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r><row>&b;</row></r>',
      'SLU-3024',
      'document type declaration',
    ],
    ['that is of another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><r/>', 'SLU-3006', 'ISO-8859-1'],
    [
      'that has none of the elements',
      '<r><Row/><Row/></r>',
      'SLU-3023',
      'no element <row> in the document, but 2 others',
    ],
    ['that is nested without end', '<a>'.repeat(300), 'SLU-3025', 'nested deeper than 200 levels'],
  ])('%s', async (_, text, code, message) => {
    expect(await refusalOf(text)).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test('that holds bytes that are not UTF-8', async () => {
    const bytes = Buffer.concat([bytesOf('<r><row>'), Buffer.from([0xe9]), bytesOf('</row></r>')]);
    expect((await readFile(bytes, row)).refusal?.code).toBe('SLU-3006');
  });

  test('whose text has no end, before it fills the memory', async () => {
    const text = `<r><row>${'x'.repeat(3_000_000)}`;
    expect(await refusalOf(text, {}, 1000)).toMatchObject({ code: 'SLU-3025' });
    expect(await refusalOf(`<r><!--${'x'.repeat(3_000_000)}--></r>`, {}, 1000)).toMatchObject({ code: 'SLU-3025' });
  });
});

test('a document without elements is a file without rows', async () => {
  expect(await outcomes('<rows/>')).toEqual([]);
  expect(await outcomes('<?xml version="1.0" encoding="utf-8"?>\n<rows>\n</rows>\n')).toEqual([]);
});

describe('any document', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ' ', '<', '&', '>', '"', "'", '\n', 'é', '🦥', ']]>'),
    maxLength: 8,
  });
  const escaped = (value: string) =>
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

  test('gives its records however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ a: text, b: text }), { maxLength: 40 }), cuts, async (records, places) => {
        const all = records.map(
          ({ a, b }) => `<row a="${escaped(a).replaceAll('\n', '&#10;')}"><b>${escaped(b)}</b></row>`,
        );
        const found = await outcomesOf(`<rows>\n${all.join('\n')}</rows>`, row, { cuts: places });
        expect(found).toEqual(records);
      }),
      { numRuns: 150 },
    );
  });

  test('of any characters gives the same however the bytes are cut', async () => {
    const soup = fc.string({
      unit: fc.constantFrom(
        '<row>',
        '</row>',
        '<a>',
        '</a>',
        '<row/>',
        ' x="1"',
        '<',
        '>',
        '&amp;',
        '&',
        '\r\n',
        '\r',
        'é',
        '🦥',
        'text',
        '<!--',
        '-->',
        '<![CDATA[',
        ']]>',
      ),
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(soup, fc.integer({ min: 8, max: 40 }), cuts, async (text, maxRecord, places) => {
        const file = `<rows>${'<row><n>0</n></row>'.repeat(60)}${text}`;
        const whole = await readFile(file, row, { maxRecord });
        const pieces = await readFile(file, row, { maxRecord, cuts: places });
        expect(pieces).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });
});
