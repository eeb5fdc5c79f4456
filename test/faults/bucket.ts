import { memoryObjects } from '../../adapters/memory.ts';
import type { ObjectRef } from '../../core/model/run.ts';
import type { Clock, Objects } from '../../core/ports.ts';
import { bytesOf } from '../support/bytes.ts';
import { BUCKET, REJECTS } from '../support/world.ts';

export interface StagedVersion extends ObjectRef {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly lastModified: Date;
}

/** A staging bucket with versions, listed in pages of a few, beside a bucket for what the platform writes. */
export function versionedObjects(clock: Clock) {
  const staged: StagedVersion[] = [];
  const { stored, ...plain } = memoryObjects(undefined, clock);
  const inOrder = () => staged.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));

  const objects: Objects = {
    ...plain,
    async find(ref) {
      if (ref.bucket !== BUCKET) return plain.find(ref);
      const found = staged.find(({ key, versionId }) => key === ref.key && versionId === ref.versionId);
      if (!found) return null;
      const { size, lastModified, bytes } = found;
      return {
        size,
        lastModified,
        async *open(_, { start, end } = { start: 0, end: size }) {
          const half = start + Math.ceil((end - start) / 2);
          yield bytes.subarray(start, half);
          yield bytes.subarray(half, end);
        },
      };
    },
    async versions(bucket, prefix, from) {
      if (bucket !== BUCKET) return plain.versions(bucket, prefix, from);
      const start = Number(from ?? 0);
      const all = inOrder().filter(({ key }) => key.startsWith(prefix));
      const page = all.slice(start, start + 3);
      const next = start + 3 < all.length ? String(start + 3) : null;
      return { versions: page.map(({ bytes: _, ...version }) => version), next };
    },
  };

  return {
    objects,
    staged,
    /** Puts a version as S3 does, which dates it by the second. */
    upload(key: string, content: string): StagedVersion {
      const bytes = bytesOf(content);
      const lastModified = new Date(Math.floor(clock.now().getTime() / 1000) * 1000);
      const versionId = `v${staged.length + 1}`;
      const version = { bucket: BUCKET, key, versionId, bytes, size: bytes.byteLength, lastModified };
      staged.push(version);
      return version;
    },
    /** Texts of what the platform has written, by the names of the objects below a folder. */
    written: (folder: string): ReadonlyMap<string, string> =>
      new Map(
        [...stored]
          .filter(([name]) => name.startsWith(`${REJECTS}/${folder}/`))
          .map(([name, { bytes }]) => [name.slice(REJECTS.length + 1), Buffer.from(bytes).toString()]),
      ),
  };
}
