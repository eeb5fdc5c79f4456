import type { CsvDialect } from '../model/formats.ts';
import type { Rejection } from '../model/row.ts';
import { bytesIn, type Text, type TextPlace, type Within } from './format.ts';

/** One record: its fields, or what is wrong with it. */
export interface CsvRecord {
  readonly fields: readonly string[];
  readonly problem?: Pick<Rejection, 'code' | 'message'>;
  readonly raw: string;
  readonly line: number;
  readonly byte: number;
}

/**
 * Cuts text into records as it comes; what may go on in the next stretch waits for it. Line ends are `\n` or `\r\n`. A record with a
 * misplaced quote costs itself only: reading goes on at the line after the one where it began. That is why this is our own, held to
 * csv-parse by a property test (docs/adr/0003-csv-reader.md). What becomes of a record hangs on the `maxRecord` characters from its start
 * alone, never on where the stretches end. Where it is not `multiline`, each line is a record by itself. Of a part of a text it gives the records that begin `within` it;
 * `place` tells where it has come to, and `isBehind` that this is behind the part. Where it is `counting`, only the first record, which may be the header, is sure to
 * have its fields.
 */
export function csvSplitter(
  dialect: CsvDialect,
  multiline: boolean,
  maxRecord: number,
  within?: Pick<Within, 'line' | 'end'>,
  counting = false,
) {
  // A record of the largest size may have `\r\n` behind it.
  const reach = maxRecord + 2;
  const quoteIn = (text: string, from: number) => (dialect.quote === null ? -1 : text.indexOf(dialect.quote, from));
  let text = '';
  const behind = within?.end ?? Number.POSITIVE_INFINITY;
  let line = within?.line ?? 1;
  let byte: number | undefined;
  let exact = true;
  let skipping = false;
  let headed = false;

  const split = (part: Text | null, last: boolean): CsvRecord[] => {
    text += part?.text ?? '';
    exact &&= part?.exact ?? true;
    byte ??= part?.byte ?? 0;
    const found: CsvRecord[] = [];
    // Then bytes are characters, which need not be counted record by record: a tenth of the time.
    const isAscii = Buffer.byteLength(text) === text.length;
    let start = 0;
    const passTo = (end: number) => {
      byte = (byte as number) + (isAscii ? end - start : bytesIn(text.slice(start, end), exact));
      start = end;
    };
    let quote = quoteIn(text, 0);
    const delimiterFrom = searched(text, dialect.delimiter);
    const newlineFrom = searched(text, '\n');
    const cellEnd = (at: number) => Math.min(delimiterFrom(at), newlineFrom(at));
    while (start < text.length && (byte as number) < behind) {
      if (quote !== -1 && quote < start) quote = quoteIn(text, start);
      const newline = text.indexOf('\n', start);
      if (skipping) {
        if (newline === -1) passTo(text.length);
        else {
          skipping = false;
          passTo(newline + 1);
          line++;
        }
        continue;
      }
      const complete = last || text.length - start >= reach;
      if (newline === -1 && !complete) break;
      const lineEnd = newline === -1 ? text.length : newline;
      const plain = quote === -1 || quote >= lineEnd;
      const stop = Math.min(multiline ? text.length : lineEnd, start + reach);
      const ends = multiline ? last && stop === text.length : stop === lineEnd;
      const quoted = plain ? undefined : quotedRecord(text, start, stop, ends, dialect, cellEnd);
      if (quoted === 'unfinished' && !complete) break;
      const end = typeof quoted === 'object' && 'end' in quoted ? quoted.end : lineEnd;
      const raw = withoutReturn(text.slice(start, end));
      if (raw.length > maxRecord || quoted === 'unfinished') {
        found.push(tooLong(text.slice(start, start + maxRecord), line, byte, maxRecord));
        skipping = true;
        continue;
      }
      if (quoted && 'problem' in quoted) found.push({ fields: [], raw, line, byte, problem: broken(quoted.problem) });
      // The line ends of old Macs: two records would be one.
      else if (!quoted && raw.includes('\r')) found.push({ fields: [], raw, line, byte, problem: broken(LONE_RETURN) });
      else if (raw !== '') {
        const fields = quoted?.fields ?? (counting && headed ? NONE : raw.split(dialect.delimiter));
        found.push({ fields, raw, line, byte });
        headed = true;
      }
      line += end > lineEnd ? linesIn(raw) : 1;
      passTo(Math.min(end + 1, text.length));
    }
    text = text.slice(start);
    return found;
  };
  return Object.assign(split, {
    /** Where the next line begins; of a record that was too long, the one behind it. */
    place: (): TextPlace => ({ line: skipping ? line + 1 : line, byte: byte ?? 0 }),
    isBehind: (): boolean => (byte ?? 0) >= behind,
  });
}

