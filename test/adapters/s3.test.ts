import type { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { s3Objects } from '../../adapters/s3.ts';
import { TransientError } from '../../core/model/errors.ts';
import type { ByteRange } from '../../core/ports.ts';

const ref = { bucket: 'b', key: 'k', versionId: 'v1' };
const signal = new AbortController().signal;

/** S3 whose streams break: each after so many bytes, the last of the counts again and again. */
function breaking(bytes: Uint8Array, after: readonly number[]) {
  const asked: string[] = [];
  const send = async (command: GetObjectCommand) => {
    if (command.constructor.name === 'HeadObjectCommand')
      return { ContentLength: bytes.length, LastModified: new Date(0) };
    const { Range = '' } = command.input;
    asked.push(Range);
    const [, start = '0', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(Range) ?? [];
    const part = bytes.subarray(Number(start), last === '' ? bytes.length : Number(last) + 1);
    const most = after[Math.min(asked.length, after.length) - 1] ?? Number.POSITIVE_INFINITY;
    async function* Body() {
      if (most > 0 && part.length > 0) yield part.subarray(0, most);
      if (most < part.length) throw new Error('aborted');
    }
    return { Body: Body(), ContentLength: part.length };
  };
  return { objects: s3Objects({ send } as unknown as S3Client), asked };
}

async function read(objects: ReturnType<typeof s3Objects>, range?: ByteRange): Promise<Buffer> {
  const stored = await objects.find(ref);
  const pieces: Uint8Array[] = [];
  for await (const piece of stored?.open(signal, range) ?? []) pieces.push(piece);
  return Buffer.concat(pieces);
}

test('an object whose stream breaks is read on behind the last byte that came, whole or a range of it', async () => {
  const counts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 100 }),
      counts,
      fc.nat(99),
      fc.nat(99),
      async (bytes, after, a, b) => {
        expect(await read(breaking(bytes, after).objects)).toEqual(Buffer.from(bytes));
        const [start, last] = [a % bytes.length, b % bytes.length].sort((x, y) => x - y) as [number, number];
        const range = { start, end: last + 1 };
        expect(await read(breaking(bytes, after).objects, range)).toEqual(Buffer.from(bytes.subarray(start, last + 1)));
      },
    ),
  );
});

test('a stream that brings nothing any more is a failure that may pass', async () => {
  const { objects, asked } = breaking(new Uint8Array(10), [4, 0]);
  await expect(read(objects)).rejects.toThrow(TransientError);
  expect(asked).toEqual(['', 'bytes=4-9']);
});
