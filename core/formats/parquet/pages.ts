import zlib from 'node:zlib';
import type { ColumnMetaData, CompressionCodec, PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decompressLz4, decompressLz4Raw, decompressSnappy, decompressZstd } from 'hyparquet-compressors';
import { caps } from '../../model/caps.ts';
import { Unreadable } from '../format.ts';
import { decodeValues, type Raw, readerOf, runs, tooLarge } from './decode.ts';
import { type Ranges, sequential } from './ranges.ts';
import type { Leaf } from './schema.ts';
import { thriftEnd } from './thrift.ts';
import { isTold } from './values.ts';

/**
 * A page: the levels of its entries (absent where all are the highest, or 0), and the values of those that have one, or their places in the
 * dictionary.
 */
export interface Page {
  readonly entries: number;
  readonly defined: Uint8Array | Uint32Array | null;
  readonly repeated: Uint8Array | Uint32Array | null;
  readonly values: Raw;
  readonly dictionary: Raw | null;
  /** Bytes that it takes in memory, about. */
  readonly bytes: number;
}

/** Reads the pages of a column in a row group, one after the other. Throws `Unreadable` for what is no Parquet. */
export async function* pagesOf(file: Ranges, chunk: ColumnMetaData, leaf: Leaf, slice: number): AsyncGenerator<Page> {
  const { start, end } = extentOf(file, chunk, leaf);
  const bytes = sequential(file, start, end, slice);
  const name = leaf.path.join('.');
  const total = Number(chunk.num_values);
  let dictionary: Raw | null = null;
  for (let seen = 0; seen < total; ) {
    const { header, length } = await headerAt(bytes, name);
    bytes.skip(length);
    const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
    if (packed < 0 || unpacked < 0) throw damaged(name, 'a page of negative size');
    if (Math.max(packed, unpacked) > caps.pageBytes)
      throw tooLarge(`column "${name}" has a page of ${Math.max(packed, unpacked)} bytes`);
    const content = (await bytes.peek(packed)).subarray(0, packed);
    if (content.length < packed) throw damaged(name, 'a page is cut off');
    if (header.crc !== undefined && zlib.crc32(content) !== header.crc >>> 0)
      throw damaged(name, 'a page’s checksum is wrong');
    bytes.skip(packed);
    try {
      if (header.type === 'DICTIONARY_PAGE') dictionary = dictionaryOf(content, header, chunk.codec, leaf);
      else if (header.type !== 'INDEX_PAGE') {
        const page = pageOf(content, header, chunk.codec, leaf, dictionary, total - seen);
        seen += page.entries;
        yield page;
      }
    } catch (error) {
      throw error instanceof Unreadable ? error : damaged(name, (error as Error).message);
    }
  }
}

const damaged = (name: string, what: string) =>
  new Unreadable('SLU-3023', `its Parquet column "${name}" cannot be read: ${what}`);

/** Some writers have left the header of the first page out of the size (PARQUET-816). */
const SLACK = 100;

function extentOf(file: Ranges, chunk: ColumnMetaData, { path }: Leaf) {
  const [dictionary, data] = [Number(chunk.dictionary_page_offset ?? 0), Number(chunk.data_page_offset)];
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  const end = Math.min(start + Number(chunk.total_compressed_size) + SLACK, file.size);
  if (!(start > 0 && start < end)) throw damaged(path.join('.'), `it should lie at byte ${start}`);
  return { start, end };
}

/** Bytes of a page's header: it may carry the least and the greatest of its values, however long they are. */
const HEADER = 64 * 1024;
const LARGEST_HEADER = 4 * 1024 * 1024;

async function headerAt(bytes: ReturnType<typeof sequential>, name: string) {
  for (let ask = HEADER; ; ask *= 8) {
    const held = await bytes.peek(ask);
    try {
      const length = thriftEnd(held, 0);
      return { header: checked(parquetHeader(readerOf(held.subarray(0, length)))), length };
    } catch (error) {
      if (error instanceof Unreadable) throw error;
      const isShort = error instanceof RangeError && held.length >= ask && ask < LARGEST_HEADER;
      if (!isShort) throw damaged(name, `a page’s header: ${(error as Error).message}`);
    }
  }
}

