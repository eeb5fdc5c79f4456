import { type ColumnType, type ScalarType, typeText, type UserType } from './column-types.ts';
import { parseDuration } from './duration.ts';
import { inetBytes } from './inet.ts';
import { isDay, isTime } from './instants.ts';
import { RowError } from './row.ts';
import { show } from './show.ts';
import { type StoredText, storedText } from './stored.ts';
import { primaryKey, type Table } from './table.ts';

/** What is wrong with a value, in words; undefined when it is one of the type. */
type Check = (value: unknown) => string | undefined;

const when =
  (expected: string, ok: (value: unknown) => boolean): Check =>
  (value) =>
    ok(value) ? undefined : `${show(value)} is not ${expected}`;

const whole = (bits: number): Check => {
  const limit = 2 ** (bits - 1);
  return when(
    `a whole number of ${bits} bits`,
    (value) => Number.isInteger(value) && (value as number) >= -limit && (value as number) < limit,
  );
};

const isText =
  (ok: (text: string) => boolean): ((value: unknown) => boolean) =>
  (value) =>
    typeof value === 'string' && ok(value);

const DECIMAL = /^-?\d+(\.\d+)?$/;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

const scalars: Readonly<Record<ScalarType, Check>> = {
  // Half of a surrogate pair would be stored as a question mark.
  text: (value) => {
    if (typeof value !== 'string') return `${show(value)} is not a text`;
    return value.isWellFormed() ? undefined : `${show(value)} is not a text of whole characters`;
  },
  int: whole(32),
  smallint: whole(16),
  tinyint: whole(8),
  float: when('a number that a float of 32 bits can hold', isFloat),
  double: when('a number', (value) => typeof value === 'number'),
  boolean: when('true or false', (value) => typeof value === 'boolean'),
  timestamp: when('a valid Date', (value) => value instanceof Date && !Number.isNaN(value.getTime())),
  date: when('a day such as 2001-01-31', isText(isDay)),
  time: when('a time such as 23:59:59', isText(isTime)),
  duration: when(
    'a duration such as 1h30m or PT1H30M',
    isText((text) => parseDuration(text) !== null),
  ),
  bigint: when('a whole number of 64 bits (a bigint beyond 2^53)', isLong),
  varint: when('a bigint', (value) => typeof value === 'bigint'),
  decimal: when(
    'a decimal number as text',
    isText((text) => DECIMAL.test(text)),
  ),
  uuid: when(
    'a UUID as text',
    isText((text) => UUID.test(text)),
  ),
  timeuuid: when(
    'a UUID of version 1 as text',
    isText((text) => UUID.test(text) && text[14] === '1'),
  ),
  inet: when(
    'an IP address as text',
    isText((text) => inetBytes(text) !== null),
  ),
  blob: when('bytes', (value) => value instanceof Uint8Array),
};

/** Beyond its range a float would silently become infinite. */
function isFloat(value: unknown): boolean {
  return typeof value === 'number' && (Number.isFinite(Math.fround(value)) || !Number.isFinite(value));
}

function isLong(value: unknown): boolean {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value;
  return Number.isSafeInteger(value);
}

function checkOf(type: ColumnType): Check {
  if (typeof type === 'string') return scalars[type];
  if ('udt' in type) return fieldsCheck(type);
  const wrong = (value: unknown) => `${show(value)} is not a ${typeText(type)}`;
  if ('list' in type) {
    const check = each(checkOf(type.list), 'element');
    return (value) => (Array.isArray(value) ? check(value) : wrong(value));
  }
  if ('set' in type) {
    const check = each(checkOf(type.set), 'element', storedText(type.set));
    return (value) => (value instanceof Set ? check(value) : wrong(value));
  }
  const keys = each(checkOf(type.map[0]), 'key', storedText(type.map[0]));
  const values = each(checkOf(type.map[1]), 'value');
  return (value) => (value instanceof Map ? (keys(value.keys()) ?? values(value.values())) : wrong(value));
}

/** Checks the parts of a collection; where `stored` is given, no two may be the same to the database, which would keep one of them. */
function each(check: Check, what: string, stored?: StoredText): (parts: Iterable<unknown>) => string | undefined {
  return (parts) => {
    const texts = new Set<string>();
    let index = 0;
    for (const part of parts) {
      index++;
      const isNull = part === null || part === undefined;
      const found = isNull ? 'a collection holds no null' : check(part);
      if (found !== undefined) return `${what} ${index}: ${found}`;
      if (stored && texts.size === texts.add(stored(part)).size)
        return `${what} ${index}: ${show(part)} is there twice`;
    }
    return undefined;
  };
}

function fieldsCheck(type: UserType): Check {
  const checks = new Map(Object.entries(type.fields).map(([name, part]) => [name, checkOf(part)]));
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return `${show(value)} is not a ${typeText(type)}`;
    }
    for (const [name, part] of Object.entries(value)) {
      const check = checks.get(name);
      if (!check) return `the type ${type.udt} has no field "${name}"; it has ${[...checks.keys()].join(', ')}`;
      const found = part === null || part === undefined ? undefined : check(part);
      if (found !== undefined) return `field "${name}": ${found}`;
    }
    return undefined;
  };
}

/**
 * Makes the check that a transform's output is a row of the table: only known columns, a complete key, values that fit.
 * Throws a `RowError` that names the first column at fault; costs one look per column.
 */
export function conformer(table: Table): (row: Readonly<Record<string, unknown>>) => void {
  const columns = Object.entries(table.columns).map(([name, type]) => ({
    name,
    type: typeText(type),
    key: primaryKey(table).includes(name),
    partition: table.partitionKey.includes(name),
    check: checkOf(type),
  }));
  const known = new Set(Object.keys(table.columns));

  return (row) => {
    for (const { name, type, key, partition, check } of columns) {
      const value = row[name];
      if (value === undefined || value === null) {
        if (key)
          throw new RowError('SLU-2003', `column "${name}" of ${table.name} is part of the key and is missing`, name);
        continue;
      }
      const found = check(value);
      if (found !== undefined) throw new RowError('SLU-2004', `column "${name}" (${type}): ${found}`, name, value);
      if (partition && isEmpty(value)) {
        // Cassandra refuses an empty partition key of one column; one rule for all is easier to know.
        throw new RowError('SLU-2003', `column "${name}" of ${table.name} is part of the key and is empty`, name);
      }
    }
    for (const name in row) {
      if (known.has(name)) continue;
      const has = [...known].join(', ');
      throw new RowError('SLU-2005', `the transform returned the column "${name}"; ${table.name} has ${has}`, name);
    }
  };
}

const isEmpty = (value: unknown): boolean => value === '' || (value instanceof Uint8Array && value.byteLength === 0);
