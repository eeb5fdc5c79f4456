import type { Place, Rejection, Row } from '../model/row.ts';
import { bytesIn, type Chunk, decode, type Reader, type Refusal, readRejection, type Text } from './format.ts';

/**
 * CSV by RFC 4180 with a header line; line ends are `\n` or `\r\n`, blank lines are skipped. Position 1 is the first record
 * below the header. A record with a misplaced quote costs itself only: reading goes on at the line after the one where it
 * began. That is why this is our own, held to csv-parse by a property test (docs/adr/0003-csv-reader.md).
 */
export const readCsv: Reader = async function* (source, { maxRecord }) {
  const rows = rowMaker();
  const split = splitter(maxRecord);
  let exact = true;
  for await (const part of decode(source)) {
    if ('code' in part) return yield { items: [], refusal: part };
    exact &&= part.exact;
    const chunk = rows(split(part, false), exact, false);
    yield chunk;
    if (chunk.refusal) return;
  }
  yield rows(split(null, true), exact, true);
};

/** One record: its fields, or what is wrong with it. */
interface Found {
  readonly fields: readonly string[];
  readonly problem?: Pick<Rejection, 'code' | 'message'>;
  readonly raw: string;
  readonly line: number;
  readonly byte: number;
}

/**
 * Cuts text into records as it comes; what may go on in the next stretch waits for it. What becomes of a record hangs on the
 * `maxRecord` characters from its start alone, never on where the stretches end.
 */
function splitter(maxRecord: number) {
  // A record of the largest size may have `\r\n` behind it.
  const reach = maxRecord + 2;
  let text = '';
  let line = 1;
  let byte: number | undefined;
  let exact = true;
  let skipping = false;

  return (part: Text | null, last: boolean): Found[] => {
    text += part?.text ?? '';
    exact &&= part?.exact ?? true;
    byte ??= part?.byte ?? 0;
    const found: Found[] = [];
    let start = 0;
    const passTo = (end: number) => {
      byte = (byte as number) + bytesIn(text.slice(start, end), exact);
      start = end;
    };
    let quote = text.indexOf('"');
    while (start < text.length) {
      if (quote !== -1 && quote < start) quote = text.indexOf('"', start);
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
      const stop = Math.min(text.length, start + reach);
      const quoted = plain ? undefined : quotedRecord(text, start, stop, last && stop === text.length);
      if (quoted === 'unfinished' && !complete) break;
      const end = typeof quoted === 'object' && 'end' in quoted ? quoted.end : lineEnd;
      const raw = withoutReturn(text.slice(start, end));
      if (raw.length > maxRecord || quoted === 'unfinished') {
        found.push(tooLong(text.slice(start, start + maxRecord), line, byte, maxRecord));
        skipping = true;
        continue;
      }
      if (quoted && 'problem' in quoted) found.push({ fields: [], raw, line, byte, problem: broken(quoted.problem) });
      else if (raw !== '') found.push({ fields: quoted ? quoted.fields : raw.split(','), raw, line, byte });
      line += plain ? 1 : linesIn(raw);
      passTo(Math.min(end + 1, text.length));
    }
    text = text.slice(start);
    return found;
  };
}

/** A record and where its line ends, or what is wrong with it: then it ends with the line on which it began. */
type Quoted = { fields: string[]; end: number } | { problem: string };