/** Thrift carries its types with it: a damaged header gives a text or a 64-bit integer where a size should be. */
function checked(header: PageHeader): PageHeader {
  const { compressed_page_size: packed, uncompressed_page_size: unpacked, crc } = header;
  for (const figure of [packed, unpacked, crc ?? 0])
    if (!Number.isInteger(figure)) throw new Error('a size or checksum that is no 32-bit integer');
  return header;
}

function dictionaryOf(content: Uint8Array, header: PageHeader, codec: CompressionCodec, leaf: Leaf): Raw {
  const count = header.dictionary_page_header?.num_values ?? 0;
  if (count < 0) throw new Error(`a dictionary of ${count} values`);
  const plain = decompressed(content, header.uncompressed_page_size, codec);
  return converted(decodeValues(readerOf(plain), 'PLAIN', count, leaf.element), leaf);
}

function pageOf(
  content: Uint8Array,
  header: PageHeader,
  codec: CompressionCodec,
  leaf: Leaf,
  dictionary: Raw | null,
  most: number,
): Page {
  const about = header.data_page_header ?? header.data_page_header_v2;
  if (!about) throw new Error(`a page of type ${header.type}`);
  const { num_values: entries } = about;
  // One that hyparquet has no name for.
  const encoding: string | undefined = about.encoding;
  if (encoding === undefined) throw new Unreadable('SLU-3024', 'its Parquet encoding is unknown');
  if (entries < 0 || entries > most) throw new Error(`${entries} values where ${most} are left`);
  if (entries > caps.heldBytes / LEVELS) throw tooLarge(`a page of ${entries} values`);
  const { levels, plain } = header.data_page_header
    ? firstForm(content, header, codec, leaf)
    : secondForm(content, header, codec, leaf);
  const { defined, repeated } = levels;
  let count = entries;
  if (defined) {
    // By index, as below: an iterator takes twice as long, with which both loops were a sixth of counting.
    for (let index = 0; index < entries; index++) {
      const level = defined[index] as number;
      // There would be no value for it.
      if (level > leaf.defined) throw new Error('its levels contradict each other');
      if (level !== leaf.defined) count--;
    }
  }
  const reader = readerOf(plain);
  // A page of nothing but nulls may lack all that would stand before its values.
  const isLookedUp = encoding.endsWith('DICTIONARY');
  const held = { entries, defined: count === entries ? null : defined, repeated };
  // A page of nothing but nulls may lack all that would stand before its values.
  if (count === 0) return { ...held, values: [], dictionary: null, bytes: entries * LEVELS };
  if (isLookedUp) {
    const values = placesIn(dictionary, reader, count);
    return { ...held, values, dictionary, bytes: entries * LEVELS + values.byteLength };
  }
  const raw = decodeValues(reader, encoding, count, leaf.element);
  return {
    ...held,
    values: converted(raw, leaf),
    dictionary: null,
    // The same whether they are wanted or not: what is too large must be so to every pass.
    bytes: plain.length + entries * LEVELS + count * (leaf.convert || Array.isArray(raw) ? OBJECT : 8),
  };
}

/** What the levels of an entry, and a value that is no number, take in memory, about. */
const [LEVELS, OBJECT] = [2, 40];

/** The places of values in the dictionary. */
function placesIn(
  dictionary: Raw | null,
  reader: ReturnType<typeof readerOf>,
  count: number,
): Uint8Array | Uint32Array {
  if (!dictionary) throw new Error('its dictionary is missing');
  const width = reader.view.getUint8(reader.offset++);
  const places = width === 0 ? new Uint8Array(count) : runs(reader, width, count);
  const { length } = dictionary;
  for (let index = 0; index < count; index++) {
    const place = places[index] as number;
    if (place >= length) throw new Error(`value ${place} of a dictionary of ${length}`);
  }
  return places;
}

function converted(raw: Raw, { convert, unread }: Leaf): Raw {
  if (!convert) return raw;
  const to = convert as (value: unknown) => unknown;
  if (unread && raw.length > 0 && isTold(convert, raw)) {
    to(raw[0]);
    return raw;
  }
  const values: unknown[] = new Array(raw.length);
  for (let index = 0; index < raw.length; index++) values[index] = to(raw[index]);
  return values;
}

