import type { StoredObject } from '../../ports.ts';

/** A file of which any part can be read. */
export interface Ranges {
  readonly size: number;
  /** Bytes from `start` up to `end`, in memory of their own. */
  read(start: number, end: number): Promise<Uint8Array>;
}

export const rangesOf = (stored: StoredObject, signal: AbortSignal): Ranges => ({
  size: stored.size,
  async read(start, end) {
    const bytes = new Uint8Array(end - start);
    if (bytes.length === 0) return bytes;
    let at = 0;
    for await (const piece of stored.open(signal, { start, end })) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  },
});

export const rangesIn = (bytes: Uint8Array): Ranges => ({
  size: bytes.length,
  read: async (start, end) => new Uint8Array(bytes.subarray(start, end)),
});

/** Reads on from a place, a slice at a time, as far as it is asked to. */
export function sequential(file: Ranges, start: number, end: number, slice: number) {
  let held: Uint8Array = new Uint8Array();
  let at = start;
  return {
    /** The next bytes, without going on: as many as asked for, fewer only where the range ends. */
    async peek(count: number): Promise<Uint8Array> {
      if (held.length < count && at < end) {
        const more = await file.read(at, Math.min(end, at + Math.max(slice, count - held.length)));
        at += more.length;
        held = held.length === 0 ? more : Buffer.concat([held, more]);
      }
      return held;
    },
    skip(count: number): void {
      held = held.subarray(count);
    },
  };
}
