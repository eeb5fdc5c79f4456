import type { Rejection, Row } from '../model/row.ts';
import { type Chunk, decode, type Reader, type Refusal, readRejection } from './format.ts';

/**
 * CSV by RFC 4180 with a header line; line ends are `\n` or `\r\n`, blank lines are skipped. Position 1 is the first record
 * below the header. A record with a misplaced quote costs itself only: reading goes on at the line after the one where it
 * began. That is why this is our own, held to csv-parse by a property test (docs/adr/0002-csv-reader.md).
 */
export const readCsv: Reader = async function* (source, { maxRecord }) {
  const rows = rowMaker();
  const split = splitter(maxRecord);
  let exact = true;
  for await (const part of decode(source)) {
    if ('code' in part) return yield { items: [], refusal: part };
    exact &&= part.exact;
    const chunk = rows(split(part.text, false), exact);
    yield chunk;
    if (chunk.refusal) return;
  }
  yield rows(split('', true), exact);
};

/** One record: its fields, or what is wrong with it. */
interface Found {
  readonly fields: readonly string[];
  readonly problem?: Pick<Rejection, 'code' | 'message'>;
  readonly raw: string;
  readonly line: number;
}

/** Cuts text into records as it comes; what may go on in the next stretch waits for it. */
function splitter(maxRecord: number) {
  let text = '';
  let line = 0;
  let skipping = false;

  return (more: string, last: boolean): Found[] => {
    text = line === 0 ? more.replace(/^\ufeff/, '') : text + more;
    line ||= 1;
    const found: Found[] = [];
    let start = 0;
    let quote = text.indexOf('"');
    while (start < text.length) {
      if (quote !== -1 && quote < start) quote = text.indexOf('"', start);
      const newline = text.indexOf('\n', start);
      if (newline === -1 && !last) {
        if (text.length - start <= maxRecord) break;
        if (!skipping) found.push(tooLong(text.slice(start), line, maxRecord));
        skipping = true;
        start = text.length;
        break;
      }
      const end = newline === -1 ? text.length : newline;
      const plain = quote === -1 || quote >= end;
      const quoted = plain || skipping ? undefined : quotedRecord(text, start, last, maxRecord);
      if (quoted === 'unfinished') break;
      const next = quoted && 'next' in quoted ? quoted.next : end + 1;
      const raw = withoutReturn(text.slice(start, next - 1));
      if (skipping) skipping = false;
      else if (raw.length > maxRecord) found.push(tooLong(raw, line, maxRecord));
      else if (quoted && 'problem' in quoted)
        found.push({ fields: [], raw, line, problem: broken(quoted.problem, line) });
      else if (raw !== '') found.push({ fields: quoted ? quoted.fields : raw.split(','), raw, line });
      line += plain ? 1 : linesIn(raw);
      start = next;
    }
    text = text.slice(start);
    return found;
  };
}

/** `next` is where the next record starts; with a problem it starts at the next line. */
type Quoted = { fields: string[]; next: number } | { problem: string };

/** Reads a record that has a quote in it; `unfinished` when its end is not here yet. */
function quotedRecord(text: string, start: number, last: boolean, maxRecord: number): Quoted | 'unfinished' {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    if (text[at] === '"') {
      const closed = closingQuote(text, at + 1);
      if (closed === -1 || (closed === text.length - 1 && !last)) {
        if (!last && text.length - start <= maxRecord) return 'unfinished';
        if (closed === -1) return { problem: `the quote in column ${fields.length + 1} is never closed` };
      }
      fields.push(text.slice(at + 1, closed).replaceAll('""', '"'));
      at = closed + 1;
    } else {
      const end = fieldEnd(text, at);
      if (end === text.length && !last) return 'unfinished';
      const value = text.slice(at, end);
      if (value.includes('"')) return { problem: `a quote inside the unquoted column ${fields.length + 1}` };
      fields.push(text[end] === ',' ? value : withoutReturn(value));
      at = end;
    }
    if (text[at] === ',') at++;
    else if (at >= text.length || text[at] === '\n') return { fields, next: at + 1 };
    else if (text[at] === '\r' && text[at + 1] === '\n') return { fields, next: at + 2 };
    else if (text[at] === '\r' && at + 1 === text.length) return last ? { fields, next: at + 2 } : 'unfinished';
    else return { problem: `text after the closing quote of column ${fields.length}` };
  }
}

/** Index of the quote that ends the field; a doubled quote is a quote inside it. */
function closingQuote(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote !== -1 && text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  return quote;
}

function fieldEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ',' && text[at] !== '\n') at++;
  return at;
}

const withoutReturn = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);
const linesIn = (raw: string): number => raw.split('\n').length;
const broken = (problem: string, line: number) =>
  ({ code: 'SLU-2001', message: `line ${line}: ${problem}` }) as const satisfies Found['problem'];
const tooLong = (raw: string, line: number, maxRecord: number): Found => ({
  fields: [],
  raw,
  line,
  problem: { code: 'SLU-2009', message: `line ${line}: the record is longer than ${maxRecord} characters` },
});

/** Turns records into rows by the header, which is the first of them. */
function rowMaker() {
  let header: readonly string[] | undefined;
  let position = 0;
  return (records: readonly Found[], exact: boolean): Chunk => {
    const items: (Row | Rejection)[] = [];
    for (const record of records) {
      if (header) items.push(rowOf(record, header, ++position, exact));
      else {
        const refusal = headerProblem(record);
        if (refusal) return { items, refusal };
        header = record.fields.map((name) => name.trim());
      }
    }
    return { items };
  };
}

function rowOf(record: Found, header: readonly string[], position: number, exact: boolean): Row | Rejection {
  const { fields, raw, line, problem } = record;
  if (problem) return readRejection(position, problem.code, problem.message, raw);
  if (!exact && raw.includes('\ufffd')) {
    return readRejection(position, 'SLU-3006', `line ${line}: the record holds bytes that are not UTF-8`, raw);
  }
  if (fields.length !== header.length) {
    const message = `line ${line}: ${fields.length} columns where the header has ${header.length}`;
    return readRejection(position, 'SLU-2002', message, raw);
  }
  const values: Record<string, string> = {};
  for (let i = 0; i < header.length; i++) values[header[i] as string] = fields[i] as string;
  return { position, values, raw };
}

function headerProblem({ fields, problem, line }: Found): Refusal | undefined {
  if (problem) return { code: 'SLU-3009', message: problem.message };
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
