import { type ColumnType, everyPart, scalarTypes, typeText } from './column-types.ts';
import { keyspacesLimits } from './keyspaces-limits.ts';
import { nearest } from './nearest.ts';
import { show } from './show.ts';
import type { Columns } from './table.ts';

type Say = (path: string, message: string) => void;

/** Cassandra and Keyspaces take names of at most 48 characters. */
export const NAME = /^[a-z][a-z0-9_]{0,47}$/;
export const NAME_RULE = 'lower case letters, digits and _, beginning with a letter, at most 48';

/** What other languages and databases call our column types. */
const SYNONYMS: Readonly<Record<string, string>> = {
  string: 'text',
  varchar: 'text',
  ascii: 'text',
  integer: 'int',
  number: 'double',
  long: 'bigint',
  bool: 'boolean',
  datetime: 'timestamp',
  bytes: 'blob',
  interval: 'duration',
};

const SHAPES = 'one of text, int and so on, { list: … }, { set: … }, { map: [key, value] } or a type of defineType';

/** Tells what is wrong with the types of columns; whether all are types at all. */
export function checkTypes(columns: Readonly<Record<string, unknown>>, place: string, say: Say): columns is Columns {
  let isSound = true;
  for (const [name, type] of Object.entries(columns)) {
    checkType(type, `${place}.${name}`, 1, (path, message) => {
      isSound = false;
      say(path, message);
    });
  }
  return isSound;
}

function checkType(type: unknown, path: string, depth: number, say: Say): void {
  if (depth > keyspacesLimits.nesting) {
    say(path, `is nested deeper than ${keyspacesLimits.nesting} levels`);
    return;
  }
  if (typeof type === 'string') {
    if (scalarTypes.includes(type as (typeof scalarTypes)[number])) return;
    const meant = SYNONYMS[type.toLowerCase()] ?? nearest(type, scalarTypes);
    say(path, `${show(type)} is not one of ${scalarTypes.join(', ')}${meant ? `; did you mean ${meant}?` : ''}`);
    return;
  }
  const keys = typeof type === 'object' && type !== null ? Object.keys(type).sort().join() : '';
  const { list, set, map, udt, fields } = (type ?? {}) as Readonly<Record<string, unknown>>;
  if (keys === 'list') checkType(list, `${path}.list`, depth + 1, say);
  else if (keys === 'set') checkType(set, `${path}.set`, depth + 1, say);
  else if (keys === 'map' && Array.isArray(map) && map.length === 2) {
    for (const [index, part] of map.entries()) checkType(part, `${path}.map.${index}`, depth + 1, say);
  } else if (keys === 'fields,udt' && typeof fields === 'object' && fields !== null) {
    if (typeof udt !== 'string' || !NAME.test(udt)) say(`${path}.udt`, `${show(udt)} is not ${NAME_RULE}`);
    if (Object.keys(fields).length === 0) say(`${path}.fields`, 'is empty; a type has at least one field');
    for (const [name, part] of Object.entries(fields)) {
      if (!NAME.test(name)) say(`${path}.fields.${name}`, `the name is not ${NAME_RULE}`);
      checkType(part, `${path}.fields.${name}`, depth + 1, say);
    }
  } else say(path, `${show(type)} is not ${SHAPES}`);
}

/** What a column of the key cannot be; undefined when it can. */
export function unfitForKey(type: ColumnType): string | undefined {
  if (type === 'duration') return 'a duration has no order, and the database takes none in the key';
  return typeof type === 'string'
    ? undefined
    : `a ${typeText(type)} cannot be in the key; use columns of single values`;
}

/** Tells of user-defined types that have one name and different fields: a keyspace has one of each name. */
export function checkUserTypes(
  types: readonly ColumnType[],
  place: string,
  known: Map<string, string>,
  say: Say,
): void {
  for (const type of everyPart(types)) {
    if (typeof type === 'string' || !('udt' in type)) continue;
    const shape = JSON.stringify(type);
    const before = known.get(type.udt) ?? shape;
    known.set(type.udt, before);
    if (before !== shape)
      say(place, `the type ${show(type.udt)} has other fields elsewhere; give one of the two another name`);
  }
}
