import { show } from '../model/show.ts';
import { storedText } from '../model/stored.ts';
import type { Table } from '../model/table.ts';
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
    } else if (time === writeTime && !isSame(table, name, value, stored.values[name])) {
      return `column "${name}" is ${show(stored.values[name])} and should be ${show(value)}`;
    }
  }
  return null;
}

function isSame({ columns }: Table, name: string, one: unknown, other: unknown): boolean {
  if (other === null || other === undefined) return false;
  const textOf = storedText(columns[name] ?? 'text');
  return textOf(one) === textOf(other);
}

/** A digest of rows as they are stored, whatever their order and whoever has read them: equal digests mean equal rows. */
export const digestOfRows = (table: Table, rows: readonly Readonly<Record<string, unknown>>[]): string =>
  addToDigest(
    '',
    rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))),
    table,
  );
