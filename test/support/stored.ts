import type { ByteRange, StoredObject } from '../../core/ports.ts';

/** Bytes as a store gives them: in pieces of any size, and parts of them. */
export const storedBytes = (bytes: Uint8Array, pieceSize = 65_536): StoredObject => ({
  size: bytes.length,
  lastModified: new Date(0),
  async *open(_signal: AbortSignal, { start, end }: ByteRange = { start: 0, end: bytes.length }) {
    for (let at = start; at < end; at += pieceSize) yield bytes.subarray(at, Math.min(at + pieceSize, end));
  },
});
