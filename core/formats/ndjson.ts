import type { FieldValues, Place, Rejection, Row } from '../model/row.ts';
import { bytesIn, decode, type Reader, readRejection } from './format.ts';

/** One JSON object a line (NDJSON, JSON Lines); blank lines are skipped. Position 1 is the first object. */
export const readNdjson: Reader = async function* (source, { maxRecord }) {
  let rest = '';
  let line = 0;
  let byte: number | undefined;
  let position = 0;
  let skipping = false;
  let exact = true;

  /** Takes a line, of which `size` bytes lie in the file. */
  const read = (text: string, size: number): Row | Rejection | undefined => {
    line++;
    const place = { position: position + 1, line, byte: byte as number };
    byte = (byte as number) + size;
    if (skipping) {
      skipping = false;
      return undefined;
    }
    if (text.length > maxRecord) return tooLong(text, place);
    if (text.trim() === '') return undefined;
    position++;
    if (!exact && !text.isWellFormed()) {
      return readRejection(place, 'SLU-3006', 'the record holds bytes that are not UTF-8', text);
    }
    const values = parseObject(text);
    if (typeof values === 'string') return readRejection(place, 'SLU-2001', values, text);
    return { ...place, values, raw: text };
  };
  const tooLong = (text: string, place: Place) => {
    position++;
    const message = `the record is longer than ${maxRecord} characters`;
    return readRejection(place, 'SLU-2009', message, text.slice(0, maxRecord));
  };

  for await (const part of decode(source)) {
    if ('code' in part) return yield { items: [], refusal: part };
    exact &&= part.exact;
    byte ??= part.byte;
    const lines = (rest + part.text).split('\n');
    rest = lines.pop() as string;
    const items = lines.map((text) => read(text, bytesIn(text, exact) + 1)).filter((item) => item !== undefined);
    if (rest.length > maxRecord) {
      if (!skipping) items.push(tooLong(rest, { position: position + 1, line: line + 1, byte }));
      skipping = true;
      byte += bytesIn(rest, exact);
      rest = '';
    }
    yield { items };
  }
  const lastItem = rest === '' ? undefined : read(rest, 0);
  yield { items: lastItem ? [lastItem] : [] };
};

/** Parses one JSON object, or says why it is none. Whole numbers that JavaScript would round come as bigint. */
export function parseObject(text: string): FieldValues | string {
  let value: unknown;
  try {
    value = /\d{16}/.test(text) ? JSON.parse(text, exactNumbers) : JSON.parse(text);
  } catch (error) {
    // The reviver of long numbers goes down a level with each bracket.
    return error instanceof RangeError ? 'the JSON is nested too deeply' : `not JSON: ${(error as Error).message}`;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as FieldValues;
  return `a JSON object is expected, not ${Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`}`;
}

/** JSON.parse hands the source text of a number to its reviver (ECMAScript proposal "JSON.parse source text access"). */
function exactNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
