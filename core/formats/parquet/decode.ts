import type { SchemaElement } from 'hyparquet';
import { deltaBinaryUnpack, deltaLengthByteArray } from 'hyparquet/src/delta.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { caps } from '../../model/caps.ts';
import { Unreadable } from '../format.ts';

/** Bytes from a place on. */
export interface Reader {
  readonly view: DataView;
  offset: number;
}

export const readerOf = (bytes: Uint8Array): Reader => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  offset: 0,
});

export type Raw = ArrayLike<unknown>;

/** Thrown for bytes that are no Parquet, as hyparquet throws for them; whoever asked for the page makes a refusal of it. */
const wrong = (message: string) => new Error(message);

/**
 * Decodes values that are not in a dictionary. The counts of a page are its sender's word: none is believed that its bytes cannot hold,
 * and what the values say of each other's lengths cannot make more of them than a page may have.
 */
export function decodeValues(reader: Reader, encoding: string, count: number, element: SchemaElement): Raw {
  const { type, type_length: width } = element;
  if (!type) throw wrong('a column without a type');
  if (count * ENTRY[type.endsWith('BYTE_ARRAY') ? 'bytes' : 'number'] > caps.heldBytes)
    throw tooLarge(`a page of ${count} values`);
  const left = reader.view.byteLength - reader.offset;
  switch (encoding) {
    case 'PLAIN':
      if (count * plainBits(type, width) > left * 8) throw wrong('fewer values than it says');
      return readPlain(reader, type, count, width);
    case 'RLE': {
      if (type !== 'BOOLEAN') throw wrong(`${type} in RLE`);
      reader.offset += 4;
      return Array.from(runs(reader, 1, count), Boolean);
    }
    case 'BYTE_STREAM_SPLIT':
      if (count * plainBits(type, width) > left * 8) throw wrong('fewer values than it says');
      return byteStreamSplit(reader, count, type, width);
    case 'DELTA_BINARY_PACKED':
      return deltas(reader, count, type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count));
    case 'DELTA_LENGTH_BYTE_ARRAY': {
      const values: Uint8Array[] = [];
      if (count > 0) deltaLengthByteArray(reader, count, values);
      return values;
    }
    case 'DELTA_BYTE_ARRAY':
      return prefixed(reader, count);
    default:
      throw new Unreadable('SLU-3024', `its Parquet encoding ${encoding} is not read`);
  }
}

/** What a value takes in memory while a page is decoded, about: a view of bytes is an object. */
const ENTRY = { bytes: 128, number: 16 };

function plainBits(type: string, width: number | undefined): number {
  const known: Readonly<Record<string, number>> = {
    BOOLEAN: 1,
    INT32: 32,
    FLOAT: 32,
    INT64: 64,
    DOUBLE: 64,
    INT96: 96,
  };
  return known[type] ?? (type === 'BYTE_ARRAY' ? 32 : Math.max(1, width ?? 0) * 8);
}

function deltas<T extends Int32Array | BigInt64Array>(reader: Reader, count: number, output: T): T {
  if (count > 0) deltaBinaryUnpack(reader, count, output);
  return output;
}

/** Each value says how much of the one before it begins with: without a bound a page of a megabyte could unfold to terabytes. */
function prefixed(reader: Reader, count: number): Uint8Array[] {
  const prefixes = deltas(reader, count, new Int32Array(count));
  const suffixes = deltas(reader, count, new Int32Array(count));
  const { view } = reader;
  const values: Uint8Array[] = [];
  let before = new Uint8Array();
  let total = 0;
  for (let index = 0; index < count; index++) {
    const [prefix = 0, suffix = 0] = [prefixes[index], suffixes[index]];
    if (prefix < 0 || prefix > before.length || suffix < 0) throw wrong('a prefix that is none');
    total += prefix + suffix;
    if (total > caps.pageBytes) throw tooLarge(`more than ${caps.pageBytes} bytes in a page`);
    const value = new Uint8Array(prefix + suffix);
    value.set(before.subarray(0, prefix));
    value.set(new Uint8Array(view.buffer, view.byteOffset + reader.offset, suffix), prefix);
    reader.offset += suffix;
    values.push(value);
    before = value;
  }
  return values;
}

export const tooLarge = (what: string) => new Unreadable('SLU-3025', `${what}; the platform takes no more`);

/**
 * Decodes the hybrid of run lengths and packed bits (Parquet's RLE) from here on. Unlike hyparquet's it takes no run for longer than there
 * are values.
 */
export function runs(reader: Reader, width: number, count: number): Uint8Array | Uint32Array {
  const output = width <= 8 ? new Uint8Array(count) : new Uint32Array(count);
  const { view } = reader;
  if (width > 32) throw wrong(`a width of ${width} bits`);
  let seen = 0;
  while (seen < count) {
    const header = varint(reader);
    if (header & 1) {
      // Groups of eight values, packed from the lowest bit on.
      const packed = Math.min((header >>> 1) * 8, count - seen);
      const start = reader.offset * 8;
      for (let index = 0; index < packed; index++) output[seen++] = bitsAt(view, start + index * width, width);
      reader.offset += (header >>> 1) * width;
    } else {
      const run = Math.min(header >>> 1, count - seen);
      if (run === 0) throw wrong('a run of nothing');
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) value += view.getUint8(reader.offset++) * 2 ** shift;
      output.fill(value, seen, seen + run);
      seen += run;
    }
  }
  return output;
}

function bitsAt(view: DataView, bit: number, width: number): number {
  let value = 0;
  for (let done = 0; done < width; ) {
    const [byte, from] = [(bit + done) >>> 3, (bit + done) & 7];
    const some = Math.min(8 - from, width - done);
    value += ((view.getUint8(byte) >>> from) & ((1 << some) - 1)) * 2 ** done;
    done += some;
  }
  return value;
}

function varint(reader: Reader): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = reader.view.getUint8(reader.offset++);
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  throw wrong('a number without end');
}
