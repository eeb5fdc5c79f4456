import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateMultipartUploadCommand, NoSuchUpload, UploadPartCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LocalFile } from '../../cli/upload-files.ts';
import { paceAfter } from '../../cli/upload-parts.ts';
import { send } from '../../cli/upload-send.ts';
import { partsOf } from '../../cli/upload-source.ts';
import { fakeS3, named, type Watch } from '../support/fake-s3.ts';
import { withFolder } from '../support/user.ts';

/** Bytes of a part, and of all that may be in memory: the real ones are millions of times as large. */
const PART = 10;
const usual = { part: PART, memory: 45 };

const contentOf = (size: number) => randomBytes(size);
const KEY = 'readings/a.csv';

async function fileIn(folder: string, content: Uint8Array, name = 'a.csv'): Promise<LocalFile> {
  const file = join(folder, name);
  await writeFile(file, content);
  return { file, key: `readings/${name}`, bytes: content.length };
}

/** One command, from its start to its end. */
function command(
  s3: ReturnType<typeof fakeS3>,
  files: readonly LocalFile[],
  { interrupt = new AbortController(), sizes = usual } = {},
) {
  const lines: string[] = [];
  const ui = { signal: interrupt.signal, progress: (_: string, line: string) => void lines.push(line) };
  const sending = send(files, 'acme-staging', { s3: s3.client }, ui, sizes);
  return { sending, lines };
}

/** At its nth call a command is interrupted or killed, before S3 has done what it was asked for, or when it has and the answer is not there yet. */
interface Cut {
  readonly at: number;
  readonly how: 'interrupted' | 'killed';
  readonly when: Parameters<Watch>[1];
}

const cut: fc.Arbitrary<Cut> = fc.record({
  at: fc.integer({ min: 1, max: 14 }),
  how: fc.constantFrom('interrupted', 'killed'),
  when: fc.constantFrom('before', 'after'),
});

/** Runs a command that is cut off. A killed one does nothing any more: its calls get no answer. */
async function cutOff(
  s3: ReturnType<typeof fakeS3>,
  files: readonly LocalFile[],
  { at, how, when }: Cut,
  sizes = usual,
) {
  const interrupt = new AbortController();
  const before = s3.calls.length;
  let dead = false;
  s3.watch(({ number }, now) => {
    if (number - before === at && now === when) {
      if (how === 'interrupted') interrupt.abort();
      dead = how === 'killed';
    }
    if (dead) throw named('Killed');
  });
  const sent = await command(s3, files, { interrupt, sizes }).sending.catch(() => []);
  s3.watch(() => undefined);
  return sent;
}

const lengths = fc.array(fc.integer({ min: 1, max: 9 * PART }), { minLength: 1, maxLength: 3 });
const inOrder = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);

