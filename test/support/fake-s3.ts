import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  NoSuchUpload,
  NotFound,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

interface StoredPart {
  readonly body: Buffer;
  readonly checksum: string;
  readonly etag: string;
}

interface UnderWay {
  readonly id: string;
  readonly key: string;
  readonly algorithm: string | undefined;
  readonly initiated: Date;
  readonly parts: Map<number, StoredPart>;
}

export interface StoredVersion {
  readonly key: string;
  readonly body: Buffer;
  readonly checksum: string | undefined;
  readonly versionId: string;
}

export interface Call {
  readonly name: string;
  /** Counted from 1 over all calls. */
  readonly number: number;
  readonly input: Record<string, unknown>;
}

/** Told of each call before S3 does it, and again when it has and the answer is on its way; what it throws is what the caller gets. */
export type Watch = (call: Call, when: 'before' | 'after') => void;

export const sha256 = (body: Uint8Array): string => createHash('sha256').update(body).digest('base64');

/** A bucket of S3 with versions, as far as uploads need one: it verifies checksums as S3 does, and takes parts of any size. Lists come two at a time. */
export function fakeS3() {
  const versions: StoredVersion[] = [];
  const uploads = new Map<string, UnderWay>();
  const calls: Call[] = [];
  /** Parts that were stored, by upload and number, as often as they were. */
  const stored: { readonly upload: string; readonly number: number }[] = [];
  let watch: Watch = () => undefined;
  let bytesOpen = 0;
  let mostBytesOpen = 0;
  let made = 0;

  const keep = (version: Omit<StoredVersion, 'versionId'>): { VersionId: string } => {
    const versionId = `v${++made}`;
    versions.push({ ...version, versionId });
    return { VersionId: versionId };
  };
  const verified = (body: unknown, checksum: string | undefined): Buffer => {
    const bytes = Buffer.from(body as Uint8Array);
    if (checksum !== undefined && checksum !== sha256(bytes)) throw named('BadDigest');
    return bytes;
  };
  const under = (id: string | undefined): UnderWay => {
    const found = uploads.get(id ?? '');
    if (!found) throw new NoSuchUpload({ message: 'The specified upload does not exist.', $metadata: {} });
    return found;
  };
  const complete = ({ UploadId, MultipartUpload, MpuObjectSize }: CompleteMultipartUploadCommand['input']) => {
    const { key, id, parts } = under(UploadId);
    const chosen = (MultipartUpload?.Parts ?? []).map(({ PartNumber = 0, ETag, ChecksumSHA256 }, index) => {
      const part = parts.get(PartNumber);
      if (!part || part.etag !== ETag || part.checksum !== ChecksumSHA256) throw named('InvalidPart');
      if (PartNumber <= (MultipartUpload?.Parts?.[index - 1]?.PartNumber ?? 0)) throw named('InvalidPartOrder');
      return part;
    });
    const body = Buffer.concat(chosen.map((part) => part.body));
    if (body.length !== MpuObjectSize) throw named('InvalidRequest');
    const sums = Buffer.concat(chosen.map(({ checksum }) => Buffer.from(checksum, 'base64')));
    uploads.delete(id);
    return keep({ key, body, checksum: `${sha256(sums)}-${chosen.length}` });
  };
  const head = ({ Key, VersionId }: HeadObjectCommandInput) => {
    const found = versions.findLast(({ key, versionId }) => key === Key && (!VersionId || versionId === VersionId));
    if (!found) throw new NotFound({ message: 'UnknownError', $metadata: {} });
    const { body, checksum, versionId } = found;
    const LastModified = new Date('2026-01-02T03:04:05Z');
    return { ContentLength: body.length, ChecksumSHA256: checksum, VersionId: versionId, LastModified };
  };
  const listUploads = ({ Prefix = '', KeyMarker, UploadIdMarker }: ListMultipartUploadsCommand['input']) => {
    const all = [...uploads.values()]
      .filter(({ key }) => key.startsWith(Prefix))
      .sort((a, b) => (a.key === b.key ? Number(a.initiated) - Number(b.initiated) : a.key < b.key ? -1 : 1));
    const from = all.findIndex(({ key, id }) => key === KeyMarker && id === UploadIdMarker) + 1;
    const page = all.slice(from, from + 2);
    return {
      Uploads: page.map(({ id, key, algorithm, initiated }) => ({
        UploadId: id,
        Key: key,
        Initiated: initiated,
        ChecksumAlgorithm: algorithm,
      })),
      IsTruncated: from + 2 < all.length,
      NextKeyMarker: page.at(-1)?.key,
      NextUploadIdMarker: page.at(-1)?.id,
    };
  };
  const listParts = ({ UploadId, PartNumberMarker }: ListPartsCommand['input']) => {
    const all = [...under(UploadId).parts].sort(([a], [b]) => a - b);
    const rest = all.filter(([number]) => number > Number(PartNumberMarker ?? 0));
    const page = rest.slice(0, 2);
    return {
      Parts: page.map(([PartNumber, { body, checksum, etag }]) => ({
        PartNumber,
        Size: body.length,
        ETag: etag,
        ChecksumSHA256: checksum,
      })),
      IsTruncated: rest.length > 2,
      NextPartNumberMarker: String(page.at(-1)?.[0] ?? 0),
    };
  };
  const answer = (command: object): object => {
    if (command instanceof PutObjectCommand) {
      const { Key = '', Body, ChecksumSHA256 } = command.input;
      return keep({ key: Key, body: verified(Body, ChecksumSHA256), checksum: ChecksumSHA256 });
    }
    if (command instanceof CreateMultipartUploadCommand) {
      const { Key: key = '', ChecksumAlgorithm: algorithm } = command.input;
      const id = `u${++made}`;
      uploads.set(id, { id, key, algorithm, initiated: new Date(made * 1000), parts: new Map() });
      return { UploadId: id };
    }
    if (command instanceof UploadPartCommand) {
      const { UploadId, PartNumber = 0, Body, ChecksumSHA256 } = command.input;
      const { id, parts } = under(UploadId);
      const body = verified(Body, ChecksumSHA256);
      const etag = `"${++made}"`;
      parts.set(PartNumber, { body, checksum: sha256(body), etag });
      stored.push({ upload: id, number: PartNumber });
      return { ETag: etag };
    }
    if (command instanceof CompleteMultipartUploadCommand) return complete(command.input);
    if (command instanceof AbortMultipartUploadCommand) {
      uploads.delete(under(command.input.UploadId).id);
      return {};
    }
    if (command instanceof HeadObjectCommand) return head(command.input);
    if (command instanceof ListMultipartUploadsCommand) return listUploads(command.input);
    if (command instanceof ListPartsCommand) return listParts(command.input);
    throw new Error(`the fake knows no ${command.constructor.name}`);
  };

  async function send(command: { input: Record<string, unknown> }, options: { abortSignal?: AbortSignal } = {}) {
    const { abortSignal } = options;
    const unlessAborted = () => {
      if (abortSignal?.aborted) throw named('AbortError');
    };
    const call = {
      name: command.constructor.name.replace('Command', ''),
      number: calls.length + 1,
      input: command.input,
    };
    calls.push(call);
    const size = (command.input.Body as Uint8Array | undefined)?.length ?? 0;
    bytesOpen += size;
    mostBytesOpen = Math.max(mostBytesOpen, bytesOpen);
    try {
      await turn();
      unlessAborted();
      watch(call, 'before');
      unlessAborted();
      const answered = answer(command);
      watch(call, 'after');
      await turn();
      unlessAborted();
      return answered;
    } finally {
      bytesOpen -= size;
    }
  }

  const client = new S3Client({ region: 'us-east-1', credentials: { accessKeyId: 'none', secretAccessKey: 'none' } });
  client.send = send as never;
  return {
    client,
    versions,
    uploads,
    calls,
    stored,
    mostBytesOpen: () => mostBytesOpen,
    watch: (by: Watch) => {
      watch = by;
    },
  };
}

export const named = (name: string): Error => Object.assign(new Error(`${name}, as arranged`), { name, $metadata: {} });
