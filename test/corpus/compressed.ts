import { constants, crc32, gzipSync, zstdCompressSync } from 'node:zlib';
import { bytesOf } from '../support/bytes.ts';

/** Compressed files and ways of breaking them, alike on every run. */

/** Rows that compress little, so that there is something to cut. */
export const lines = (count: number): string =>
  Array.from({ length: count }, (_, n) => `${n + 1},${crc32(String(n)).toString(36)},${n}\n`).join('');

export const csvOf = (count: number): string => `id,name,amount\n${lines(count)}`;

export const gzip = (text: string | Uint8Array): Uint8Array => gzipSync(text);

export const zstd = (text: string | Uint8Array, params: Record<number, number | boolean> = {}): Uint8Array =>
  zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: true, ...params } });

export const joined = (...parts: readonly (Uint8Array | string | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? bytesOf(part) : Uint8Array.from(part))));

/** The bytes without the last few, or up to a place. */
export const cutOff = (bytes: Uint8Array, end: number): Uint8Array => bytes.subarray(0, end);

/** One bit of one byte turned round; a negative place counts from the end. */
export function flipped(bytes: Uint8Array, place: number, bit = 0): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = place < 0 ? bytes.length + place : place;
  copy[at] = (copy[at] as number) ^ (1 << bit);
  return copy;
}

/** A frame of zstd that decoders skip. */
export const skippable = (content: string): Uint8Array => {
  const bytes = bytesOf(content);
  return joined([0x50, 0x2a, 0x4d, 0x18, bytes.length, 0, 0, 0], bytes);
};
