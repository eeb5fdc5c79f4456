import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { FatalError, TransientError } from '../core/model/errors.ts';
import type { ObjectRef } from '../core/model/run.ts';
import type { ByteRange, Objects, VersionPage } from '../core/ports.ts';

export function s3Objects(client: S3Client): Objects {
  return {
    async find(ref) {
      try {
        const head = await client.send(new HeadObjectCommand(inputOf(ref)));
        if (head.ContentLength === undefined || !head.LastModified) throw new Error('S3 gave no size or date');
        return {
          size: head.ContentLength,
          lastModified: head.LastModified,
          open: (signal, range) => content(client, ref, signal, range),
        };
      } catch (error) {
        if (isGone(error)) return null;
        // To a look at an object S3 gives no words, only this status, when its uploader kept the key.
        if (statusOf(error) === 400)
          throw unreadable(ref, 'it is encrypted with a key of its uploader (SSE-C)?', error);
        throw worldError(error, ref);
      }
    },

    async put(bucket, key, content) {
      try {
        const type = typeof content === 'string' ? 'application/x-ndjson' : 'application/octet-stream';
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, ContentType: type }));
      } catch (error) {
        throw worldError(error, { bucket, key });
      }
    },

    keys: (bucket, prefix) => keysUnder(client, bucket, prefix),
    texts: (bucket, prefix) => textsUnder(client, bucket, prefix),
    versions: (bucket, prefix, from) => versionPage(client, bucket, prefix, from),
  };
}

export async function keysUnder(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  try {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key as string));
    }
    return keys;
  } catch (error) {
    throw worldError(error, { bucket, key: prefix });
  }
}

async function* textsUnder(client: S3Client, bucket: string, prefix: string): AsyncGenerator<string> {
  try {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
      for (const { Key } of page.Contents ?? []) {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        yield (await Body?.transformToString()) ?? '';
      }
    }
  } catch (error) {
    throw worldError(error, { bucket, key: prefix });
  }
}

/** The place to go on from is the key and the version that S3 names, as JSON. */
async function versionPage(
  client: S3Client,
  bucket: string,
  prefix: string,
  from: string | null,
): Promise<VersionPage> {
  const [KeyMarker, VersionIdMarker] = from === null ? [] : (JSON.parse(from) as string[]);
  try {
    const answer = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, KeyMarker, VersionIdMarker }),
    );
    const versions = (answer.Versions ?? []).map(({ Key, VersionId, Size, LastModified }) => ({
      bucket,
      key: Key as string,
      versionId: VersionId as string,
      size: Size as number,
      lastModified: LastModified as Date,
    }));
    const more = answer.IsTruncated && answer.NextKeyMarker !== undefined;
    return { versions, next: more ? JSON.stringify([answer.NextKeyMarker, answer.NextVersionIdMarker]) : null };
  } catch (error) {
    throw worldError(error, { bucket, key: prefix });
  }
}

/**
 * Never ends early without an error. A stream that breaks is opened anew behind the last byte that came, as long as each try brings some: a file that is read slowly outlasts a
 * connection.
 */
async function* content(
  client: S3Client,
  ref: ObjectRef,
  signal: AbortSignal,
  range?: ByteRange,
): AsyncGenerator<Uint8Array> {
  let at = range?.start ?? 0;
  let end = range?.end ?? null;
  for (;;) {
    const from = at;
    try {
      const isPart = range !== undefined || at > 0;
      const Range = isPart ? `bytes=${at}-${end === null ? '' : end - 1}` : undefined;
      const command = new GetObjectCommand({ ...inputOf(ref), Range });
      const { Body, ContentLength } = await client.send(command, { abortSignal: signal });
      end ??= at + (ContentLength ?? 0);
      for await (const bytes of Body as AsyncIterable<Uint8Array>) {
        at += bytes.byteLength;
        yield bytes;
      }
      if (at === end) return;
      if (at === from || at > end) throw new Error(`${end - at} bytes did not come`);
    } catch (error) {
      // The object was found a moment ago: what is denied now is its key (of KMS, and not ours) or its storage class (an archive).
      if ([400, 403].includes(statusOf(error) ?? 0)) throw unreadable(ref, wordsOf(error), error);
      if (at === from || signal.aborted) throw worldError(error, ref);
    }
    if (at === end) return;
  }
}

const inputOf = ({ bucket, key, versionId }: Partial<ObjectRef>) => ({
  Bucket: bucket,
  Key: key,
  ...(versionId ? { VersionId: versionId } : {}),
});

/** A version that was deleted for good is NoSuchVersion (404); one below a delete marker is 405. */
function isGone(error: unknown): boolean {
  if (error instanceof NoSuchKey || error instanceof NotFound) return true;
  return [404, 405].includes(statusOf(error) ?? 0);
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;

const wordsOf = (error: unknown): string => `${(error as Error).name}: ${(error as Error).message}`;

const unreadable = ({ bucket, key }: ObjectRef, why: string, cause: unknown) =>
  new FatalError('SLU-3011', `S3 does not give out s3://${bucket}/${key}: ${why}`, { cause });

const worldError = (cause: unknown, { bucket, key }: { bucket: string; key: string }) =>
  cause instanceof TransientError
    ? cause
    : new TransientError('SLU-5002', `s3://${bucket}/${key}: ${(cause as Error).message}`, { cause });
