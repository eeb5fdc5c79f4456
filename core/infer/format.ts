import { compressionOf, decompress } from '../formats/compression.ts';
import { type Refusal, Unreadable } from '../formats/format.ts';
import { extensions, type FileFormat, type Format, fileFormatOf } from '../model/formats.ts';
import type { StoredObject } from '../ports.ts';
import type { Content, SettingsGuess } from './content.ts';
import { guessDialect } from './dialect.ts';
import { guessJson } from './json.ts';
import { guessXml } from './xml.ts';

/** How a file is to be read. */
export interface FormatGuess extends SettingsGuess {
  readonly format: FileFormat;
}

/** Bytes at the start of a file that are looked at. */
const START = 64 * 1024;

/** Tells by a file's extension and content what it is, and how its records are marked off. */
export async function guessFormat(given: {
  stored: StoredObject;
  file: string;
  signal: AbortSignal;
}): Promise<FormatGuess | Refusal> {
  try {
    const content = await contentOf(given.stored, given.signal);
    const { settings, notes } = await guessSettings(given.file, content);
    const format = fileFormatOf(given.file, [settings]);
    // One format alone takes a key without extension too.
    return format ? { format, settings, notes } : { code: 'SLU-3002', message: 'nothing tells what it is' };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { code: error.code, message: error.message };
  }
}

async function guessSettings(file: string, content: Content): Promise<SettingsGuess> {
  const start = await startOf(content);
  const named = fileFormatOf(file, Object.keys(extensions) as Format[])?.among ?? [];
  if (named.length === 1 && named[0]) return guessOf(named[0].format, start, content);
  const found = await guessOf(byContent(start), start, content);
  const [, extension] = /(\.[^.]+)$/.exec(file.toLowerCase().replace(/\.(gz|zst)$/, '')) ?? [];
  const own = extension === undefined ? {} : { extensions: [extension] };
  const note = `${found.settings.format} by its content; its extension does not tell`;
  return { settings: { ...found.settings, ...own }, notes: [note, ...found.notes] };
}

function byContent(start: string): Format {
  if (start.startsWith('PAR1')) return 'parquet';
  const [first] = start.trimStart();
  return first === '{' || first === '[' ? 'json' : first === '<' ? 'xml' : 'csv';
}

async function guessOf(format: Format, start: string, content: Content): Promise<SettingsGuess> {
  switch (format) {
    case 'csv':
    case 'tsv':
      return guessDialect(start, format);
    case 'json':
      return guessJson(start, content);
    case 'xml':
      return guessXml(content);
    case 'lines':
      return guessLines(start);
    default:
      return { settings: { format }, notes: [] };
  }
}

/** Tables are sent as .txt as well. */
function guessLines(start: string): SettingsGuess {
  const { settings, notes } = guessDialect(start, 'csv');
  const { delimiter = ',' } = settings;
  const [first = '', second = ''] = start.split(/\r?\n/);
  if (!first.includes(delimiter) || !second.includes(delimiter)) return { settings: { format: 'lines' }, notes: [] };
  const note = 'text in cells, although .txt stands for plain lines';
  return { settings: { ...settings, extensions: ['.txt'] }, notes: [note, ...notes] };
}

async function contentOf(stored: StoredObject, signal: AbortSignal): Promise<Content> {
  const compression = compressionOf(await firstOf(stored.open(signal), 4));
  return () => (compression ? decompress(stored.open(signal), compression) : stored.open(signal));
}

const startOf = async (content: Content): Promise<string> =>
  (await firstOf(content(), START)).toString().replace(/^\ufeff/, '');

async function firstOf(source: AsyncIterable<Uint8Array>, count: number): Promise<Buffer> {
  let first = Buffer.alloc(0);
  for await (const bytes of source) {
    first = Buffer.concat([first, bytes]);
    if (first.length >= count) break;
  }
  return first.subarray(0, count);
}