describe('an upload', () => {
  test('cut off at any call, goes on by the same command: no part goes twice, and the object is the file', async () => {
    const property = fc.asyncProperty(
      lengths,
      fc.array(cut, { maxLength: 4 }),
      fc.constantFrom(5, 25, 45),
      async (wanted, cuts, memory) => {
        const sizes = { part: PART, memory };
        await withFolder(async (folder) => {
          const s3 = fakeS3();
          const contents = wanted.map(contentOf);
          const files = await Promise.all(contents.map((content, index) => fileIn(folder, content, `${index}.csv`)));
          for (const each of cuts) {
            for (const [index, { staged, sentBytes, foundBytes }] of (await cutOff(s3, files, each, sizes)).entries()) {
              const { bytes } = files[index] as LocalFile;
              if (staged) expect(sentBytes + foundBytes).toBe(bytes);
              else expect(sentBytes + foundBytes).toBeLessThanOrEqual(bytes);
            }
          }
          const sent = await command(s3, files, { sizes }).sending;

          expect(s3.versions).toHaveLength(files.length);
          expect(s3.uploads.size).toBe(0);
          for (const [index, file] of files.entries()) {
            const version = s3.versions.find(({ key }) => key === file.key);
            expect(version?.body.equals(contents[index] as Buffer)).toBe(true);
            expect(sent[index]).toMatchObject({ staged: { object: { key: file.key, versionId: version?.versionId } } });
            expect((sent[index]?.sentBytes ?? 0) + (sent[index]?.foundBytes ?? 0)).toBe(file.bytes);
          }
          const once = new Set(s3.stored.map(({ upload, number }) => `${upload} ${number}`));
          expect(once.size).toBe(s3.stored.length);
          const ofLarge = files.filter(({ bytes }) => bytes > PART).flatMap(({ bytes }) => partsOf(bytes, PART));
          expect(s3.stored).toHaveLength(ofLarge.length);
          expect(s3.mostBytesOpen()).toBeLessThanOrEqual(Math.max(memory, PART));
        });
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });

  test('sends exactly the parts that are missing', async () => {
    await withFolder(async (folder) => {
      const property = fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 7 })), async (there) => {
        const s3 = fakeS3();
        const content = contentOf(65);
        const file = await fileIn(folder, content);
        const of = { Bucket: 'acme-staging', Key: KEY };
        const kind = { ChecksumAlgorithm: 'SHA256', ChecksumType: 'COMPOSITE' } as const;
        const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ ...of, ...kind }));
        const parts = partsOf(65, PART);
        for (const { number, start, bytes } of parts.filter(({ number }) => there.includes(number))) {
          const Body = content.subarray(start, start + bytes);
          await s3.client.send(new UploadPartCommand({ ...of, UploadId, PartNumber: number, Body }));
        }
        s3.stored.length = 0;
        const [sent] = await command(s3, [file]).sending;
        const missing = parts.filter(({ number }) => !there.includes(number));
        expect(inOrder(s3.stored.map(({ number }) => number))).toEqual(missing.map(({ number }) => number));
        expect(sent?.sentBytes).toBe(missing.reduce((sum, { bytes }) => sum + bytes, 0));
        expect(s3.versions.map(({ body }) => body.equals(content))).toEqual([true]);
      });
      await fc.assert(property, { numRuns: 50 });
    });
  });

  test('of a file that has changed since begins anew and ends the old one', async () => {
    const change = fc.oneof(
      fc.record({ size: fc.integer({ min: 11, max: 60 }) }),
      fc.record({ byte: fc.integer({ min: 0, max: 39 }) }),
    );
    const property = fc.asyncProperty(fc.integer({ min: 4, max: 7 }), change, async (at, changed) => {
      await withFolder(async (folder) => {
        const s3 = fakeS3();
        const content = contentOf(40);
        await cutOff(s3, [await fileIn(folder, content)], { at, how: 'interrupted', when: 'before' });
        const other = 'size' in changed ? contentOf(changed.size) : Buffer.from(content);
        if ('byte' in changed) other[changed.byte] = (other[changed.byte] ?? 0) ^ 1;
        await command(s3, [await fileIn(folder, other)]).sending;
        expect(s3.uploads.size).toBe(0);
        expect(s3.versions.map(({ body }) => body.equals(other))).toEqual([true]);
      });
    });
    await fc.assert(property, { numRuns: 50 });
  });

  test('leaves alone what is under way for other keys, and by other tools', async () => {
    await withFolder(async (folder) => {
      const s3 = fakeS3();
      const begin = (Key: string, ChecksumAlgorithm: 'SHA256' | 'CRC64NVME') =>
        s3.client.send(new CreateMultipartUploadCommand({ Bucket: 'acme-staging', Key, ChecksumAlgorithm }));
      const others = [
        await begin('readings/a.cs', 'SHA256'),
        await begin(KEY, 'CRC64NVME'),
        await begin(`${KEY}.gz`, 'SHA256'),
      ];
      await command(s3, [await fileIn(folder, contentOf(25))]).sending;
      expect([...s3.uploads.keys()]).toEqual(others.map(({ UploadId }) => UploadId));
      expect(s3.versions).toHaveLength(1);
    });
  });

  test('of a file that is there already with this content sends nothing, and answers the version that is there', async () => {
    await withFolder(async (folder) => {
      const s3 = fakeS3();
      const files = [await fileIn(folder, contentOf(7), 'small.csv'), await fileIn(folder, contentOf(35), 'large.csv')];
      const first = await command(s3, files).sending;
      const { sending, lines } = command(s3, files);
      expect(await sending).toEqual(
        first.map(({ staged, sentBytes }) => ({ staged, sentBytes: 0, foundBytes: sentBytes })),
      );
      expect(s3.versions).toHaveLength(2);
      expect(lines.sort()).toEqual([
        'readings/large.csv: 35 B that are there already',
        'readings/small.csv: 7 B that are there already',
      ]);

      // Of the same size, and not the same.
      const [small, large] = [
        await fileIn(folder, contentOf(7), 'small.csv'),
        await fileIn(folder, contentOf(35), 'large.csv'),
      ];
      expect((await command(s3, [small, large]).sending).map(({ sentBytes }) => sentBytes)).toEqual([7, 35]);
      expect(s3.versions).toHaveLength(4);
    });
  });

  test('by two commands at once ends well for both', async () => {
    await withFolder(async (folder) => {
      const s3 = fakeS3();
      const content = contentOf(85);
      const files = [await fileIn(folder, content)];
      const first = command(s3, files).sending;
      let second: typeof first | undefined;
      await new Promise<void>((begun) => {
        s3.watch(({ name, input }, when) => {
          if (name !== 'UploadPart' || input.PartNumber !== 4 || when !== 'after' || second) return;
          second = command(s3, files).sending;
          begun();
        });
      });
      const versionIds = [await first, await second].map((sent) => sent?.[0]?.staged?.object.versionId);
      expect(versionIds).toEqual([s3.versions[0]?.versionId, s3.versions[0]?.versionId]);
      expect(s3.versions.map(({ body }) => body.equals(content))).toEqual([true]);
    });
  });

  test('whose end was not heard of, and is asked for again, has ended well', async () => {
    await withFolder(async (folder) => {
      const s3 = fakeS3();
      const content = contentOf(25);
      let lost = false;
      s3.watch(({ name }, when) => {
        if (name !== 'CompleteMultipartUpload' || when !== 'after' || lost) return;
        lost = true;
        throw new NoSuchUpload({ message: 'gone', $metadata: {} });
      });
      const [sent] = await command(s3, [await fileIn(folder, content)]).sending;
      expect(sent).toMatchObject({
        sentBytes: 25,
        foundBytes: 0,
        staged: { object: { versionId: s3.versions[0]?.versionId } },
      });
      expect(s3.versions.map(({ body }) => body.equals(content))).toEqual([true]);
    });
  });

  test('fails when the file is written to meanwhile, and nothing of it is staged', async () => {
    await withFolder(async (folder) => {
      const s3 = fakeS3();
      const file = await fileIn(folder, contentOf(25));
      s3.watch(({ name }) => {
        if (name === 'UploadPart') appendFileSync(file.file, 'more');
      });
      const { sending } = command(s3, [file]);
      await expect(sending).rejects.toMatchObject({ code: 'SLU-4003', exit: 'failed' });
      expect(s3.versions).toEqual([]);
    });
  });

  test('that fails ends the others, tells which file it was and where it was to go', async () => {
    await withFolder(async (folder) => {
      const s3 = fakeS3();
      const files = await Promise.all(
        Array.from({ length: 6 }, (_, index) => fileIn(folder, contentOf(85), `${index}.csv`)),
      );
      s3.watch(({ name, input }) => {
        if (name === 'UploadPart' && input.Key === 'readings/2.csv') throw named('AccessDenied');
      });
      await expect(command(s3, files).sending).rejects.toMatchObject({
        code: 'SLU-5002',
        message: `${files[2]?.file} could not be uploaded: AccessDenied: AccessDenied, as arranged`,
        where: 's3://acme-staging/readings/2.csv',
      });
      const before = s3.calls.length;
      await new Promise((resolve) => setImmediate(resolve));
      expect(s3.calls.length).toBe(before);
    });
  });
});

