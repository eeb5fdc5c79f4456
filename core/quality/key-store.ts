import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FatalError } from '../model/errors.ts';

/** Where keys lie that memory does not hold. */
export interface KeyStore {
  /** Answers the name by which they are read: one that nothing else has, or may get. */
  put(bytes: Uint8Array): Promise<string>;
  /** Fills the bytes from `start` on, all of them. */
  read(name: string, into: Uint8Array, start: number): Promise<void>;
}

/**
 * The function's disk: for one attempt. The files have no name while they are used, so that nothing is left of them even after a crash. To be
 * closed.
 */
export function keysOnDisk(folder = tmpdir()): KeyStore & { close(): Promise<void> } {
  const files = new Map<string, FileHandle>();
  return {
    async put(bytes) {
      const name = randomUUID();
      const path = join(folder, `sluice-keys-${name}`);
      const file = await onDisk(() => open(path, 'wx+', 0o600));
      files.set(name, file);
      await onDisk(async () => {
        await unlink(path);
        await file.writeFile(bytes);
      });
      return name;
    },
    async read(name, into, start) {
      for (let at = 0; at < into.length; ) {
        const { bytesRead = 0 } =
          (await onDisk(async () => files.get(name)?.read(into, at, into.length - at, start + at))) ?? {};
        if (bytesRead === 0) throw new FatalError('SLU-5004', 'keys that were kept on the function’s disk are gone');
        at += bytesRead;
      }
    },
    async close() {
      const open = [...files.values()];
      files.clear();
      for (const file of open) await file.close();
    },
  };
}

/** A function whose disk is full or broken needs a person. */
async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new FatalError('SLU-5004', `keys cannot be kept on the function's disk: ${(error as Error).message}`);
  }
}