/** Reads a record that has a quote in it, looking no further than `stop`; `unfinished` when it does not end before. */
function quotedRecord(text: string, start: number, stop: number, last: boolean): Quoted | 'unfinished' {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    if (text[at] === '"' && at < stop) {
      const closed = closingQuote(text, at + 1);
      if (closed === -1 || closed >= stop) {
        return last ? { problem: `the quote in column ${fields.length + 1} is never closed` } : 'unfinished';
      }
      fields.push(text.slice(at + 1, closed).replaceAll('""', '"'));
      at = closed + 1;
    } else {
      const end = fieldEnd(text, at, stop);
      if (end === stop && !last) return 'unfinished';
      const value = text.slice(at, end);
      if (value.includes('"')) return { problem: `a quote inside the unquoted column ${fields.length + 1}` };
      fields.push(text[end] === ',' ? value : withoutReturn(value));
      at = end;
    }
    if (at >= stop) return last ? { fields, end: at } : 'unfinished';
    if (text[at] === ',') at++;
    else if (text[at] === '\n') return { fields, end: at };
    else if (text[at] === '\r' && at + 1 === stop) return last ? { fields, end: stop } : 'unfinished';
    else if (text[at] === '\r' && text[at + 1] === '\n') return { fields, end: at + 1 };
    else return { problem: `text after the closing quote of column ${fields.length}` };
  }
}

/** Index of the quote that ends the field; a doubled quote is a quote inside it. */
function closingQuote(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote !== -1 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  return quote;
}

function fieldEnd(text: string, from: number, stop: number): number {
  let at = from;
  while (at < stop && text[at] !== ',' && text[at] !== '\n') at++;
  return at;
}

const withoutReturn = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);
const linesIn = (raw: string): number => raw.split('\n').length;
const broken = (message: string) => ({ code: 'SLU-2001', message }) as const satisfies Found['problem'];
const tooLong = (raw: string, line: number, byte: number, maxRecord: number): Found => ({
  fields: [],
  raw,
  line,
  byte,
  problem: { code: 'SLU-2009', message: `the record is longer than ${maxRecord} characters` },
});

/** Turns records into rows by the header, which is the first of them. */
function rowMaker() {
  let header: readonly string[] | undefined;
  let position = 0;
  return (records: readonly Found[], exact: boolean, last: boolean): Chunk => {
    const items: (Row | Rejection)[] = [];
    for (const record of records) {
      if (header) items.push(rowOf(record, header, ++position, exact));
      else {
        const refusal = headerProblem(record);
        if (refusal) return { items, refusal };
        header = record.fields.map((name) => name.trim());
      }
    }
    if (last && !header) return { items, refusal: { code: 'SLU-3009', message: 'the file has no header line' } };
    return { items };
  };
}

function rowOf(record: Found, header: readonly string[], position: number, exact: boolean): Row | Rejection {
  const { fields, raw, line, byte, problem } = record;
  const place: Place = { position, line, byte };
  if (problem) return readRejection(place, problem.code, problem.message, raw);
  if (!exact && !raw.isWellFormed()) {
    return readRejection(place, 'SLU-3006', 'the record holds bytes that are not UTF-8', raw);
  }
  if (fields.length !== header.length) {
    return readRejection(place, 'SLU-2002', `${fields.length} columns where the header has ${header.length}`, raw);
  }
  const values: Record<string, string> = {};
  for (let i = 0; i < header.length; i++) values[header[i] as string] = fields[i] as string;
  return { position, line, byte, values, raw };
}

function headerProblem({ fields, problem, line, raw }: Found): Refusal | undefined {
  if (!raw.isWellFormed())
    return { code: 'SLU-3006', message: `line ${line}: the header holds bytes that are not UTF-8` };
  if (problem) return { code: 'SLU-3009', message: `line ${line}: ${problem.message}` };
  // All of such a file is one line: it would end as loaded, without a row.
  if (/\r./.test(raw)) return { code: 'SLU-3009', message: `line ${line}: a lone carriage return; end lines with \\n` };
  const seen = new Set<string>();
  for (const [index, untrimmed] of fields.entries()) {
    const name = untrimmed.trim();
    if (name === '') return { code: 'SLU-3009', message: `line ${line}: column ${index + 1} has no name` };
    if (seen.has(name)) return { code: 'SLU-3009', message: `line ${line}: column "${name}" is there twice` };
    if (name === '__proto__') return { code: 'SLU-3009', message: `line ${line}: a column cannot be named "${name}"` };
    seen.add(name);
  }
  return undefined;
}
