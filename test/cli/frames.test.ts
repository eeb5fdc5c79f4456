import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { frame } from '../../cli/frames.ts';

const shown = (raw: string, fault: [start: number, end: number] | null, line: number | undefined = 7) =>
  frame({ file: 'a.csv', raw, line, place: 'record 3', fault: fault && { start: fault[0], end: fault[1] } });

describe('a frame', () => {
  test('names file, line and column, and underlines the part at fault', () => {
    expect(shown('1,Ann,x', [6, 7])).toEqual([' --> a.csv:7:7, record 3', '  |', '7 | 1,Ann,x', '  |       ^']);
  });

  test('of a record without lines has no number, and of a fault that is not known no mark', () => {
    expect(frame({ file: 'a.parquet', raw: '{"a":1}', place: 'record 3', fault: null })).toEqual([
      '--> a.parquet, record 3',
      ' |',
      ' | {"a":1}',
    ]);
  });

  test('points behind the end of what is too short', () => {
    expect(shown('1,Ann', [5, 5]).at(-1)).toBe('  |      ^');
  });

  test('shows the line of the record on which the fault is, with its own number', () => {
    expect(shown('1,"Ann\r\nLee",x', [13, 14], 99)).toEqual([
      '   --> a.csv:100:6, record 3',
      '    |',
      '100 | Lee",x',
      '    |      ^',
    ]);
  });

  test('marks no more than the first line of a fault over several', () => {
    expect(shown('1,"Ann\r\nLee",x', [2, 12]).slice(2)).toEqual(['7 | 1,"Ann', '  |   ^^^^']);
  });

  test('shows what a terminal would obey as what it is, and wide characters at their width', () => {
    expect(shown('\u001b[2J\u202e漢🦥,x', [9, 10]).slice(2)).toEqual([
      '7 | ␛[2J<U+202E>漢🦥,x',
      `  | ${' '.repeat(4 + 8 + 2 + 2 + 1)}^`,
    ]);
  });

  test.each([
    [`${'a'.repeat(500)},x,${'b'.repeat(500)}`, 501, 502],
    [`${'漢'.repeat(500)},x,${'語'.repeat(500)}`, 501, 502],
    [`x,${'👨‍👩‍👧'.repeat(500)}`, 0, 1],
    [`x,${'👨‍👩‍👧'.repeat(500)}`, 2, 4002],
    ['a'.repeat(100_000), 0, 100_000],
  ])('of a long line keeps the fault in sight (%#)', (raw, start, end) => {
    const [, , line = '', mark = ''] = shown(raw, [start, end]);
    expect(stringWidth(line)).toBeLessThanOrEqual(120);
    const from = mark.indexOf('^');
    expect(from).toBeGreaterThan(0);
    expect(stringWidth(mark)).toBeLessThanOrEqual(stringWidth(line));
    // As many columns stand before the mark as before the fault.
    const before = [...new Intl.Segmenter().segment(line)].map(({ segment }) => segment);
    let width = 0;
    const at = before.find((segment) => {
      if (width >= from) return true;
      width += stringWidth(segment);
      return false;
    });
    expect(at).toBe([...new Intl.Segmenter().segment(raw.slice(start, start + 20))][0]?.segment);
  });
});
