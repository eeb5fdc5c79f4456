import { compressionOf, decompress } from '../formats/compression.ts';
import { type Refusal, Unreadable } from '../formats/format.ts';
import { extensions, type FileFormat, type Format, type FormatSettings, fileFormatOf } from '../model/formats.ts';
import type { StoredObject } from '../ports.ts';
import { guessDialect } from './dialect.ts';

/** How a file is to be read, with what was guessed of it. */
export interface FormatGuess {
  readonly format: FileFormat;
  readonly settings: FormatSettings;
  readonly notes: readonly string[];
}

/** Bytes at the start of a file that are looked at. */
const START = 64 * 1024;

/** Tells by a file's extension, and by its start, what it is. */
export async function guessFormat(given: {
  stored: StoredObject;
  file: string;
  signal: AbortSignal;
}): Promise<FormatGuess | Refusal> {
  try {
    const start = await startOf(given.stored, given.signal);
    const { settings, notes } = guessSettings(given.file, start);
    const format = fileFormatOf(given.file, [settings]);
    // One format alone takes a key without extension too.
    return format ? { format, settings, notes } : { code: 'SLU-3002', message: 'nothing tells what it is' };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { code: error.code, message: error.message };
  }
}

function guessSettings(file: string, start: string): Omit<FormatGuess, 'format'> {
  const named = fileFormatOf(file, Object.keys(extensions) as Format[])?.among ?? [];
  const known = named.length === 1 ? named[0] : undefined;
  if (known?.format === 'csv' || known?.format === 'tsv') return guessDialect(start, known.format);
  const [first = '', second = ''] = start.split(/\r?\n/);
  if (known?.format === 'lines') {
    const { settings, notes } = guessDialect(start, 'csv');
    const { delimiter = ',' } = settings;
    // Tables are sent as .txt as well.
    if (!first.includes(delimiter) || !second.includes(delimiter)) return { settings: known, notes: [] };
    const note = 'text in cells, although .txt stands for plain lines';
    return { settings: { ...settings, extensions: ['.txt'] }, notes: [note, ...notes] };
  }
  if (known) return { settings: known, notes: [] };
  const [, extension] = /(\.[^.]+)$/.exec(file.toLowerCase().replace(/\.(gz|zst)$/, '')) ?? [];
  const by: { settings: FormatSettings; notes: readonly string[] } = first.startsWith('{')
    ? { settings: { format: 'ndjson' }, notes: [] }
    : guessDialect(start, 'csv');
  const own = extension === undefined ? {} : { extensions: [extension] };
  const note = `${by.settings.format} by its content; its extension does not tell`;
  return { settings: { ...by.settings, ...own }, notes: [note, ...by.notes] };
}

/** The first characters of what a file holds, decompressed. */
async function startOf(stored: StoredObject, signal: AbortSignal): Promise<string> {
  let first: Uint8Array = new Uint8Array();
  for await (const bytes of stored.open(signal)) {
    first = Buffer.concat([first, bytes]);
    if (first.length >= 4) break;
  }
  const compression = compressionOf(first);
  const content = compression ? decompress(stored.open(signal), compression) : stored.open(signal);
  let start = Buffer.alloc(0);
  for await (const bytes of content) {
    start = Buffer.concat([start, bytes]);
    if (start.length >= START) break;
  }
  return start
    .subarray(0, START)
    .toString()
    .replace(/^\ufeff/, '');
}
