import { RowError } from './row.ts';
import { show } from './show.ts';
import { type ColumnType, primaryKey, type Table } from './table.ts';

type Check = (value: unknown) => boolean;

const whole = (bits: number): Check => {
  const limit = 2 ** (bits - 1);
  return (value) => Number.isInteger(value) && (value as number) >= -limit && (value as number) < limit;
};

const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);

const checks: Record<ColumnType, { readonly ok: Check; readonly expected: string }> = {
  text: { ok: (value) => typeof value === 'string', expected: 'a text' },
  int: { ok: whole(32), expected: 'a whole number of 32 bits' },
  smallint: { ok: whole(16), expected: 'a whole number of 16 bits' },
  tinyint: { ok: whole(8), expected: 'a whole number of 8 bits' },
  float: { ok: isFloat, expected: 'a number that a float of 32 bits can hold' },
  double: { ok: (value) => typeof value === 'number', expected: 'a number' },
  boolean: { ok: (value) => typeof value === 'boolean', expected: 'true or false' },
  timestamp: { ok: (value) => value instanceof Date && !Number.isNaN(value.getTime()), expected: 'a valid Date' },
  date: { ok: isDay, expected: 'a day such as 2001-01-31' },
  time: { ok: matches(/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?$/), expected: 'a time such as 23:59:59' },
  bigint: { ok: isLong, expected: 'a whole number of 64 bits (a bigint beyond 2^53)' },
  varint: { ok: (value) => typeof value === 'bigint', expected: 'a bigint' },
  decimal: { ok: matches(/^-?\d+(\.\d+)?$/), expected: 'a decimal number as text' },
  uuid: { ok: matches(/^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i), expected: 'a UUID as text' },
  blob: { ok: (value) => value instanceof Uint8Array, expected: 'bytes' },
};

function isDay(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const day = Number(value.slice(8));
  const month = Number(value.slice(5, 7));
  return (
    day >= 1 &&
    // The calendar repeats every 400 years; Date.UTC takes the years 0 to 99 for 1900 to 1999.
    (day <= 28 || day <= new Date(Date.UTC(Number(value.slice(0, 4)) + 400, month, 0)).getUTCDate()) &&
    month >= 1 &&
    month <= 12
  );
}

/** Beyond its range a float would silently become infinite. */
function isFloat(value: unknown): boolean {
  return typeof value === 'number' && (Number.isFinite(Math.fround(value)) || !Number.isFinite(value));
}

function isLong(value: unknown): boolean {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value;
  return Number.isSafeInteger(value);
}

/**
 * Makes the check that a transform's output is a row of the table: only known columns, a complete key, values that fit.
 * Throws a `RowError` that names the first column at fault; costs one look per column.
 */
export function conformer(table: Table): (row: Readonly<Record<string, unknown>>) => void {
  const columns = Object.entries(table.columns).map(([name, type]) => ({
    name,
    type,
    key: primaryKey(table).includes(name),
    partition: table.partitionKey.includes(name),
    ...checks[type],
  }));
  const known = new Set(Object.keys(table.columns));

  return (row) => {
    for (const { name, type, key, partition, ok, expected } of columns) {
      const value = row[name];
      if (value === undefined || value === null) {
        if (key)
          throw new RowError('SLU-2003', `column "${name}" of ${table.name} is part of the key and is missing`, name);
      } else if (!ok(value)) {
        throw new RowError('SLU-2004', `column "${name}" (${type}): ${show(value)} is not ${expected}`, name);
      } else if (partition && value === '') {
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
