import { hash } from 'node:crypto';

const MODULUS = 1n << 128n;

/**
 * Adds rows to a digest: the sum of their hashes modulo 2^128, so that neither their order nor the windows matter. It tells equal loads
 * from different ones; it is no defence against somebody who wants a collision. `digest` is hexadecimal, empty for no rows.
 */
export function addToDigest(digest: string, outputs: Iterable<Readonly<Record<string, unknown>>>): string {
  let sum = digest === '' ? 0n : BigInt(`0x${digest}`);
  let any = digest !== '';
  for (const output of outputs) {
    any = true;
    const text = JSON.stringify(Object.entries(output).sort(byName), plain);
    sum += BigInt(`0x${hash('md5', text, 'hex')}`);
  }
  return any ? (sum % MODULUS).toString(16).padStart(32, '0') : '';
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);
