import { caps } from '../model/caps.ts';
import type { FileFormat, FormatSettings, ParquetSettings } from '../model/formats.ts';
import type { StoredObject } from '../ports.ts';
import { compressionOf, decompress } from './compression.ts';
import { csvReader } from './csv.ts';
import { type Chunk, type Reader, type ReadOptions, Unreadable } from './format.ts';
import { jsonReader } from './json.ts';
import { readLines } from './lines.ts';
import { readNdjson } from './ndjson.ts';
import { rangesIn, rangesOf } from './parquet/ranges.ts';
import { PARQUET, parquetReader } from './parquet.ts';
import { isByLine, partOf, rowGroupsFrom, type Start } from './starts.ts';
import { xmlReader } from './xml.ts';

/** The reader of a format that is read from its start to its end. */
function readerOf(settings: Exclude<FormatSettings, ParquetSettings>): Reader {
  switch (settings.format) {
    case 'csv':
    case 'tsv':
      return csvReader(settings);
    case 'json':
      return jsonReader(settings);
    case 'xml':
      return xmlReader(settings);
    case 'ndjson':
      return readNdjson;
    case 'lines':
      return readLines;
  }
}

/**
 * Reads the records of a file: decompresses it as its content says and reads it as its extension says, or as its content does when it
 * has none. What cannot be read to its end gives a refusal; what the store throws goes through.
 */
export async function* readRecords(
  stored: StoredObject,
  format: FileFormat,
  options: ReadOptions,
  signal: AbortSignal,
  from: Start = {},
): AsyncGenerator<Chunk> {
  const behind = (chunks: AsyncIterable<Chunk>) => (from.after ? without(chunks, Number(from.after.position)) : chunks);
  const isPart = from.stretch !== undefined || from.after !== undefined;
  let close = async () => {};
  try {
    const { settings, compression, content } = await lookAt(stored, format, signal, isPart);
    close = content.close;
    if (settings.format === 'parquet') {
      if (!compression) await close();
      const file = compression ? rangesIn(await inMemory(content)) : rangesOf(stored, signal);
      yield* behind(parquetReader(settings)(file, options, rowGroupsFrom(from)));
    } else if (isPart && isByLine(settings, compression)) {
      yield* behind(readerOf(settings)(...(await partOf(stored, options, from, signal))));
    } else {
      yield* behind(readerOf(settings)(isPart && !compression ? stored.open(signal) : content, options));
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    yield { items: [], refusal: { code: error.code, message: error.message } };
  } finally {
    await close();
  }
}

/** Bytes that tell one kind of file from another. */
const MAGIC = 4;

/**
 * What a file is by its name and its first bytes. `content` is what comes out of it, to be closed; who only looks gets none of a file that is not compressed. Throws `Unreadable`
 * when name and bytes do not fit.
 */
export async function lookAt(stored: StoredObject, format: FileFormat, signal: AbortSignal, onlyLook: boolean) {
  const start = onlyLook ? await rangesOf(stored, signal).read(0, Math.min(MAGIC, stored.size)) : null;
  const packed = start && compressionOf(start) === null ? await peek(of(start)) : await peek(stored.open(signal));
  let content = packed;
  try {
    const compression = compressionOf(packed.start);
    if (format.compression && compression !== format.compression) {
      throw notAsNamed(format.compression, compression ?? 'not compressed');
    }
    if (compression) content = await peek(decompress(packed, compression));
    return { settings: settingsFor(format, content.start), compression, content };
  } catch (error) {
    await content.close();
    throw error;
  }
}

/** Leaves out the records up to a position. */
async function* without(chunks: AsyncIterable<Chunk>, position: number): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    yield { ...chunk, items: chunk.items.filter((item) => Number(item.position) > position) };
  }
}

const notAsNamed = (named: string, found: string) =>
  new Unreadable('SLU-3020', `its extension says ${named}, and its content is ${found}`);

/** What the file is, by its extension or, without one, by its first bytes. */
function settingsFor({ among }: FileFormat, start: Uint8Array): FormatSettings {
  const isParquet = PARQUET.equals(start.subarray(0, PARQUET.length));
  const [only] = among;
  if (only && among.length === 1) {
    if (isParquet === (only.format === 'parquet')) return only;
    throw notAsNamed(only.format, isParquet ? 'Parquet' : 'none');
  }
  const [settings, ...others] = among.filter(({ format }) => isParquet === (format === 'parquet'));
  if (settings && others.length === 0) return settings;
  const names = among.map(({ format }) => format).join(', ');
  throw new Unreadable('SLU-3002', `its key has no extension, and its content does not tell which it is of ${names}`);
}

/** Parquet is read from its end on; it compresses by itself, so that few such files are compressed again. */
async function inMemory(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of source) {
    pieces.push(piece);
    size += piece.length;
    if (size > caps.unpackedInMemory) {
      const message = `more than ${caps.unpackedInMemory} bytes come out of it, the cap for Parquet; send it uncompressed`;
      throw new Unreadable('SLU-3022', message);
    }
  }
  return Buffer.concat(pieces);
}

async function* of(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Looks at the first bytes, of which there are fewer only if the file is shorter, and gives them back with the rest. */
async function peek(source: AsyncIterable<Uint8Array>) {
  const pieces = source[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array();
  while (start.length < MAGIC) {
    const next = await pieces.next();
    if (next.done) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  return {
    start,
    async *[Symbol.asyncIterator]() {
      try {
        if (start.length > 0) yield start;
        for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
      } finally {
        await pieces.return?.();
      }
    },
    /** A generator that has not begun would not close what it reads. */
    async close(): Promise<void> {
      await pieces.return?.();
    },
  };
}
