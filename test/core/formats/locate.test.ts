import { describe, expect, test } from 'vitest';
import { cellsIn, elementIn, faultIn, type Layout, memberIn } from '../../../core/formats/locate.ts';
import type { Code } from '../../../core/model/codes.ts';

const cut = (raw: string, span: { start: number; end: number } | null) => span && raw.slice(span.start, span.end);

describe('the cells of a record', () => {
  test.each([
    ['a,b,c', ['a', 'b', 'c']],
    ['a,,', ['a', '', '']],
    ['', ['']],
    ['"a,b",c', ['"a,b"', 'c']],
    ['"a ""x, y"" b",c', ['"a ""x, y"" b"', 'c']],
    ['a,"b\nc",d', ['a', '"b\nc"', 'd']],
    ['"a"b,c', ['"a"b', 'c']],
    ['a,"b,c', ['a', '"b', 'c']],
  ])('%j', (raw, cells) => {
    expect(cellsIn(raw).map((span) => cut(raw, span))).toEqual(cells);
  });

  test('stand between delimiters and in quotes of any kind', () => {
    const raw = "a||'b||c'||d";
    expect(cellsIn(raw, '||', "'").map((span) => cut(raw, span))).toEqual(['a', "'b||c'", 'd']);
  });
});

describe('a member of a JSON object', () => {
  test.each([
    ['{"a":1,"b":"x"}', 'a', '1'],
    ['{"a":1,"b":"x"}', 'b', '"x"'],
    ['{ "a" : -1.5e3 , "b":0}', 'a', '-1.5e3'],
    ['{"a":{"b":1},"b":[2,{"b":3}]}', 'b', '[2,{"b":3}]'],
    ['{"x":"b","b":null}', 'b', 'null'],
    ['{"x":"\\",\\"b\\":1","b":2}', 'b', '2'],
    ['{"\\u0062":7}', 'b', '7'],
    ['{"a":1}', 'b', null],
    ['[{"b":1}]', 'b', null],
    ['not JSON', 'b', null],
  ])('of %s named %s is %s', (raw, name, value) => {
    expect(cut(raw, memberIn(raw, name))).toBe(value);
  });
});

describe('a field of an XML record', () => {
  test.each([
    ['<row id="1"><name>Ann</name></row>', 'name', '', 'Ann'],
    ['<row id="1"><name lang="en">Ann</name ></row>', 'name', '', 'Ann'],
    ['<row id="1"><name>Ann</name></row>', 'id', '', '"1"'],
    ["<row id='1'/>", '@id', '@', "'1'"],
    ['<row id="1"><id>2</id></row>', 'id', '@', '2'],
    ['<row><names>x</names><name/></row>', 'name', '', null],
    ['<row><a.b>x</a.b><axb>y</axb></row>', 'a.b', '', 'x'],
  ])('of %s named %s', (raw, name, attributes, value) => {
    expect(cut(raw, elementIn(raw, name, attributes))).toBe(value);
  });
});

describe('the fault of a rejected record', () => {
  const cells: Layout = { kind: 'cells', delimiter: ',', quote: '"', columns: ['id', 'name', 'amount'] };
  const fault = (raw: string, code: Code, message: string, layout: Layout, column?: string) =>
    cut(raw, faultIn({ position: 1, stage: 'read', code, message, raw, ...(column && { column }) }, layout));

  test.each([
    ['1,Ann,x', 'SLU-2004', '"x" is not a number', 'amount', 'x'],
    ['1,Ann,x', 'SLU-2004', 'of the table, not of the file', 'total', null],
    ['1,Ann,3,4,5', 'SLU-2002', '5 columns where the header has 3', undefined, '4,5'],
    ['1,Ann', 'SLU-2002', '2 columns where the header has 3', undefined, ''],
    ['1,A"n,3', 'SLU-2001', 'a quote inside the unquoted column 2', undefined, 'A"n'],
    ['1,A\ufffdn,3', 'SLU-3006', 'the record holds bytes that are not UTF-8', undefined, '\ufffd'],
    ['1,Ann,3', 'SLU-2006', 'the transform threw', undefined, null],
  ] as const)('of cells: %s', (raw, code, message, column, expected) => {
    expect(fault(raw, code, message, cells, column)).toBe(expected);
  });

  test.each([
    ['{"a":1,"n":"x"}', 'SLU-2004', '"x" is not a number', 'n', '"x"'],
    ['{"a":1,}', 'SLU-2001', 'not JSON: Expected double-quoted property name in JSON at position 7', undefined, '}'],
    ['{"a":1', 'SLU-2001', "Expected ',' or '}' after property value in JSON at position 6", undefined, ''],
    ['{', 'SLU-2001', 'not JSON: Unexpected end of JSON input', undefined, ''],
    ['{"a":1,"a":2}', 'SLU-2011', 'the name "a" is there twice', undefined, '"a"'],
    ['[1]', 'SLU-2001', 'a JSON object is expected, not an array', undefined, null],
  ] as const)('of JSON: %s', (raw, code, message, column, expected) => {
    expect(fault(raw, code, message, { kind: 'json' }, column)).toBe(expected);
  });
});
