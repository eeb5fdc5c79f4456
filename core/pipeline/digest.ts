import { hash } from 'node:crypto';
import { joined, storedText } from '../model/stored.ts';
import type { Table } from '../model/table.ts';

const MODULUS = 1n << 128n;

/**
 * Adds rows to a digest: the sum of their hashes modulo 2^128, so that neither their order nor the windows matter. It tells equal loads
 * from different ones; it is no defence against somebody who wants a collision. `digest` is hexadecimal, empty for no rows.
 */
export function addToDigest(
  digest: string,
  outputs: Iterable<Readonly<Record<string, unknown>>>,
  table: Table,
): string {
  const textOf = rowText(table);
  let sum = digest === '' ? 0n : BigInt(`0x${digest}`);
  let any = digest !== '';
  for (const output of outputs) {
    any = true;
    sum += BigInt(`0x${hash('md5', textOf(output), 'hex')}`);
  }
  return any ? (sum % MODULUS).toString(16).padStart(32, '0') : '';
}

/** The digest of all rows of two digests. */
export const addDigests = (a: string, b: string): string =>
  a === '' || b === '' ? a || b : ((BigInt(`0x${a}`) + BigInt(`0x${b}`)) % MODULUS).toString(16).padStart(32, '0');

/** A text that rows share exactly when writing them does the same: what is null deletes, and what is absent leaves alone. */
function rowText({ columns }: Table): (row: Readonly<Record<string, unknown>>) => string {
  const parts = Object.entries(columns)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, type]) => ({ name, prefix: joined([name]), of: storedText(type) }));
  return (row) => {
    let text = '';
    for (const { name, prefix, of } of parts) {
      const value = row[name];
      if (value !== undefined) text += prefix + (value === null ? '-' : joined([of(value)]));
    }
    return text;
  };
}
