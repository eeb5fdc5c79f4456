import type { ColumnType, Table } from '../model/table.ts';
import { addToDigest } from '../pipeline/digest.ts';
import type { SinkRow, StoredRow } from '../ports.ts';

/**
 * Why a row that was written is not stored as it should be; null when all is well. A cell may have been written over since: then it must be later, and
 * says nothing more. Cells that the row leaves alone are not looked at.
 */
export function wrongWith(table: Table, { values, writeTime }: SinkRow, stored: StoredRow | null): string | null {
  if (!stored) return 'the row is not there';
  for (const [name, time] of Object.entries(stored.writeTimes)) {
    const value = values[name];
    if (value === undefined) continue;
    const since = Object.values(stored.writeTimes).some((other) => other !== null && other > writeTime);
    if (value === null) {
      if (time !== null && time <= writeTime) return `column "${name}" should be empty`;
    } else if (time === null) {
      if (!since) return `column "${name}" is empty and should be ${show(value)}`;
    } else if (time < writeTime) {
      return `column "${name}" was written ${(writeTime - time) / 1000} ms before the row`;
    } else if (time === writeTime && !isSame(table.columns[name], value, stored.values[name])) {
      return `column "${name}" is ${show(stored.values[name])} and should be ${show(value)}`;
    }
  }
  return null;
}

/** A digest of rows as they are stored, whatever their order and whoever has read them: equal digests mean equal rows. */
export const digestOfRows = (table: Table, rows: readonly Readonly<Record<string, unknown>>[]): string =>
  addToDigest(
    '',
    rows.map((row) =>
      Object.fromEntries(
        Object.entries(table.columns).flatMap(([name, type]) =>
          row[name] === null || row[name] === undefined ? [] : [[name, plain(type, row[name])]],
        ),
      ),
    ),
  );

const show = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value));

const isSame = (type: ColumnType | undefined, one: unknown, other: unknown): boolean => {
  if (other === null || other === undefined) return false;
  if (type === 'decimal') return Number(one) === Number(String(other));
  return plain(type, one) === plain(type, other);
};

/** Values as the transform gives them and as the database's driver does, in one shape. */
function plain(type: ColumnType | undefined, value: unknown): string {
  if (value instanceof Date) return String(value.getTime());
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (type === 'float') return String(Math.fround(Number(value)));
  // A fraction of a second may or may not have zeros behind it, and seconds may be left out.
  if (type === 'time')
    return String(value)
      .replace(/^(\d\d:\d\d)$/, '$1:00')
      .replace(/\.0*$|(\.\d*?)0+$/, '$1');
  return type === 'uuid' ? String(value).toLowerCase() : String(value);
}
