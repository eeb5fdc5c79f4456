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
  raw: (raw.length > RAW_LIMIT ? `${raw.slice(0, RAW_LIMIT)}…` : raw).toWellFormed(),
});

export const NOT_TEXT: Refusal = {
  code: 'SLU-3006',
  message: 'the file is not UTF-8 text (UTF-16, or a binary file?)',
};

/** A stretch of text; when not `exact`, each lone surrogate in it stands for bytes that are not UTF-8. */
export interface Text {
  readonly text: string;
  readonly exact: boolean;
}

/** Bytes at the start of a file that are looked at before it is taken for text. */
const START = 1024;

/**
 * Decodes UTF-8, without its byte order mark; yields `NOT_TEXT` when the start is no text. Where the source cuts the bytes makes no
 * difference: a character that is not whole yet waits for the rest of it.
 */
export async function* decode(source: AsyncIterable<Uint8Array>): AsyncGenerator<Text | typeof NOT_TEXT> {
  let waiting: Uint8Array = new Uint8Array();
  let started = false;
  const start = (bytes: Uint8Array) => {
    started = true;
    return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  };
  for await (const more of source) {
    let bytes = waiting.length > 0 ? Buffer.concat([waiting, more]) : more;
    waiting = bytes;
    if (!started) {
      if (bytes.length < START) continue;
      if (looksBinary(bytes)) return yield NOT_TEXT;
      bytes = start(bytes);
    }
    const end = wholeEnd(bytes);
    waiting = bytes.subarray(end);
    yield textOf(bytes.subarray(0, end));
  }
  if (!started && looksBinary(waiting)) return yield NOT_TEXT;
  yield textOf(started ? waiting : start(waiting));
}

/** True for the byte order marks of UTF-16 and for a zero byte near the start. */
function looksBinary(start: Uint8Array): boolean {
  const [a, b] = start;
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || start.subarray(0, START).includes(0);
}

/** Where the last character begins when it is not whole, or else the end. */
function wholeEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function textOf(bytes: Uint8Array): Text {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return { text: buffer.toString(), exact: true };
  // A U+FFFD that the sender wrote is no error: it is kept apart from those that the decoder puts in.
  const parts = buffer.toString('latin1').split('\xef\xbf\xbd');
  const texts = parts.map((part) => Buffer.from(part, 'latin1').toString().replaceAll('\ufffd', '\udfff'));
  return { text: texts.join('\ufffd'), exact: false };
}