describe('the parts of a file', () => {
  /** How many are on their way when this many bytes a second go through the line, shared by all of them. */
  const settledAt = (bytesPerSecond: number) =>
    Array.from({ length: 50 }).reduce<number>((pace) => paceAfter(pace, (pace * 8_388_608 * 1000) / bytesPerSecond), 2);

  test('are few at a time on a slow line, so that little is lost when it is cut off, and many on a fast one', () => {
    expect([1e5, 1e6, 2e7, 1e9].map(settledAt)).toEqual([2, 2, 5, 16]);
  });

  test('cover it without a gap, are at most 10,000, and as large as S3 takes them', () => {
    const MB = 1024 * 1024;
    const property = fc.property(fc.integer({ min: 0, max: 50e12 }), (size) => {
      const parts = partsOf(size, 8 * MB);
      const ends = parts.map(({ start, bytes }) => start + bytes);
      expect(parts.map(({ start }) => start)).toEqual([0, ...ends.slice(0, -1)]);
      expect(parts.map(({ number }) => number)).toEqual(parts.map((_, index) => index + 1));
      expect(ends.at(-1)).toBe(size);
      expect(parts.length).toBeLessThanOrEqual(10_000);
      expect(parts[0]?.bytes).toBeLessThanOrEqual(5 * 1024 * MB);
      if (parts.length > 1) expect(parts[0]?.bytes).toBeGreaterThanOrEqual(8 * MB);
    });
    fc.assert(property, { numRuns: 20 });
    expect(partsOf(0, 8 * MB)).toEqual([{ number: 1, start: 0, bytes: 0 }]);
    expect(partsOf(8 * MB, 8 * MB)).toHaveLength(1);
    expect(partsOf(8 * MB + 1, 8 * MB).map(({ bytes }) => bytes)).toEqual([8 * MB, 1]);
    expect(partsOf(5 * 1024 ** 4, 8 * MB)[0]?.bytes).toBe(528 * MB);
  });
});
