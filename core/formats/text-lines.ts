import type { Rejection } from '../model/row.ts';
import { bytesIn, decode, type ReadOptions, type Refusal, type TextPlace } from './format.ts';

/** A line of a text, without its end (`\n` or `\r\n`), or as much of it as is kept with a rejection. */
export interface Line {
  readonly text: string;
  /** 1-based. */
  readonly line: number;
  /** Offset of its first byte in the file. */
  readonly byte: number;
  readonly problem?: Pick<Rejection, 'code' | 'message'>;
}

/** Cuts text into lines as it comes. A line beyond the largest record, or with bytes that are not UTF-8, has a problem. */
export async function* linesOf(
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<{ readonly lines: readonly Line[]; readonly refusal?: Refusal; readonly next?: TextPlace }> {
  const { maxRecord, within } = options;
  const end = within?.end ?? Number.POSITIVE_INFINITY;
  let rest = '';
  let line = within?.line ?? 1;
  let byte: number | undefined;
  let exact = true;
  /** The line has been given already, as too long; the rest of it is left out. */
  let skipping = false;

  const lineAt = (whole: string, line: number, byte: number): Line => {
    const text = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    if (text.length > maxRecord) {
      const message = `the record is longer than ${maxRecord} characters`;
      return { text: text.slice(0, maxRecord), line, byte, problem: { code: 'SLU-2009', message } };
    }
    if (exact || text.isWellFormed()) return { text, line, byte };
    return { text, line, byte, problem: { code: 'SLU-3006', message: 'the record holds bytes that are not UTF-8' } };
  };

  for await (const part of decode(source, options)) {
    if ('code' in part) return yield { lines: [], refusal: part };
    exact &&= part.exact;
    byte ??= part.byte;
    const texts = (rest + part.text).split('\n');
    rest = texts.pop() as string;
    const lines: Line[] = [];
    for (const text of texts) {
      if (!skipping && byte >= end) return yield { lines, next: { line, byte } };
      if (!skipping) lines.push(lineAt(text, line, byte));
      skipping = false;
      line++;
      byte += bytesIn(text, exact) + 1;
    }
    if (!skipping && byte >= end) return yield { lines, next: { line, byte } };
    // One more for the `\r` that may stand before the line end.
    if (rest.length > maxRecord + 1) {
      if (!skipping) lines.push(lineAt(rest, line, byte));
      skipping = true;
      byte += bytesIn(rest, exact);
      rest = '';
    }
    // What follows a line that is too long is of no interest here, but for the line behind it.
    if (byte >= end) return yield { lines, next: { line: line + 1, byte } };
    yield { lines, next: { line, byte } };
  }
  const start = byte ?? 0;
  const isLast = rest === '' || skipping || start >= end;
  yield {
    lines: isLast ? [] : [lineAt(rest, line, start)],
    next: { line: line + 1, byte: start + bytesIn(rest, exact) },
  };
}
