import { expect } from 'vitest';
import { isRejection, type Reader, type Refusal } from '../../core/formats/format.ts';
import type { Rejection, Row } from '../../core/model/row.ts';
import { stream } from './bytes.ts';

export interface Reading {
  readonly items: (Row | Rejection)[];
  readonly rows: Row[];
  readonly rejections: Rejection[];
  readonly refusal: Refusal | undefined;
}

/** Reads a whole file that comes in the given pieces. */
export async function readAll(
  reader: Reader,
  pieces: readonly (Uint8Array | string)[],
  maxRecord = 65_536,
): Promise<Reading> {
  const items: (Row | Rejection)[] = [];
  let refusal: Refusal | undefined;
  for await (const chunk of reader(stream(...pieces), { maxRecord })) {
    items.push(...chunk.items);
    refusal = chunk.refusal;
  }
  return {
    items,
    refusal,
    rejections: items.filter(isRejection),
    rows: items.filter((item): item is Row => !isRejection(item)),
  };
}

/** Finds each item where it says that it lies: at the beginning of its line, its text first. */
export function expectPlaces(bytes: Uint8Array, items: readonly (Row | Rejection)[]): void {
  const file = Buffer.from(bytes);
  const newlines: number[] = [];
  for (let at = file.indexOf('\n'); at !== -1; at = file.indexOf('\n', at + 1)) newlines.push(at);
  const start = file.subarray(0, 3).equals(Buffer.from('\ufeff')) ? 3 : 0;
  for (const { line = Number.NaN, byte = Number.NaN, raw } of items) {
    expect(byte).toBe(line === 1 ? start : (newlines[line - 2] ?? Number.NaN) + 1);
    // What was cut or mended to be shown is not in the file.
    if (!/[\ufffd…]/.test(raw)) expect(file.toString('utf8', byte, byte + Buffer.byteLength(raw))).toBe(raw);
  }
}