const NONE: readonly string[] = [];

const LONE_RETURN = 'a lone carriage return; end lines with \\n, or quote the column';

/** A record and where its line ends, or what is wrong with it: then it ends with the line on which it began. */
type Quoted = { fields: string[]; end: number } | { problem: string };

/**
 * Tells where something stands next in a text, which is searched once however often it is asked: a file without a delimiter would be searched
 * to its end for each of its records.
 */
function searched(text: string, what: string) {
  let from = 0;
  let found = -1;
  return (at: number): number => {
    if (at < from || at > found) {
      const next = text.indexOf(what, at);
      [from, found] = [at, next === -1 ? Number.POSITIVE_INFINITY : next];
    }
    return found;
  };
}

/**
 * Reads a record that has a quote in it, looking no further than `stop`, where the text may have its end (`last`); `unfinished` when it does
 * not end before. `cellEnd` tells where an unquoted cell ends.
 */
function quotedRecord(
  text: string,
  start: number,
  stop: number,
  last: boolean,
  { delimiter, quote, escape: escaping }: CsvDialect,
  cellEnd: (from: number) => number,
): Quoted | 'unfinished' {
  const fields: string[] = [];
  const mark = quote as string;
  const isDelimiter = (at: number): boolean => text[at] === delimiter[0] && text.startsWith(delimiter, at);
  let at = start;
  for (;;) {
    if (text[at] === mark && at < stop) {
      const closed = closingQuote(text, at + 1, stop, mark, escaping as string, last);
      if (closed === -1)
        return last ? { problem: `the quote in column ${fields.length + 1} is never closed` } : 'unfinished';
      fields.push(unescaped(text.slice(at + 1, closed), mark, escaping as string));
      at = closed + 1;
    } else {
      const end = Math.max(at, Math.min(stop, cellEnd(at)));
      if (end >= stop && !last) return 'unfinished';
      const isLast = end >= stop || text[end] === '\n';
      const value = isLast ? withoutReturn(text.slice(at, end)) : text.slice(at, end);
      if (value.includes(mark)) return { problem: `a quote inside the unquoted column ${fields.length + 1}` };
      if (value.includes('\r')) return { problem: LONE_RETURN };
      fields.push(value);
      at = end;
    }
    if (at >= stop) return last ? { fields, end: at } : 'unfinished';
    if (isDelimiter(at)) at += delimiter.length;
    else if (text[at] === '\n') return { fields, end: at };
    else if (text[at] === '\r' && at + 1 === stop) return last ? { fields, end: stop } : 'unfinished';
    else if (text[at] === '\r' && text[at + 1] === '\n') return { fields, end: at + 1 };
    else if (!last && stop - at < delimiter.length) return 'unfinished';
    else return { problem: `text after the closing quote of column ${fields.length}` };
  }
}

/** Index of the quote that ends the field; -1 when there is none before `stop`. One that may yet turn out doubled is none. */
function closingQuote(text: string, from: number, stop: number, mark: string, escaping: string, last: boolean): number {
  if (escaping === mark) {
    for (let at = text.indexOf(mark, from); at !== -1 && at < stop; at = text.indexOf(mark, at + 2)) {
      if (at + 1 === stop) return last ? at : -1;
      if (text[at + 1] !== mark) return at;
    }
    return -1;
  }
  for (let at = from; at < stop; at++) {
    const character = text[at];
    if (character === escaping) at++;
    else if (character === mark) return at;
  }
  return -1;
}

/** An escape makes of the quote, and of itself, an ordinary character; before any other it is one. */
function unescaped(text: string, mark: string, escaping: string): string {
  if (!text.includes(escaping)) return text;
  if (mark === escaping) return text.replaceAll(mark + mark, mark);
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] === escaping && (text[at + 1] === mark || text[at + 1] === escaping)) at++;
    plain += text[at];
  }
  return plain;
}

const withoutReturn = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);
const linesIn = (raw: string): number => raw.split('\n').length;
const broken = (message: string) => ({ code: 'SLU-2001', message }) as const satisfies CsvRecord['problem'];
const tooLong = (raw: string, line: number, byte: number, maxRecord: number): CsvRecord => ({
  fields: [],
  raw,
  line,
  byte,
  problem: { code: 'SLU-2009', message: `the record is longer than ${maxRecord} characters` },
});
