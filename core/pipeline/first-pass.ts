import { createHash } from 'node:crypto';
import type { Chunk, Refusal } from '../formats/format.ts';
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
 * Reads a file, counting rows and hashing bytes as they go by; `passed` is asked when all have. A file with more rows than it may have ends in a refusal.
 * `beat` is called now and then, to hold the run meanwhile.
 */
export function scan(
  stored: StoredObject,
  format: FileFormat,
  limits: Limits,
  signal: AbortSignal,
  beat?: () => Promise<void>,
  counting = false,
): { readonly chunks: AsyncIterable<Chunk>; passed(): Promise<FirstPass> } {
  const hash = createHash('sha256');
  let hashed = 0;
  let rows = 0;
  async function* open(signal: AbortSignal, range?: ByteRange) {
    for await (const bytes of stored.open(signal, range)) {
      if (!range) hash.update(bytes);
      if (!range) hashed += bytes.length;
      yield bytes;
    }
  }
  async function* counted(): AsyncGenerator<Chunk> {
    const options = { maxRecord: maxRecordOf(limits), counting };
    for await (const chunk of readRecords({ ...stored, open }, format, options, signal)) {
      rows += chunk.items.length;
      await beat?.();
      if (rows > limits.maxFileRows) {
        const message = `the file has more than ${limits.maxFileRows} rows, which is what the profile allows`;
        return yield { items: [], refusal: { code: 'SLU-3007', message } };
      }
      yield chunk;
    }
  }
  const passed = async () => ({
    rows,
    // A file of which only ranges were read has not been hashed yet.
    contentHash: hashed === stored.size ? hash.digest('hex') : await hashOf(stored, signal, beat),
  });
  return { chunks: counted(), passed };
}

async function hashOf(stored: StoredObject, signal: AbortSignal, beat?: () => Promise<void>): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of stored.open(signal)) {
    hash.update(bytes);
    await beat?.();
  }
  return hash.digest('hex');
}

/**
 * Reads a file once without loading anything: whether its rows fit the profile and the day cannot be known otherwise, and a file that is
 * refused in the middle would leave half of itself behind. Costs a few percent of a load: rows are split and counted, nothing more.
 */
export async function firstPass(
  stored: StoredObject,
  format: FileFormat,
  limits: Limits,
  signal: AbortSignal,
  beat?: () => Promise<void>,
): Promise<FirstPass | Refusal> {
  const { chunks, passed } = scan(stored, format, limits, signal, beat, true);
  for await (const { refusal } of chunks) if (refusal) return refusal;
  return passed();
}
