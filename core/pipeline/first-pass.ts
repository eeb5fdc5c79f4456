import { createHash } from 'node:crypto';
import type { Refusal } from '../formats/format.ts';
import { readers } from '../formats/readers.ts';
import type { Format, Limits } from '../model/tenant.ts';
import type { StoredObject } from '../ports.ts';

/** What must be known of a file before its first row is loaded. */
export interface FirstPass {
  readonly rows: number;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly contentHash: string;
}

/** Largest record in characters: what a message may have, and never less than 64 KiB. */
export const maxRecordOf = ({ maxMessageBytes }: Limits): number => Math.max(maxMessageBytes, 64 * 1024);

/**
 * Reads a file once without loading anything: whether its rows fit the profile and the day cannot be known otherwise, and a file that is
 * refused in the middle would leave half of itself behind. Costs a few percent of a load: rows are split and counted, nothing more. `beat` is called
 * now and then, to hold the run meanwhile.
 */
export async function firstPass(
  stored: StoredObject,
  format: Format,
  limits: Limits,
  signal: AbortSignal,
  beat?: () => Promise<void>,
): Promise<FirstPass | Refusal> {
  const hash = createHash('sha256');
  async function* hashed() {
    for await (const bytes of stored.open(signal)) {
      hash.update(bytes);
      yield bytes;
    }
  }
  let rows = 0;
  for await (const { items, refusal } of readers[format](hashed(), { maxRecord: maxRecordOf(limits) })) {
    if (refusal) return refusal;
    rows += items.length;
    await beat?.();
    if (rows > limits.maxFileRows) {
      const message = `the file has more than ${limits.maxFileRows} rows, which is what the profile allows`;
      return { code: 'SLU-3007', message };
    }
  }
  return { rows, contentHash: hash.digest('hex') };
}
