import stringWidth from 'string-width';
import type { Span } from '../core/formats/locate.ts';
import { printable } from './ui.ts';

/** Columns of a terminal that the text of a frame may take. */
const WIDTH = 110;

/** Where a frame points. */
export interface Framed {
  readonly file: string;
  readonly raw: string;
  /** What is at fault in it; null shows the record without pointing. */
  readonly fault: Span | null;
  /** 1-based line on which the record begins; undefined for what has no lines. */
  readonly line?: number | undefined;
  /** What else is known of the place, such as `record 10, byte 512`. */
  readonly place: string;
}

/**
 * A record as it stands in its file, with the part at fault underlined, as compilers show it:
 *
 *       --> flights.csv:11:10, record 10, byte 512
 *        |
 *     11 | F0205010,2001-02-30T08:15:00Z,-7,2300,PHX,BOS
 *        |          ^^^^^^^^^^^^^^^^^^^^
 *
 * Of a record over several lines it shows the one at fault. What a terminal would obey is shown as what it is.
 */
export function frame({ file, raw, fault, line, place }: Framed): string[] {
  const start = fault ? raw.lastIndexOf('\n', fault.start - 1) + 1 : 0;
  const newline = raw.indexOf('\n', start);
  const end = newline === -1 ? raw.length : newline;
  const shown = line === undefined ? undefined : line + raw.slice(0, start).split('\n').length - 1;
  const column = fault === null ? '' : `:${fault.start - start + 1}`;
  const where = shown === undefined ? file : `${file}:${shown}${column}`;
  const gutter = String(shown ?? '').length;
  const blank = `${' '.repeat(gutter)} |`;
  const { text, from, length } = excerptAround(raw.slice(start, end).replace(/\r$/, ''), {
    start: (fault?.start ?? 0) - start,
    end: Math.min(fault?.end ?? 0, end) - start,
  });
  return [
    `${' '.repeat(gutter)}--> ${printable(where)}, ${place}`,
    blank,
    `${String(shown ?? '')} | ${text}`,
    ...(fault === null ? [] : [`${blank} ${' '.repeat(from)}${'^'.repeat(Math.max(1, length))}`]),
  ];
}

/** A stretch of a line that fits and has the fault in it, with the columns that the fault takes on the terminal. */
function excerptAround(line: string, { start, end }: Span): { text: string; from: number; length: number } {
  const before = printable(line.slice(0, start));
  const fault = cutTo(printable(line.slice(start, end)), WIDTH, 'end');
  const room = Math.max(20, WIDTH - stringWidth(fault));
  const left = cutTo(before, Math.floor(room / 2), 'start');
  const right = cutTo(printable(line.slice(end)), room - stringWidth(left), 'end');
  return { text: `${left}${fault}${right}`, from: stringWidth(left), length: stringWidth(fault) };
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** As much of a text as fits into so many columns, from its end or from its start, and `…` for what was cut. */
function cutTo(text: string, width: number, side: 'start' | 'end'): string {
  // Nothing is wider than it is long, but for wide characters, which are two columns at most.
  const near = side === 'end' ? text.slice(0, width * 8) : text.slice(-width * 8);
  if (near.length === text.length && stringWidth(text) <= width) return text;
  const parts = [...graphemes.segment(near.toWellFormed())].map(({ segment }) => segment);
  if (side === 'start') parts.reverse();
  let left = width - 1;
  const kept: string[] = [];
  for (const part of parts) {
    left -= stringWidth(part);
    if (left < 0) break;
    kept.push(part);
  }
  return side === 'end' ? `${kept.join('')}…` : `…${kept.reverse().join('')}`;
}
