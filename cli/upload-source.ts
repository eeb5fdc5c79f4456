import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { CliError } from './errors.ts';
import type { LentMemory } from './lent-memory.ts';
import type { LocalFile } from './upload-files.ts';

/** S3 takes at most so many parts of an object. */
const MOST_PARTS = 10_000;

/** A stretch of a file that is sent by itself, and again by itself. */
export interface Part {
  /** From 1. */
  readonly number: number;
  readonly start: number;
  readonly bytes: number;
}

/** A file on this machine as it was when it was opened: its parts and their SHA-256 checksums, in base64. */
export interface Source {
  readonly bytes: number;
  /** One for a file that is not larger than a part. */
  readonly parts: readonly Part[];
  /** Reads a part into this memory; fails for a file that has become shorter. */
  read(part: Part, buffer: Buffer): Promise<{ readonly body: Uint8Array; readonly checksum: string }>;
  /** Waits for memory. */
  checksumOf(part: Part): Promise<string>;
  /** The checksum that S3 gives an object that is sent in these parts. */
  checksum(): Promise<string>;
  /** Fails when the file was written to since it was opened. */
  unchanged(): Promise<void>;
  close(): Promise<void>;
}

/** Parts of `least` bytes, or of as many times that as it takes to stay within S3's count. Only the size decides, so that a later command comes to the same parts. */
export function partsOf(size: number, least: number): Part[] {
  const each = least * Math.max(1, Math.ceil(size / (least * MOST_PARTS)));
  return Array.from({ length: Math.max(1, Math.ceil(size / each)) }, (_, index) => ({
    number: index + 1,
    start: index * each,
    bytes: Math.min(each, size - index * each),
  }));
}

export async function openSource({ file, bytes }: LocalFile, least: number, memory: LentMemory): Promise<Source> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new CliError('SLU-4003', `${file} cannot be read: ${error.code ?? error.message}`);
  });
  const { size, mtimeMs } = await handle.stat();
  const parts = partsOf(bytes, least);
  const source: Source = {
    bytes,
    parts,
    async read({ start, bytes: length }, buffer) {
      const body = buffer.subarray(0, length);
      for (let filled = 0; filled < length; ) {
        const { bytesRead } = await handle.read(body, filled, length - filled, start + filled);
        if (bytesRead === 0) throw changed(file);
        filled += bytesRead;
      }
      return { body, checksum: sha256(body).toString('base64') };
    },
    async checksumOf(part) {
      const { buffer, giveBack } = await memory.lend(part.bytes);
      return (await source.read(part, buffer).finally(giveBack)).checksum;
    },
    async checksum() {
      const sums: string[] = [];
      for (const part of parts) sums.push(await source.checksumOf(part));
      const [only = ''] = sums;
      if (sums.length === 1) return only;
      return `${sha256(Buffer.concat(sums.map((sum) => Buffer.from(sum, 'base64')))).toString('base64')}-${sums.length}`;
    },
    async unchanged() {
      const now = await handle.stat();
      if (now.size !== size || now.mtimeMs !== mtimeMs) throw changed(file);
    },
    close: () => handle.close(),
  };
  if (size === bytes) return source;
  await source.close();
  throw changed(file);
}

const sha256 = (body: Uint8Array): Buffer => createHash('sha256').update(body).digest();

const changed = (file: string): CliError =>
  new CliError('SLU-4003', `${file} was written to while it was uploaded`, {
    exit: 'failed',
    next: 'the same command again, once the file is whole',
  });
