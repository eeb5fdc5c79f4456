import { createHash, randomUUID } from 'node:crypto';
import { TransientError } from '../../model/errors.ts';
import type { Phase } from '../../model/plan.ts';
import type { Rejection } from '../../model/row.ts';
import type { FileRun } from '../../model/run.ts';
import type { Objects, StoredObject } from '../../ports.ts';
import type { KeyStore } from '../../quality/key-store.ts';
import type { ObserverState } from '../../quality/observer.ts';

/** What is known of a part besides its place and its counts. */
export interface Saved {
  readonly digest: string;
  readonly firstRejections: readonly Rejection[];
  /** Null where nothing was observed, because the part was only counted. */
  readonly observed: ObserverState | null;
}

const nothingSaved: Saved = { digest: '', firstRejections: [], observed: null };

/** What a run keeps beside the ledger while it is worked on. */
export const workPrefix = ({ id }: Pick<FileRun, 'id'>): string => `work/${id}/`;

/**
 * Where a part's state lies. The one that the ledger names must stay whole until it names the next, so that an attempt has two places in turn; they are its own.
 */
export const savedKey = (
  run: Pick<FileRun, 'id'>,
  phase: Phase,
  index: number,
  owner: string,
  count: number,
): string => {
  return `${workPrefix(run)}${phase}/${attemptName(index, owner)}.${count % 2}.json`;
};

/** Names what an attempt keeps of a part. */
export const attemptName = (index: number, owner: string): string =>
  `${String(index).padStart(5, '0')}.${createHash('sha256').update(owner).digest('hex').slice(0, 12)}`;

/** Reads what was saved; nothing when there is none. */
export const readSaved = async (
  objects: Objects,
  bucket: string,
  key: string | null,
  signal: AbortSignal,
): Promise<Saved> =>
  key === null ? nothingSaved : (JSON.parse(await readText(objects, bucket, key, signal)) as Saved);

export async function readText(objects: Objects, bucket: string, key: string, signal: AbortSignal): Promise<string> {
  const stored = await objects.find({ bucket, key, versionId: '' });
  if (!stored) throw new TransientError('SLU-5002', `what a run had put aside is gone: s3://${bucket}/${key}`);
  const pieces: Uint8Array[] = [];
  for await (const piece of stored.open(signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Keys of a part that must be there once, in objects of their own; they stay in place, whoever has put them there. */
export function keyStore(
  objects: Objects,
  bucket: string,
  run: Pick<FileRun, 'id'>,
  name: string,
  signal: AbortSignal,
): KeyStore {
  const found = new Map<string, Promise<StoredObject | null>>();
  return {
    async put(bytes) {
      const key = `${workPrefix(run)}keys/${name}.${randomUUID()}`;
      await objects.put(bucket, key, bytes);
      return key;
    },
    async read(key, into, start) {
      const finding = found.get(key) ?? objects.find({ bucket, key, versionId: '' });
      found.set(key, finding);
      const stored = await finding;
      if (!stored) throw new TransientError('SLU-5002', `what a run had put aside is gone: s3://${bucket}/${key}`);
      let at = 0;
      for await (const piece of stored.open(signal, { start, end: start + into.length })) {
        into.set(piece, at);
        at += piece.length;
      }
    },
  };
}
