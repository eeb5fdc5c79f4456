import { isUtf8 } from 'node:buffer';
import type { Code } from '../model/codes.ts';
import type { Rejection, Row } from '../model/row.ts';

/** A "no" to a whole delivery. */
export interface Refusal {
  readonly code: Code;
  readonly message: string;
}

/** A stretch of a file: rows and rejected records in order; `refusal` when the rest cannot be read at all. */
export interface Chunk {
  readonly items: readonly (Row | Rejection)[];
  readonly refusal?: Refusal;
}

export interface ReadOptions {
  /** Largest record, in characters; a longer one is rejected. */
  readonly maxRecord: number;
}

/** Turns bytes into rows as they come; memory does not grow with the file. A broken record is a rejection; reading goes on. */
export type Reader = (source: AsyncIterable<Uint8Array>, options: ReadOptions) => AsyncIterable<Chunk>;

export const isRejection = (item: Row | Rejection): item is Rejection => 'stage' in item;

/** Characters of a broken record that are kept with its rejection. */
const RAW_LIMIT = 8192;

export const readRejection = (position: number, code: Code, message: string, raw: string): Rejection => ({
  position,
  stage: 'read',
  code,
  message,
  raw: raw.length > RAW_LIMIT ? `${raw.slice(0, RAW_LIMIT)}…` : raw,
});

export const NOT_TEXT: Refusal = {
  code: 'SLU-3006',
  message: 'the file is not UTF-8 text (UTF-16, or a binary file?)',
};

/** A stretch of text; when not `exact`, a U+FFFD in it stands for bytes that are not UTF-8. */
export interface Text {
  readonly text: string;
  readonly exact: boolean;
}

/** Decodes UTF-8 however the characters are split between stretches; yields `NOT_TEXT` when the start is no text. */
export async function* decode(source: AsyncIterable<Uint8Array>): AsyncGenerator<Text | typeof NOT_TEXT> {
  const decoder = new TextDecoder('utf-8');
  let first = true;
  for await (const bytes of source) {
    if (first && looksBinary(bytes)) return yield NOT_TEXT;
    first = false;
    yield { text: decoder.decode(bytes, { stream: true }), exact: isWhole(bytes) };
  }
  const rest = decoder.decode();
  if (rest !== '') yield { text: rest, exact: false };
}

/** True for the byte order marks of UTF-16 and for a zero byte near the start. */
function looksBinary(start: Uint8Array): boolean {
  const [a, b] = start;
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || start.subarray(0, 1024).includes(0);
}

/** Whether the bytes between the characters that the stretch's edges may cut are UTF-8. */
function isWhole(bytes: Uint8Array): boolean {
  if (isUtf8(bytes)) return true;
  const continues = (index: number) => ((bytes[index] ?? 0) & 0xc0) === 0x80;
  let start = 0;
  while (start < 3 && continues(start)) start++;
  let end = bytes.length;
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    if (continues(bytes.length - back)) continue;
    if ((bytes[bytes.length - back] ?? 0) >= 0xc0) end = bytes.length - back;
    break;
  }
  return isUtf8(bytes.subarray(start, Math.max(start, end)));
}