type Levels = Pick<Page, 'defined' | 'repeated'>;

/** The levels are compressed together with the values, each with its length before it. */
function firstForm(content: Uint8Array, header: PageHeader, codec: CompressionCodec, leaf: Leaf) {
  const plain = decompressed(content, header.uncompressed_page_size, codec);
  const { num_values: entries, ...encodings } = header.data_page_header as NonNullable<PageHeader['data_page_header']>;
  const reader = readerOf(plain);
  const level = (highest: number, encoding: string) => {
    if (highest === 0) return null;
    if (encoding !== 'RLE') throw new Unreadable('SLU-3024', `levels of the Parquet encoding ${encoding} are not read`);
    const length = reader.view.getUint32(reader.offset, true);
    const start = reader.offset + 4;
    if (start + length > plain.length) throw new Error('its levels are cut off');
    reader.offset = start + length;
    return runs(readerOf(plain.subarray(start, start + length)), widthOf(highest), entries);
  };
  const repeated = level(leaf.repeated, encodings.repetition_level_encoding);
  const defined = level(leaf.defined, encodings.definition_level_encoding);
  return { levels: { defined, repeated } satisfies Levels, plain: plain.subarray(reader.offset) };
}

/** The levels stand uncompressed before the values, as long as the header says. */
function secondForm(content: Uint8Array, header: PageHeader, codec: CompressionCodec, leaf: Leaf) {
  const about = header.data_page_header_v2 as NonNullable<PageHeader['data_page_header_v2']>;
  const { num_values: entries, repetition_levels_byte_length: first, definition_levels_byte_length: second } = about;
  if (first < 0 || second < 0 || first + second > content.length) throw new Error('its levels are cut off');
  const level = (highest: number, bytes: Uint8Array) =>
    highest === 0 ? null : runs(readerOf(bytes), widthOf(highest), entries);
  const repeated = level(leaf.repeated, content.subarray(0, first));
  const defined = level(leaf.defined, content.subarray(first, first + second));
  const rest = content.subarray(first + second);
  const size = header.uncompressed_page_size - first - second;
  const plain = decompressed(rest, size, about.is_compressed === false ? 'UNCOMPRESSED' : codec);
  return { levels: { defined, repeated } satisfies Levels, plain };
}

const widthOf = (highest: number): number => 32 - Math.clz32(highest);

/** Decompresses to exactly the size that is named, in memory of its own: hyparquet reads beyond a part of a larger one. */
function decompressed(content: Uint8Array, size: number, codec: CompressionCodec): Uint8Array {
  if (size < 0 || size > caps.pageBytes) throw tooLarge(`a page of ${size} bytes`);
  const plain = size === 0 && content.length === 0 ? content : decompressor(codec)(content, size);
  if (plain.length !== size) throw new Error(`${plain.length} bytes where ${size} should be`);
  return plain.byteLength === plain.buffer.byteLength ? plain : new Uint8Array(plain);
}

type Decompress = (content: Uint8Array, size: number) => Uint8Array;

function decompressor(codec: CompressionCodec): Decompress {
  switch (codec) {
    case 'UNCOMPRESSED':
      return (content) => content;
    case 'SNAPPY':
      return decompressSnappy;
    case 'GZIP':
      return (content, size) => zlib.gunzipSync(content, { maxOutputLength: Math.max(1, size) });
    case 'BROTLI':
      return (content, size) => zlib.brotliDecompressSync(content, { maxOutputLength: Math.max(1, size) });
    case 'ZSTD':
      if (typeof zlib.zstdDecompressSync !== 'function') {
        return (content, size) => decompressZstd(content, new Uint8Array(size));
      }
      return (content, size) => zlib.zstdDecompressSync(content, { maxOutputLength: Math.max(1, size) });
    case 'LZ4':
      return decompressLz4;
    case 'LZ4_RAW':
      return decompressLz4Raw;
    default:
      throw new Unreadable('SLU-3024', `its Parquet codec ${codec ?? 'is unknown and'} is not read`);
  }
}
