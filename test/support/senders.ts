import { createHash, randomBytes } from 'node:crypto';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { kinesisClient } from '../../adapters/kinesis.ts';
import { namesOf } from '../../core/model/names.ts';
import type { Rejection } from '../../core/model/row.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';

/** What a sender of hostile input needs beyond the AWS CLI: any key, any bytes, and a look at what was left behind. */
export function openSender(tenant: string) {
  const options = clientOptions(loadSettings());
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const sqs = new SQSClient(options);
  const kinesis = kinesisClient(options);
  const names = namesOf(tenant);

  const waiting = async (QueueName: string): Promise<number> => {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
    );
    return AttributeNames.reduce((total, name) => total + Number(Attributes[name] ?? 0), 0);
  };
  const keysUnder = async (prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket: names.rejects, Prefix: prefix, ContinuationToken }),
      );
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key as string));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    return keys;
  };

  return {
    /** Stores a version of an object and answers its id. */
    put: async (Key: string, Body: string | Uint8Array): Promise<string> =>
      (await s3.send(new PutObjectCommand({ Bucket: names.staging, Key, Body }))).VersionId ?? '',

    /** Stores an object under a key of the uploader's own (SSE-C), which S3 forgets. */
    putSealed: async (Key: string, Body: string): Promise<void> => {
      const key = randomBytes(32);
      const sealed = {
        SSECustomerAlgorithm: 'AES256',
        SSECustomerKey: key.toString('base64'),
        SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
      };
      await s3.send(new PutObjectCommand({ Bucket: names.staging, Key, Body, ...sealed }));
    },

    /** Deletes a version for good, without a delete marker. */
    remove: (Key: string, VersionId: string) =>
      s3.send(new DeleteObjectCommand({ Bucket: names.staging, Key, VersionId })),

    /** Tells the tenant's queue of an object, as S3 would. */
    notify: async (key: string, versionId: string): Promise<void> => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: names.queue }));
      const encoded = encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');
      const s3Record = { bucket: { name: names.staging }, object: { key: encoded, versionId } };
      const MessageBody = JSON.stringify({ Records: [{ eventName: 'ObjectCreated:Put', s3: s3Record }] });
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    },

    /** Puts messages of one partition key on the stream, in this order, and answers their sequence numbers. */
    say: async (key: string, messages: readonly (string | Uint8Array)[]): Promise<string[]> => {
      const Records = messages.map((data) => ({ PartitionKey: key, Data: Buffer.from(data) }));
      const answer = await kinesis.send(new PutRecordsCommand({ StreamName: names.stream, Records }));
      return (answer.Records ?? []).map(({ SequenceNumber, ErrorMessage }) => {
        if (!SequenceNumber) throw new Error(`the stream ${names.stream} refused a message: ${ErrorMessage}`);
        return SequenceNumber;
      });
    },

    /** The stored rejections of messages by sequence number, of a feed and today or yesterday. */
    messageRejections: async (feed: string): Promise<Map<string, Rejection>> => {
      const days = [0, 86_400_000].map((ago) => new Date(Date.now() - ago).toISOString().slice(0, 10));
      const keys = (await Promise.all(days.map((day) => keysUnder(`rejects/${feed}/${day}/stream.`)))).flat();
      const texts = keys.map(async (Key) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: names.rejects, Key }));
        return JSON.parse((await Body?.transformToString()) ?? '') as Rejection;
      });
      return new Map((await Promise.all(texts)).map((rejection) => [String(rejection.position), rejection]));
    },

    /** Deliveries that the platform has given up on: it must never come to that because of bad data. */
    givenUp: async (): Promise<number> => (await waiting(names.deadLetters)) + (await keysUnder('aws/lambda/')).length,

    /** Notifications of files that wait or are being worked on. */
    queued: () => waiting(names.queue),

    close: () => {
      for (const client of [s3, sqs, kinesis]) client.destroy();
    },
  };
}

export type Sender = ReturnType<typeof openSender>;
