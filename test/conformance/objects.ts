import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ObjectRef } from '../../core/model/run.ts';
import type { Objects } from '../../core/ports.ts';
import { bytesOf } from '../support/bytes.ts';

export interface ObjectsUnderTest {
  readonly objects: Objects;
  readonly bucket: string;
  /** Stores an object as a tenant would. */
  upload(key: string, content: Uint8Array): Promise<ObjectRef>;
}

const forever = new AbortController().signal;

/** What every store of objects does, whatever is behind it. */
export function testObjects(open: () => ObjectsUnderTest): void {
  const fresh = (name = 'a.csv') => `readings/${randomUUID()}/${name}`;

  const contentOf = async (ref: ObjectRef) => {
    const found = await open().objects.find(ref);
    if (!found) throw new Error(`${ref.key} is not there`);
    const pieces: Uint8Array[] = [];
    for await (const piece of found.open(forever)) pieces.push(piece);
    return Buffer.concat(pieces);
  };

  describe('an object', () => {
    test('is found with its size and the time at which it came', async () => {
      const before = Date.now();
      const ref = await open().upload(fresh(), bytesOf('héllo'));
      const found = await open().objects.find(ref);
      expect(found).toMatchObject({ size: 6 });
      const came = found?.lastModified.getTime() ?? 0;
      expect(came).toBeGreaterThanOrEqual(before - 2000);
      expect(came).toBeLessThanOrEqual(Date.now() + 2000);
    });

    test('opens to its bytes, in pieces, and again as often as it is asked', async () => {
      const content = Buffer.alloc(1_500_000, 'some bytes\n');
      const ref = await open().upload(fresh(), content);
      expect((await contentOf(ref)).equals(content)).toBe(true);
      expect((await contentOf(ref)).equals(content)).toBe(true);
    });

    test('opens to a part of its bytes', async () => {
      const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
      const ref = await open().upload(fresh(), content);
      const found = await open().objects.find(ref);
      for (const [start, end] of [
        [0, 1],
        [0, 300_000],
        [70_000, 200_001],
        [299_996, 300_000],
      ] as const) {
        const pieces: Uint8Array[] = [];
        for await (const piece of found?.open(forever, { start, end }) ?? []) pieces.push(piece);
        expect(Buffer.concat(pieces).equals(content.subarray(start, end))).toBe(true);
      }
    });

    test('may be empty', async () => {
      const ref = await open().upload(fresh(), new Uint8Array());
      expect(await open().objects.find(ref)).toMatchObject({ size: 0 });
      expect(await contentOf(ref)).toHaveLength(0);
    });

    test('may have a key with anything in it', async () => {
      for (const name of ['a b.csv', 'a+b%20c.csv', 'é🦥.csv', '"&?#=.csv', '..csv', 'a//b.csv']) {
        const ref = await open().upload(fresh(name), bytesOf(name));
        expect((await contentOf(ref)).toString()).toBe(name);
      }
    });

    test('that is not there is null', async () => {
      const { objects, bucket } = open();
      expect(await objects.find({ bucket, key: fresh(), versionId: '' })).toBeNull();
    });
  });

  describe('a text', () => {
    test('is stored under its key, over what was there', async () => {
      const { objects, bucket } = open();
      const key = fresh('rejects.ndjson');
      await objects.put(bucket, key, '{"a":"é"}\n');
      expect((await contentOf({ bucket, key, versionId: '' })).toString()).toBe('{"a":"é"}\n');
      await objects.put(bucket, key, '{"b":1}\n');
      expect((await contentOf({ bucket, key, versionId: '' })).toString()).toBe('{"b":1}\n');
    });
  });
}
