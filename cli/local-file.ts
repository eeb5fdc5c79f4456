import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { StoredObject } from '../core/ports.ts';

/** A file on this machine as the core takes objects. */
export async function localFile(path: string): Promise<StoredObject> {
  const { size, mtime } = await stat(path);
  return {
    size,
    lastModified: mtime,
    open: (signal, range) =>
      createReadStream(path, { signal, ...(range && { start: range.start, end: range.end - 1 }) }),
  };
}
