import { createHash } from 'node:crypto';
import type { Refusal } from '../formats/format.ts';
import { readRecords } from '../formats/readers.ts';
import type { FileFormat } from '../model/formats.ts';
import type { Limits } from '../model/tenant.ts';
import type { ByteRange, StoredObject } from '../ports.ts';

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
  format: FileFormat,
  limits: Limits,
  signal: AbortSignal,
  beat?: () => Promise<void>,
): Promise<FirstPass | Refusal> {
  const hash = createHash('sha256');
  let hashed = 0;
  async function* open(signal: AbortSignal, range?: ByteRange) {
    for await (const bytes of stored.open(signal, range)) {
      if (!range) hash.update(bytes);
      if (!range) hashed += bytes.length;
      yield bytes;
    }
  }
  const maxRecord = maxRecordOf(limits);
  let rows = 0;
  for await (const { items, refusal } of readRecords({ ...stored, open }, format, { maxRecord }, signal)) {
    if (refusal) return refusal;
    rows += items.length;
    await beat?.();
    if (rows > limits.maxFileRows) {
      const message = `the file has more than ${limits.maxFileRows} rows, which is what the profile allows`;
      return { code: 'SLU-3007', message };
    }
  }
  // A file of which only ranges were read has not been hashed yet.
  return { rows, contentHash: hashed === stored.size ? hash.digest('hex') : await hashOf(stored, signal, beat) };
}

async function hashOf(stored: StoredObject, signal: AbortSignal, beat?: () => Promise<void>): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of stored.open(signal)) {
    hash.update(bytes);
    await beat?.();
  }
  return hash.digest('hex');
}
