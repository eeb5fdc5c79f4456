import type { ColumnType } from '../model/column-types.ts';
import { storedText } from '../model/stored.ts';
import type { Table } from '../model/table.ts';
import { Words } from './murmur.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Adds rows to a digest: the sum of their hashes modulo 2^128, so that neither their order nor the windows matter. It tells equal loads
 * from different ones; it is no defence against somebody who wants a collision. `digest` is hexadecimal, empty for no rows.
 */
export function addToDigest(digest: string, outputs: Iterable<Values>, table: Table): string {
  const words = new Words();
  const write = rowWriter(table, words);
  const sum = wordsOf(digest);
  const hash = new Uint32Array(sum.length);
  let any = digest !== '';
  for (const output of outputs) {
    any = true;
    words.clear();
    write(output);
    words.hash(hash);
    add(sum, hash);
  }
  return any ? textOf(sum) : '';
}

/** The digest of all rows of two digests. */
export function addDigests(a: string, b: string): string {
  if (a === '' || b === '') return a || b;
  const sum = wordsOf(a);
  add(sum, wordsOf(b));
  return textOf(sum);
}

/** Words of a digest, the lowest first. */
const WORDS = 4;
const DIGITS = 8;

const wordsOf = (digest: string): Uint32Array =>
  Uint32Array.from({ length: WORDS }, (_, index) => {
    const end = (WORDS - index) * DIGITS;
    return digest === '' ? 0 : Number.parseInt(digest.slice(end - DIGITS, end), 16);
  });

const textOf = (sum: Uint32Array): string =>
  Array.from(sum, (word) => word.toString(16).padStart(DIGITS, '0'))
    .reverse()
    .join('');

function add(sum: Uint32Array, more: Uint32Array): void {
  let carry = 0;
  for (let index = 0; index < WORDS; index++) {
    const total = (sum[index] as number) + (more[index] as number) + carry;
    sum[index] = total;
    carry = total > 0xffff_ffff ? 1 : 0;
  }
}

/** Writes words that rows share exactly when writing them does the same: what is null deletes, and what is absent leaves alone. */
function rowWriter({ columns }: Table, words: Words): (row: Values) => void {
  const parts = Object.entries(columns)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, type]) => ({ name, tag: tagOf(name), write: valueWriter(type, words) }));
  return (row) => {
    for (const { name, tag, write } of parts) {
      const value = row[name];
      if (value === undefined) continue;
      words.add(tag);
      words.add(value === null ? 0 : 1);
      if (value !== null) write(value);
    }
  };
}

/** Names of columns go into the digest as a word: what matters is which of a few columns holds a value. */
function tagOf(name: string): number {
  const words = new Words();
  words.addText(name);
  const hash = new Uint32Array(WORDS);
  words.hash(hash);
  return hash[0] as number;
}

const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);

/** Values of frequent types without a text of their own, which takes a multiple of the time. */
function valueWriter(type: ColumnType, words: Words): (value: unknown) => void {
  const text = storedText(type);
  const number = (value: number) => {
    // One NaN is like another.
    float[0] = Number.isNaN(value) ? Number.NaN : value;
    words.add(halves[0] as number);
    words.add(halves[1] as number);
  };
  switch (type) {
    case 'text':
    case 'date':
      return (value) => words.addText(value as string);
    case 'int':
    case 'smallint':
    case 'tinyint':
      return (value) => words.add(value as number);
    case 'double':
      return (value) => number(value as number);
    case 'float':
      return (value) => number(Math.fround(value as number));
    case 'boolean':
      return (value) => words.add(value ? 1 : 0);
    case 'timestamp':
      return (value) => number((value as Date).getTime());
    default:
      return (value) => words.addText(text(value));
  }
}
