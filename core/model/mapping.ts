import { type ColumnType, typeText } from './column-types.ts';
import { parseJson } from './json-value.ts';
import { Misfit, type Reading } from './misfit.ts';
import { base64, scalars, timestamp } from './scalar-readings.ts';
import { storedText } from './stored.ts';

/**
 * Reads what a format makes of a file (text of CSV and XML, values of JSON and Parquet) as values of CQL types. Strict: a value is taken
 * when it is one of the type as it stands, and nothing is rounded, cut off or guessed. docs/types.md has the rules as a table.
 */

/** How a column is read where its type leaves a choice: bytes from base64 instead of hexadecimal, or instants cut off at the millisecond. */
export type ReadAs = 'base64' | 'truncated';

export const canReadAs = (type: ColumnType, as: ReadAs): boolean => type === (as === 'base64' ? 'blob' : 'timestamp');

/** Makes the reading of a column. */
export function readingOf(type: ColumnType, as?: ReadAs): Reading {
  if (as && canReadAs(type, as)) return as === 'base64' ? base64 : (source) => timestamp(source, true);
  if (typeof type === 'string') return scalars[type];
  return fromText(
    type,
    'list' in type ? listOf(type) : 'set' in type ? setOf(type) : 'map' in type ? mapOf(type) : fieldsOf(type),
  );
}

/** A collection in a cell of text is JSON. */
const fromText = (type: ColumnType, read: Reading): Reading => {
  const expected = `a ${typeText(type)} as JSON`;
  return (source) => {
    if (typeof source !== 'string') return read(source);
    const found = parseJson(source);
    return 'code' in found || typeof found.value === 'string' ? new Misfit(source, expected) : read(found.value);
  };
};

/** Reads the parts of a collection, up to the first that is none. */
function readParts(sources: Iterable<unknown>, read: Reading, where: (index: number) => string): unknown[] | Misfit {
  const parts: unknown[] = [];
  for (const source of sources) {
    const part =
      source === null || source === undefined ? new Misfit(null, 'a value: a collection holds no null') : read(source);
    if (part instanceof Misfit) return new Misfit(part.value, `${part.expected} (${where(parts.length + 1)})`);
    parts.push(part);
  }
  return parts;
}

const element = (index: number) => `element ${index}`;

/** The first value that another one before it equals to the database; undefined when there is none. */
function repeated(type: ColumnType, values: readonly unknown[]): unknown {
  const stored = storedText(type);
  const texts = new Set<string>();
  return values.find((value) => texts.size === texts.add(stored(value)).size);
}

function listOf(type: { readonly list: ColumnType }): Reading {
  const read = readingOf(type.list);
  return (source) =>
    Array.isArray(source) ? readParts(source, read, element) : new Misfit(source, `a ${typeText(type)}`);
}

/** Values that are there twice would be one: a set that is sent as a list must be one already. */
function setOf(type: { readonly set: ColumnType }): Reading {
  const read = readingOf(type.set);
  return (source) => {
    if (!Array.isArray(source) && !(source instanceof Set)) return new Misfit(source, `a ${typeText(type)}`);
    const values = readParts(source, read, element);
    if (values instanceof Misfit) return values;
    const twice = repeated(type.set, values);
    return twice === undefined ? new Set(values) : new Misfit(twice, `unique in the ${typeText(type)}`);
  };
}

function mapOf(type: { readonly map: readonly [ColumnType, ColumnType] }): Reading {
  const [readKey, readValue] = [readingOf(type.map[0]), readingOf(type.map[1])];
  return (source) => {
    const entries = source instanceof Map ? [...source] : isObject(source) ? Object.entries(source) : undefined;
    if (!entries) return new Misfit(source, `a ${typeText(type)}`);
    const keys = readParts(
      entries.map(([key]) => key),
      readKey,
      (index) => `key ${index}`,
    );
    if (keys instanceof Misfit) return keys;
    const values = readParts(
      entries.map(([, value]) => value),
      readValue,
      (index) => `value ${index}`,
    );
    if (values instanceof Misfit) return values;
    const twice = repeated(type.map[0], keys);
    if (twice !== undefined) return new Misfit(twice, `a unique key of the ${typeText(type)}`);
    return new Map(keys.map((key, index) => [key, values[index]]));
  };
}

function fieldsOf(type: { readonly udt: string; readonly fields: Readonly<Record<string, ColumnType>> }): Reading {
  const fields = new Map(Object.entries(type.fields).map(([name, part]) => [name, readingOf(part)]));
  return (source) => {
    if (!isObject(source)) return new Misfit(source, `a ${typeText(type)}`);
    const found: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(source)) {
      const read = fields.get(name);
      if (!read) return new Misfit(name, `a field of ${type.udt}, which has ${[...fields.keys()].join(', ')}`);
      const part = value === null || value === undefined ? null : read(value);
      if (part instanceof Misfit) return new Misfit(part.value, `${part.expected} (field ${name})`);
      found[name] = part;
    }
    return found;
  };
}

/** An object as JSON has it. */
function isObject(source: unknown): source is Readonly<Record<string, unknown>> {
  if (typeof source !== 'object' || source === null) return false;
  const prototype = Object.getPrototypeOf(source);
  return prototype === Object.prototype || prototype === null;
}
