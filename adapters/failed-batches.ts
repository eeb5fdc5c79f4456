import { DeleteObjectCommand, GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { KinesisStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import { TransientError } from '../core/model/errors.ts';
import type { FailedBatch, FailedBatches } from '../core/ports.ts';
import { messagesOf } from './kinesis.ts';
import { keysUnder } from './s3.ts';

/** Where Lambda puts what it has given up: `aws/lambda/<mapping>/<shard>/<year>/<month>/<day>/<time>-<id>`. */
export const FAILED_PREFIX = 'aws/lambda/';

const batch = z.object({
  requestContext: z.object({ condition: z.string() }),
  timestamp: z.iso.datetime(),
  // On AWS the event is a text, on the emulator an object.
  payload: z.union([
    z.object({ Records: z.array(z.unknown()) }),
    z.string().transform((text) => JSON.parse(text) as { Records: unknown[] }),
  ]),
});

/** The batches of one tenant's stream, in its rejects bucket. */
export const s3FailedBatches = (client: S3Client, bucket: string): FailedBatches => ({
  keys: () => keysUnder(client, bucket, FAILED_PREFIX),

  async read(key) {
    const text = await textOf(client, bucket, key);
    return text === null ? null : failedBatchOf(text);
  },

  async remove(key) {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })).catch(broken(bucket, key));
  },
});

async function textOf(client: S3Client, bucket: string, key: string): Promise<string | null> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  } catch (error) {
    if (error instanceof NoSuchKey) return null;
    return broken(bucket, key)(error as Error);
  }
}

const broken =
  (bucket: string, key: string) =>
  (cause: Error): never => {
    throw new TransientError('SLU-5002', `s3://${bucket}/${key}: ${cause.message}`, { cause });
  };

/** What Lambda has written about a batch; a text tells why it cannot be read. */
export function failedBatchOf(text: string): FailedBatch | string {
  try {
    const { requestContext, timestamp, payload } = batch.parse(JSON.parse(text));
    const records = messagesOf(payload as KinesisStreamEvent);
    return { records, condition: requestContext.condition, failedAt: new Date(timestamp) };
  } catch (error) {
    return `it is no batch that Lambda has given up: ${(error as Error).message}`;
  }
}
