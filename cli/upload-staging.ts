import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type Part as ListedPart,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type MultipartUpload,
  NoSuchUpload,
  NotFound,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ObjectRef } from '../core/model/run.ts';
import type { Part, Source } from './upload-source.ts';

/** A version of an object as S3 has taken it. */
export interface Staged {
  readonly object: ObjectRef;
  readonly modified: Date;
}

/** A part as S3 has taken it. */
export interface Kept {
  readonly number: number;
  readonly etag: string;
  readonly checksum: string;
}

/**
 * One key of a bucket. S3 alone remembers what is under way there: an upload in parts with SHA-256 checksums, which other tools do not choose by themselves.
 * Each part goes with its checksum, which S3 verifies and tells again.
 */
export function stagingOf(s3: S3Client, bucket: string, key: string, signal: AbortSignal) {
  const at = { Bucket: bucket, Key: key };
  const abortable = { abortSignal: signal };

  /** Dated by S3; an upload in parts has the date of its beginning. */
  const staged = (versionId: string | undefined, modified: Date | undefined): Staged => ({
    object: { bucket, key, versionId: versionId ?? '' },
    modified: modified ?? new Date(),
  });

  const look = async (VersionId: string | undefined): Promise<Staged> => {
    const { LastModified } = await s3.send(new HeadObjectCommand({ ...at, ...(VersionId && { VersionId }) }));
    return staged(VersionId, LastModified);
  };

  return {
    /** The current version when it has this very content, as far as S3 has a checksum that tells. */
    async present(source: Source): Promise<Staged | null> {
      const head = await s3
        .send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }), abortable)
        .catch(unlessGone);
      const ofParts = /-(\d+)$/.exec(head?.ChecksumSHA256 ?? '')?.[1] ?? '1';
      if (!head?.ChecksumSHA256 || head.ContentLength !== source.bytes || ofParts !== String(source.parts.length))
        return null;
      return head.ChecksumSHA256 === (await source.checksum()) ? staged(head.VersionId, head.LastModified) : null;
    },

    async put(body: Uint8Array, ChecksumSHA256: string): Promise<Staged> {
      const { VersionId } = await s3.send(new PutObjectCommand({ ...at, Body: body, ChecksumSHA256 }), abortable);
      return look(VersionId);
    },

    async begin(): Promise<string> {
      const kind = { ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' } as const;
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ...kind }), abortable);
      return UploadId as string;
    },

    /** Uploads of this key that have begun and not ended, the latest first. */
    async underWay(): Promise<string[]> {
      const found: MultipartUpload[] = [];
      let from: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
      for (;;) {
        const input = { Bucket: bucket, Prefix: key, ...from };
        const page = await s3.send(new ListMultipartUploadsCommand(input), abortable);
        const uploads = page.Uploads ?? [];
        found.push(...uploads.filter((each) => each.Key === key && each.ChecksumAlgorithm === 'SHA256'));
        // S3 lists by key, and no key with this prefix comes before the prefix itself.
        if (!page.IsTruncated || uploads.at(-1)?.Key !== key) break;
        from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      }
      return found.sort((a, b) => Number(b.Initiated) - Number(a.Initiated)).map(({ UploadId }) => UploadId as string);
    },

    /** The parts that an upload has, or null when one of them is not what the file has there; `beat` is told of each that was looked at. */
    async matching(id: string, { parts, checksumOf }: Source, beat: (part: Part) => void): Promise<Kept[] | null> {
      const kept: Kept[] = [];
      let from: string | undefined;
      do {
        const page = await s3.send(new ListPartsCommand({ ...at, UploadId: id, PartNumberMarker: from }), abortable);
        // One without a checksum tells nothing, and is sent again.
        for (const { PartNumber = 0, ETag = '', Size, ChecksumSHA256 } of (page.Parts ?? []).filter(hasChecksum)) {
          signal.throwIfAborted();
          const part = parts[PartNumber - 1];
          if (!part || part.bytes !== Size || (await checksumOf(part)) !== ChecksumSHA256) return null;
          kept.push({ number: PartNumber, etag: ETag, checksum: ChecksumSHA256 });
          beat(part);
        }
        // Without regard to whether there is more, S3 names a place to go on from.
        from = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      } while (from !== undefined);
      return kept;
    },

    async send(id: string, PartNumber: number, body: Uint8Array, checksum: string): Promise<Kept> {
      const input = { ...at, UploadId: id, PartNumber, Body: body, ChecksumSHA256: checksum };
      const { ETag } = await s3.send(new UploadPartCommand(input), abortable);
      return { number: PartNumber, etag: ETag as string, checksum };
    },

    /** Not to be interrupted: it takes a moment, and afterwards the object is there. */
    async complete(id: string, kept: readonly Kept[], bytes: number): Promise<Staged> {
      const Parts = kept
        .toSorted((a, b) => a.number - b.number)
        .map(({ number, etag, checksum }) => ({ PartNumber: number, ETag: etag, ChecksumSHA256: checksum }));
      const of = { ...at, UploadId: id, MpuObjectSize: bytes };
      const { VersionId } = await s3.send(new CompleteMultipartUploadCommand({ ...of, MultipartUpload: { Parts } }));
      return look(VersionId);
    },

    async abort(id: string): Promise<void> {
      await s3.send(new AbortMultipartUploadCommand({ ...at, UploadId: id }), abortable);
    },
  };
}

export type Staging = ReturnType<typeof stagingOf>;

/** Another command has completed or aborted the upload meanwhile. */
export const hasEnded = (error: unknown): boolean => error instanceof NoSuchUpload;

const unlessGone = (error: unknown): null => {
  if (error instanceof NotFound) return null;
  throw error;
};

const hasChecksum = (part: ListedPart): part is ListedPart & { ChecksumSHA256: string } =>
  part.ChecksumSHA256 !== undefined;
