import { pipeline, Readable } from 'node:stream';
import zlib from 'node:zlib';
import { caps } from '../model/caps.ts';
import type { Compression } from '../model/formats.ts';
import { Unreadable } from './format.ts';
import { zstdFrames } from './zstd-frames.ts';

/** The compression that the first bytes of a file tell, of which at least 4 are given if there are so many; null for none. */
export function compressionOf([a, b, c, d]: Uint8Array): Compression | null {
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  // A zstd file may begin with a frame that is to be skipped.
  return a !== undefined && a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18 ? 'zstd' : null;
}

/**
 * Decompresses all members or frames of a file. Throws `Unreadable` for one that is cut off or damaged, has anything behind its end, or
 * grows beyond the caps; what the source throws goes through.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Uint8Array> {
  let [packed, unpacked] = [0, 0];
  async function* counted() {
    for await (const bytes of source) {
      packed += bytes.length;
      yield bytes;
    }
  }
  const output = compression === 'gzip' ? gunzip(counted(), () => packed) : unzstd(counted());
  for await (const bytes of output) {
    unpacked += bytes.length;
    if (unpacked > caps.unpackedBytes) {
      throw new Unreadable('SLU-3022', `more than ${caps.unpackedBytes} bytes come out of it, the platform’s cap`);
    }
    if (unpacked > caps.unpackedFreely && unpacked > packed * caps.unpackedRatio) {
      const message = `${unpacked} bytes come out of the first ${packed}; the platform allows ${caps.unpackedRatio} times as many`;
      throw new Unreadable('SLU-3022', message);
    }
    yield bytes;
  }
}

const CHUNK = { chunkSize: 64 * 1024 };

async function* gunzip(source: AsyncIterable<Uint8Array>, given: () => number): AsyncGenerator<Uint8Array> {
  const stream = zlib.createGunzip(CHUNK);
  yield* through(source, stream, 'gzip');
  // Node goes on with the next member by itself, but leaves out whatever stands behind a zero byte.
  if (stream.bytesWritten < given()) {
    throw new Unreadable('SLU-3021', `byte ${stream.bytesWritten}: something stands behind the end of the gzip data`);
  }
}

async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (typeof zlib.createZstdDecompress !== 'function') {
    throw new Unreadable('SLU-3024', `zstd needs Node 22.15 or later, and this is ${process.version}; send it as gzip`);
  }
  for await (const frame of zstdFrames(source)) yield* through(frame, zlib.createZstdDecompress(CHUNK), 'zstd');
}

async function* through(
  source: AsyncIterable<Uint8Array>,
  stream: zlib.Gunzip | zlib.ZstdDecompress,
  name: string,
): AsyncGenerator<Uint8Array> {
  // The failure of either is thrown by the loop; the callback keeps it from being thrown a second time, where nobody listens.
  pipeline(Readable.from(source, { objectMode: false }), stream, () => {});
  try {
    for await (const bytes of stream) yield bytes as Uint8Array;
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    if (code === 'Z_BUF_ERROR') throw new Unreadable('SLU-3021', `the ${name} data is cut off`);
    if (/^(Z_|ZSTD_)/.test(code))
      throw new Unreadable('SLU-3021', `the ${name} data is damaged: ${(error as Error).message}`);
    throw error;
  }
}
