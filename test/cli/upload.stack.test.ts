import { createHash, randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, ListMultipartUploadsCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namesOf } from '../../core/model/names.ts';
import { endpointUrl, loadSettings } from '../../local/settings.ts';
import { gateTo } from '../support/gate.ts';
import { deployGuest } from '../support/guest.ts';
import ample from '../support/tenants/ample/tenant.ts';
import { openOperator, unique, until, withFolder } from '../support/user.ts';
import { startCli } from './run-cli.ts';

/** `sluice upload` of a large file that is interrupted, on the real stack: each request of the command to AWS goes through a gate. */

const { staging } = namesOf('ample');
const PART = 8 * 1024 * 1024;
const SIZE = 100_000_000;

let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;
let gate: Awaited<ReturnType<typeof gateTo>>;

beforeAll(async () => {
  remove = await deployGuest(ample, join(import.meta.dirname, '..', 'support', 'tenants'));
  operator = await openOperator();
  gate = await gateTo(endpointUrl(loadSettings()));
});
afterAll(async () => {
  await gate?.close();
  await operator?.close();
  await remove?.();
});

const start = (...args: string[]) =>
  startCli(['upload', 'ample', 'bulk', ...args, '--target', 'aws', '--json'], {
    PATH: process.env.PATH ?? '',
    AWS_ENDPOINT_URL: gate.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
const ended = async (running: ReturnType<typeof start>) => {
  const { exit, stdout, stderr } = await running.ended;
  return { exit, stderr, files: JSON.parse(stdout).files };
};

const isPart = (request: string) => /^PUT .*partNumber=/.test(request);
const partsPassed = () => gate.passed.filter(isPart).map((request) => Number(/partNumber=(\d+)/.exec(request)?.[1]));
/** Lets so many parts through, and holds the others. */
const letParts = (count: number) => {
  gate.passed.length = 0;
  gate.let((method, path) => !isPart(`${method} ${path}`) || partsPassed().length < count);
};

const underWay = async (key: string) => {
  const { Uploads = [] } = await operator.s3.send(new ListMultipartUploadsCommand({ Bucket: staging, Prefix: key }));
  return Uploads.map(({ UploadId }) => UploadId as string);
};
/** Interrupts a command once so many parts of a key are there. */
async function interrupted(running: ReturnType<typeof start>, key: string, parts: number) {
  await until(`${parts} parts of ${key}`, async () => {
    const [UploadId] = await underWay(key);
    if (!UploadId) return undefined;
    const { Parts = [] } = await operator.s3.send(new ListPartsCommand({ Bucket: staging, Key: key, UploadId }));
    return Parts.length === parts ? true : undefined;
  });
  running.kill('SIGINT');
  return ended(running);
}

const digest = (body: Uint8Array) => createHash('sha256').update(body).digest('hex');
async function digestAt(key: string): Promise<string> {
  const { Body } = await operator.s3.send(new GetObjectCommand({ Bucket: staging, Key: key }));
  return digest((await Body?.transformToByteArray()) ?? new Uint8Array());
}

describe('sluice upload of a large file', () => {
  test('ends in order by Ctrl-C, and the same command goes on with what is there', async () => {
    const id = unique('large');
    const [large, small] = [`bulk/${id}/a.csv`, `bulk/${id}/b.csv`];
    await withFolder(async (folder) => {
      const content = randomBytes(SIZE);
      await writeFile(join(folder, 'a.csv'), content);
      await writeFile(join(folder, 'b.csv'), 'id\n1\n');
      letParts(4);
      const first = await interrupted(start(folder, '--as', id), large, 4);
      expect(first.exit).toBe(130);
      expect(first.files).toMatchObject([
        { key: large, state: 'interrupted', sentBytes: 4 * PART, foundBytes: 0, run: null },
        { key: small, state: 'deferred', sentBytes: 5, foundBytes: 0, run: expect.stringMatching(/^bulk\./) },
      ]);
      const before = partsPassed();

      letParts(99);
      const second = await ended(start(folder, '--as', id, '--wait'));
      expect(second.exit).toBe(6);
      expect(second.files).toMatchObject([
        { key: large, state: 'deferred', sentBytes: SIZE - 4 * PART, foundBytes: 4 * PART },
        { key: small, state: 'deferred', sentBytes: 0, foundBytes: 5, run: first.files[1].run },
      ]);
      expect([...before, ...partsPassed()].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
      expect(await digestAt(large)).toBe(digest(content));
      expect(await underWay(large)).toEqual([]);
    });
  });

  test('that has changed since begins anew, and what was under way is ended', async () => {
    const id = unique('changed');
    const key = `bulk/${id}/a.csv`;
    await withFolder(async (folder) => {
      const content = randomBytes(3 * PART);
      const file = join(folder, 'a.csv');
      await writeFile(file, content);
      letParts(2);
      await interrupted(start(file, '--as', id), key, 2);
      const [old] = await underWay(key);

      content.writeUInt8(content.readUInt8(1) ^ 1, 1);
      content.writeUInt8(content.readUInt8(content.length - 1) ^ 1, content.length - 1);
      const handle = await open(file, 'r+');
      await handle.write(content);
      await handle.close();
      letParts(99);
      const { exit, files } = await ended(start(file, '--as', id));
      expect([exit, files[0].sentBytes, files[0].foundBytes]).toEqual([6, 3 * PART, 0]);
      expect(gate.passed.some((request) => request.startsWith('DELETE') && request.includes(`uploadId=${old}`))).toBe(
        true,
      );
      expect(await underWay(key)).toEqual([]);
      expect(await digestAt(key)).toBe(digest(content));
    });
  });
});
