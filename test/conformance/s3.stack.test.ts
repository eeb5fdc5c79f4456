import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Objects } from '../../adapters/s3.ts';
import { TransientError } from '../../core/model/errors.ts';
import type { ObjectRef } from '../../core/model/run.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import { bytesOf } from '../support/bytes.ts';
import { testObjects } from './objects.ts';

const client = new S3Client({ ...clientOptions(loadSettings()), forcePathStyle: true });
const bucket = `test-${randomUUID()}`;
const objects = s3Objects(client);
const forever = new AbortController().signal;

const upload = async (key: string, content: Uint8Array): Promise<ObjectRef> => {
  const { VersionId } = await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
  return { bucket, key, versionId: VersionId ?? '' };
};

const textOf = async (ref: ObjectRef) => {
  const found = await objects.find(ref);
  if (!found) return null;
  let text = '';
  for await (const bytes of found.open(forever)) text += Buffer.from(bytes).toString();
  return text;
};

beforeAll(async () => {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
});

afterAll(async () => {
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  for (const { Key, VersionId } of [...Versions, ...DeleteMarkers])
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }));
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  client.destroy();
});

describe('objects on S3', () => {
  testObjects(() => ({ objects, bucket, upload }));

  describe('in pages of two', () => {
    const few = new S3Client({ ...clientOptions(loadSettings()), forcePathStyle: true });
    few.middlewareStack.add(
      (next) => (args) => next({ ...args, input: { MaxKeys: 2, ...(args.input as object) } as typeof args.input }),
      { step: 'initialize' },
    );
    afterAll(() => few.destroy());
    testObjects(() => ({ objects: s3Objects(few), bucket, upload }));
  });

  test('versions of one key are listed each, and deletions are not', async () => {
    const folder = `readings/${randomUUID()}`;
    const first = [await upload(`${folder}/a.csv`, bytesOf('1')), await upload(`${folder}/a.csv`, bytesOf('22'))];
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${folder}/a.csv` }));
    const other = await upload(`${folder}/b.csv`, bytesOf('333'));
    const { versions, next } = await objects.versions(bucket, `${folder}/`, null);
    const ids = versions.map(({ versionId }) => versionId);
    expect(ids.toSorted()).toEqual([...first, other].map(({ versionId }) => versionId).toSorted());
    expect(next).toBeNull();
  });

  test('a version stays readable when another lies over it, and when the object is deleted', async () => {
    const key = `readings/${randomUUID()}.csv`;
    const [one, two] = [await upload(key, bytesOf('one')), await upload(key, bytesOf('two'))];
    expect([await textOf(one), await textOf(two)]).toEqual(['one', 'two']);
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    expect([await textOf(one), await textOf(two)]).toEqual(['one', 'two']);
    expect(await objects.find({ bucket, key, versionId: '' })).toBeNull();
  });

  test('a version that was deleted for good is not there', async () => {
    const ref = await upload(`readings/${randomUUID()}.csv`, bytesOf('gone'));
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: ref.key, VersionId: ref.versionId }));
    expect(await objects.find(ref)).toBeNull();
  });

  test('an object that is deleted between looking and opening is worth another try', async () => {
    const ref = await upload(`readings/${randomUUID()}.csv`, bytesOf('gone'));
    const found = await objects.find(ref);
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: ref.key, VersionId: ref.versionId }));
    await expect(found?.open(forever)[Symbol.asyncIterator]().next()).rejects.toThrow(TransientError);
  });

  test('content whose time is used up ends with an error, never early without one', async () => {
    const ref = await upload(`readings/${randomUUID()}.csv`, Buffer.alloc(20_000_000, 'row\n'));
    const found = await objects.find(ref);
    const ending = new AbortController();
    const read = async () => {
      for await (const _ of found?.open(ending.signal) ?? []) ending.abort();
    };
    await expect(read()).rejects.toThrow(TransientError);
  });

  test('a service that does not answer is worth another try', async () => {
    const nobody = new S3Client({ ...clientOptions(loadSettings()), endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
    const there = s3Objects(nobody);
    const ref = { bucket, key: 'readings/a.csv', versionId: '' };
    await expect(there.find(ref)).rejects.toThrow(TransientError);
    await expect(there.put(bucket, 'a', 'text')).rejects.toThrow(TransientError);
    nobody.destroy();
  });
});
