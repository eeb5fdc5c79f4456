import { isUtf8 } from 'node:buffer';
import type { Code } from '../model/codes.ts';
import { type FieldValues, type Place, placeOf, type Rejection, type Row } from '../model/row.ts';

/** A "no" to a whole delivery. */
export interface Refusal {
  readonly code: Code;
  readonly message: string;
}

/** A stretch of a file: rows and rejected records in order; `refusal` when the rest cannot be read at all. */
export interface Chunk {
  readonly items: readonly (Row | Rejection)[];
  readonly refusal?: Refusal;
  /** Of a text: where the line begins that follows. */
  readonly next?: TextPlace;
}

/** Where a line begins. */
export interface TextPlace {
  /** 1-based. */
  readonly line: number;
  readonly byte: number;
}

/** The part of a text that is read: the source begins with a line of it. */
export interface Within extends TextPlace {
  /** Position of the first record. */
  readonly position: number;
  /** Lines that begin at this byte, or behind it, are not wanted. */
  readonly end: number;
  /** Opens the text from its start, to read what stands above the records. */
  head(): AsyncIterable<Uint8Array>;
}

export interface ReadOptions {
  /** Largest record, in characters; a longer one is rejected. */
  readonly maxRecord: number;
  /** The source has no end to wait for: its first records are given before there is enough of them to tell text from other content. */
  readonly live?: boolean;
  /**
   * Only places and number of the records are wanted, and what the file is refused for: what takes most of the time, and changes none of
   * them, may be left out.
   */
  readonly counting?: boolean;
  /** Absent: all of the text. */
  readonly within?: Within;
}

/** Turns bytes into rows as they come; memory does not grow with the file. A broken record is a rejection; reading goes on. */
export type Reader = (source: AsyncIterable<Uint8Array>, options: ReadOptions) => AsyncIterable<Chunk>;

/** Thrown while a file is read that cannot be read to its end; the registry of readers makes it the refusal of the file. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
  readonly code: Code;
  constructor(code: Code, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a record has for values where it is only counted. */
export const UNREAD: FieldValues = {};

export const isRejection = (item: Row | Rejection): item is Rejection => 'stage' in item;

/** Characters of a broken record that are kept with its rejection. */
const RAW_LIMIT = 8192;

export const readRejection = (place: Place, code: Code, message: string, raw: string): Rejection => ({
  ...placeOf(place),
  stage: 'read',
  code,
  message,
  raw: (raw.length > RAW_LIMIT ? `${raw.slice(0, RAW_LIMIT)}…` : raw).toWellFormed(),
});

export const NOT_TEXT: Refusal = {
  code: 'SLU-3006',
  message: 'the file is not UTF-8 text (UTF-16, or a binary file?)',
};

/** A stretch of text; when not `exact`, each lone surrogate in it stands for a byte that is not UTF-8. */
export interface Text {
  readonly text: string;
  /** Offset of its first byte in the file. */
  readonly byte: number;
  readonly exact: boolean;
}

/** Bytes at the start of a file that are looked at before it is taken for text. */
const START = 1024;
/** Bytes of the byte order mark of UTF-8. */
const MARK = 3;

/**
 * Decodes UTF-8, without its byte order mark; yields `NOT_TEXT` when the start is no text. Where the source cuts the bytes makes no
 * difference: a character that is not whole yet waits for the rest of it.
 */
export async function* decode(
  source: AsyncIterable<Uint8Array>,
  { live = false, within }: Pick<ReadOptions, 'live' | 'within'> = {},
): AsyncGenerator<Text | typeof NOT_TEXT> {
  const enough = live ? MARK : START;
  let waiting: Uint8Array = new Uint8Array();
  // What a text looks like is seen at its start alone.
  let byte = within?.byte ?? 0;
  let started = byte > 0;
  const start = (bytes: Uint8Array) => {
    started = true;
    byte = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    return bytes.subarray(byte);
  };
  for await (const more of source) {
    let bytes = waiting.length > 0 ? Buffer.concat([waiting, more]) : more;
    waiting = bytes;
    if (!started) {
      if (bytes.length < enough) continue;
      if (looksBinary(bytes)) return yield NOT_TEXT;
      bytes = start(bytes);
    }
    const end = wholeEnd(bytes);
    waiting = bytes.subarray(end);
    yield textOf(bytes.subarray(0, end), byte);
    byte += end;
  }
  if (!started && looksBinary(waiting)) return yield NOT_TEXT;
  const rest = started ? waiting : start(waiting);
  yield textOf(rest, byte);
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

function textOf(bytes: Uint8Array, byte: number): Text {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return { text: buffer.toString(), byte, exact: true };
  // A U+FFFD that the sender wrote is no error, so bytes that are not UTF-8 become what no UTF-8 can be.
  const parts: string[] = [];
  let good = 0;
  for (let at = 0; at < buffer.length; ) {
    const length = characterAt(buffer, at);
    if (length === 0) {
      parts.push(buffer.toString('utf8', good, at), String.fromCharCode(0xdc00 + (buffer[at] as number)));
      good = at + 1;
    }
    at += length || 1;
  }
  parts.push(buffer.toString('utf8', good));
  return { text: parts.join(''), byte, exact: false };
}

/** Bytes of the character that begins here; 0 when these bytes are none. */
function characterAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** Bytes that a text was in the file. */
export function bytesIn(text: string, exact: boolean): number {
  const bytes = Buffer.byteLength(text);
  if (exact || text.isWellFormed()) return bytes;
  // A lone surrogate stands for one byte and counts as the three of U+FFFD.
  return bytes - 2 * (text.match(/\p{Surrogate}/gu)?.length ?? 0);
}
