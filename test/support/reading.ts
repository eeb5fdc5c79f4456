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
