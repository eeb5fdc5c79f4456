import type { Compression, FileFormat, FormatSettings } from '../model/formats.ts';
import type { StoredObject } from '../ports.ts';
import { compressionOf, decompress } from './compression.ts';
import { csvReader } from './csv.ts';
import { type Chunk, type Reader, type ReadOptions, Unreadable } from './format.ts';
import { readLines } from './lines.ts';
import { readNdjson } from './ndjson.ts';

function readerOf(settings: FormatSettings): Reader {
  switch (settings.format) {
    case 'csv':
    case 'tsv':
      return csvReader(settings);
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
): AsyncGenerator<Chunk> {
  try {
    const packed = await peek(stored.open(signal));
    const compression = compressionOf(packed.start);
    if (format.compression && compression !== format.compression) throw notAsNamed(format.compression, compression);
    const content = compression ? decompress(packed.bytes, compression) : packed.bytes;
    yield* readerOf(onlyOf(format))(content, options);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    yield { items: [], refusal: { code: error.code, message: error.message } };
  }
}

const notAsNamed = (named: Compression, found: Compression | null) =>
  new Unreadable('SLU-3020', `its extension says ${named}, and its content is ${found ?? 'not compressed'}`);

function onlyOf({ among }: FileFormat): FormatSettings {
  const [settings, ...others] = among;
  if (settings && others.length === 0) return settings;
  const names = among.map(({ format }) => format).join(', ');
  throw new Unreadable('SLU-3002', `its key has no extension, and its content does not tell which it is of ${names}`);
}

/** Bytes that tell one kind of file from another. */
const MAGIC = 4;

/** Looks at the first bytes, of which there are fewer only if the file is shorter, and gives them back with the rest. */
async function peek(source: AsyncIterable<Uint8Array>) {
  const pieces = source[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array();
  while (start.length < MAGIC) {
    const next = await pieces.next();
    if (next.done) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  async function* bytes() {
    try {
      if (start.length > 0) yield start;
      for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
    } finally {
      await pieces.return?.();
    }
  }
  return { start, bytes: bytes() };
}
