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

  describe('the texts below a prefix', () => {
    const textsOf = async (prefix: string) => {
      const { objects, bucket } = open();
      const texts: string[] = [];
      for await (const text of objects.texts(bucket, prefix)) texts.push(text);
      return texts;
    };

    test('come in the order of their keys, and no others', async () => {
      const { objects, bucket } = open();
      const prefix = `rejects/${randomUUID()}/`;
      for (const name of ['b', 'a/2', 'a/10', 'c', 'a/1']) await objects.put(bucket, `${prefix}${name}`, name);
      await objects.put(bucket, `${prefix.slice(0, -1)}x/d`, 'not this');
      expect(await textsOf(prefix)).toEqual(['a/1', 'a/10', 'a/2', 'b', 'c']);
      expect(await textsOf(`${prefix}a/1`)).toEqual(['a/1', 'a/10']);
    });

    test('are those that were stored last, empty ones and odd characters included', async () => {
      const { objects, bucket } = open();
      const prefix = `rejects/${randomUUID()}/`;
      await objects.put(bucket, `${prefix}a`, 'old');
      await objects.put(bucket, `${prefix}a`, 'né🦥\n');
      await objects.put(bucket, `${prefix}b é+%.ndjson`, '');
      expect(await textsOf(prefix)).toEqual(['né🦥\n', '']);
    });

    test('are none where there is nothing', async () => {
      expect(await textsOf(`rejects/${randomUUID()}/`)).toEqual([]);
    });
  });

  describe('the versions below a prefix', () => {
    const versionsOf = async (prefix: string) => {
      const { objects, bucket } = open();
      const pages = [];
      for (let from: string | null = null; ; ) {
        const page = await objects.versions(bucket, prefix, from);
        pages.push(...page.versions);
        if (page.next === null) return pages;
        from = page.next;
      }
    };

    test('are all that were uploaded, each once, with what is known of them, whatever their pages', async () => {
      const folder = `readings/${randomUUID()}`;
      const names = ['a.csv', 'b é+%20.csv', 'deep/er/c.csv', 'd.csv', 'e.csv'];
      const before = Date.now();
      const refs: ObjectRef[] = [];
      for (const name of names) refs.push(await open().upload(`${folder}/${name}`, bytesOf(name)));
      await open().upload(`${folder}x/other.csv`, bytesOf('x'));
      const found = await versionsOf(`${folder}/`);
      const nameOf = ({ bucket, key, versionId }: ObjectRef) => `${bucket} ${key} ${versionId}`;
      expect(found.map(nameOf).sort()).toEqual(refs.map(nameOf).sort());
      for (const { key, size, lastModified } of found) {
        expect(size).toBe(Buffer.byteLength(key.slice(folder.length + 1)));
        expect(Math.abs(lastModified.getTime() - before)).toBeLessThan(60_000);
      }
    });

    test('are what can be found again by their names', async () => {
      const folder = `readings/${randomUUID()}`;
      await open().upload(`${folder}/a.csv`, bytesOf('content'));
      const [version] = await versionsOf(folder);
      expect(await open().objects.find(version as ObjectRef)).toMatchObject({ size: 7 });
    });

    test('are none where there is nothing', async () => {
      expect(await versionsOf(`readings/${randomUUID()}/`)).toEqual([]);
    });
  });
}
