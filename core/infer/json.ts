import type { Content, SettingsGuess } from './content.ts';
import { count } from './words.ts';

/** Bytes of a document that is looked through for the array of its records. */
const LARGEST = 64 * 1024 * 1024;
/** Names that may lead to the array. */
const DEEPEST = 4;

/** Tells where the records of a JSON document are, and whether it is one. */
export async function guessJson(start: string, content: Content): Promise<SettingsGuess> {
  const [first = '', second = ''] = start.trimStart().split(/\r?\n/);
  if (!first.startsWith('{')) return { settings: { format: 'json' }, notes: [] };
  if (second.startsWith('{') && isObject(parsed(first))) {
    const note = 'an object a line, although .json stands for one document';
    return { settings: { format: 'ndjson', extensions: ['.json'] }, notes: [note] };
  }
  const [best, ...others] = arraysIn(parsed(await textOf(content)), []).toSorted((a, b) => b.records - a.records);
  if (!best) return { settings: { format: 'json' }, notes: ['the document is one object, and so one record'] };
  const place = ({ path, records }: Place) => `${path.join('.')} (${count(records)})`;
  const also = others.length === 0 ? '' : `; there are others at ${others.slice(0, 5).map(place).join(', ')}`;
  return {
    settings: { format: 'json', path: best.path },
    notes: [`the records are the objects of the array at ${place(best)}${also}`],
  };
}

interface Place {
  readonly path: readonly string[];
  readonly records: number;
}

/** Arrays of objects in a document, by the names that lead to them. */
function arraysIn(value: unknown, path: readonly string[]): Place[] {
  if (Array.isArray(value)) return value.some(isObject) ? [{ path, records: value.length }] : [];
  if (!isObject(value) || path.length === DEEPEST) return [];
  return Object.entries(value).flatMap(([name, part]) => arraysIn(part, [...path, name]));
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is wrong with it is for its reader to tell.
    return undefined;
  }
}

async function textOf(content: Content): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of content()) {
    pieces.push(bytes);
    size += bytes.length;
    if (size > LARGEST) return '';
  }
  return Buffer.concat(pieces).toString();
}
