import type { Rejection } from '../model/row.ts';

/** A part of a text, by offsets in characters; `end` is behind the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The cells of one record of delimited text, quotes included; as near as can be when the record is broken. */
export function cellsIn(raw: string, delimiter = ',', quote = '"'): Span[] {
  const cells: Span[] = [];
  let start = 0;
  for (;;) {
    const end = raw.indexOf(delimiter, raw[start] === quote ? behindQuotes(raw, start + 1, quote) : start);
    cells.push({ start, end: end === -1 ? raw.length : end });
    if (end === -1) return cells;
    start = end + delimiter.length;
  }
}

/** Behind the quote that closes a cell; where the cell begins when none does. */
function behindQuotes(raw: string, from: number, quote: string): number {
  let at = raw.indexOf(quote, from);
  while (at !== -1 && raw[at + 1] === quote) at = raw.indexOf(quote, at + 2);
  return at === -1 ? from : at + 1;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;

/** The value of a member of the JSON object that a text is; null when it has none of this name. */
export function memberIn(raw: string, name: string): Span | null {
  let depth = 0;
  let named = false;
  let before = '';
  let found: { start: number; end: number } | null = null;
  for (const { 0: token, index } of raw.matchAll(TOKEN)) {
    if (depth === 1 && found && (token === ',' || token === '}')) return found;
    if (named) found ??= { start: index, end: index };
    if (found) found.end = index + token.length;
    named ||= depth === 1 && token === ':' && isName(before, name);
    if (token === '{' || token === '[') depth++;
    if (token === '}' || token === ']') depth--;
    before = token;
  }
  return found;
}

function isName(token: string, name: string): boolean {
  try {
    return JSON.parse(token) === name;
  } catch {
    return false;
  }
}

/** How the values stand in the raw text of a record. */
export type Layout =
  | { readonly kind: 'cells'; readonly delimiter: string; readonly quote: string; readonly columns: readonly string[] }
  | { readonly kind: 'json' }
  /** `attributes`: what stands before the names of fields that were attributes. */
  | { readonly kind: 'xml'; readonly attributes: string };

/** The part of its raw text for which a record was rejected; null when it cannot be told. */
export function faultIn({ code, column, message, raw }: Rejection, layout: Layout): Span | null {
  if (code === 'SLU-3006') return at(raw.indexOf('\ufffd'), raw);
  if (layout.kind === 'xml') return column === undefined ? null : elementIn(raw, column, layout.attributes);
  if (layout.kind === 'json') {
    if (column !== undefined) return memberIn(raw, column);
    const [, twice] = /^the name ("(?:[^"\\]|\\.)*") is there twice/.exec(message) ?? [];
    if (twice !== undefined) return found(raw.lastIndexOf(twice), twice.length);
    const position = /at position (\d+)/.exec(message)?.[1];
    if (position !== undefined) return at(Number(position), raw);
    return /end of JSON/.test(message) ? at(raw.length, raw) : null;
  }
  const cells = cellsIn(raw, layout.delimiter, layout.quote);
  if (column !== undefined) return cells[layout.columns.indexOf(column)] ?? null;
  if (code === 'SLU-2002') {
    const extra = cells[layout.columns.length];
    return extra ? { start: extra.start, end: raw.length } : at(raw.length, raw);
  }
  // What is wrong with quotes names the column by its number.
  return code === 'SLU-2001' ? (cells[Number(/column (\d+)/.exec(message)?.[1]) - 1] ?? null) : null;
}

/** What stands between the tags of an element of an XML record, or an attribute's value with its quotes. */
export function elementIn(raw: string, column: string, attributes: string): Span | null {
  const name = (text: string) => text.replaceAll(/[^\w]/g, '\\$&');
  const element = new RegExp(`<${name(column)}(?:\\s[^>]*)?>([^]*?)</${name(column)}\\s*>`, 'd');
  const attribute = new RegExp(`\\s${name(column.slice(attributes.length))}\\s*=\\s*("[^"]*"|'[^']*')`, 'd');
  const match = element.exec(raw) ?? (column.startsWith(attributes) ? attribute.exec(raw) : null);
  const [start, end] = match?.indices?.[1] ?? [];
  return start === undefined || end === undefined ? null : { start, end };
}

const found = (start: number, length: number): Span | null => (start === -1 ? null : { start, end: start + length });

const at = (offset: number, raw: string): Span | null =>
  offset === -1 ? null : { start: offset, end: Math.min(offset + 1, Math.max(raw.length, offset)) };
