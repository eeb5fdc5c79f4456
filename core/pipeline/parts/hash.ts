import { createHash } from 'node:crypto';
import type { Stretch } from '../../model/plan.ts';
import type { StoredObject } from '../../ports.ts';

/**
 * Hashes a range of a file while it is read, as far as it is read from its start on; what was left out, or read in another order, is read once more at the end.
 */
export function hashing(file: StoredObject, { start, end }: Stretch) {
  const hash = createHash('sha256');
  let at = start;
  const take = (bytes: Uint8Array, offset: number) => {
    if (offset > at || offset + bytes.length <= at || at >= end) return;
    const piece = bytes.subarray(at - offset, Math.min(bytes.length, end - offset));
    hash.update(piece);
    at += piece.length;
  };
  return {
    file: {
      ...file,
      async *open(signal, range) {
        let offset = range?.start ?? 0;
        for await (const bytes of file.open(signal, range)) {
          take(bytes, offset);
          offset += bytes.length;
          yield bytes;
        }
      },
    } satisfies StoredObject,
    /** SHA-256 of the range, hexadecimal; `beat` is called now and then. */
    async digest(signal: AbortSignal, beat: () => Promise<void>): Promise<string> {
      if (at < end) {
        let offset = at;
        for await (const bytes of file.open(signal, { start: at, end })) {
          take(bytes, offset);
          offset += bytes.length;
          await beat();
        }
      }
      return hash.digest('hex');
    },
  };
}

/** The hash of a file by those of its parts: of one part its own, else that of all with their number behind, as S3 writes composite checksums. */
export function hashOfParts(hashes: readonly string[]): string {
  if (hashes.length === 1) return hashes[0] as string;
  return `${createHash('sha256').update(hashes.join('')).digest('hex')}-${hashes.length}`;
}
