import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { FatalError, TransientError } from '../core/model/errors.ts';
import { arrival, type FileDelivery } from '../core/model/run.ts';
import type { Queue } from '../core/ports.ts';

const notification = z.object({
  Records: z.array(
    z.object({
      s3: z.object({
        bucket: z.object({ name: z.string() }),
        object: z.object({ key: z.string(), versionId: z.string().optional() }),
      }),
    }),
  ),
});

/** What S3 sends to a queue when a notification is set up, and never again. */
const test = z.object({ Event: z.literal('s3:TestEvent') });

/** What Sluice itself puts on the queue: a file whose time has come, or one to be loaded again. */
const own = z.object({
  sluice: z.strictObject({
    object: z.strictObject({ bucket: z.string(), key: z.string(), versionId: z.string() }),
    generation: z.int().min(0),
    requestedAt: z.int().nullable(),
    rejectsOf: z.string().nullable(),
  }),
  /** The run of this file is to be stopped. */
  cancel: z.literal(true).optional(),
});

/** The deliveries that a message on the queue names. In S3's notifications keys are form-encoded: `+` is a space and `%2B` a plus. */
export function deliveriesOf(body: string): FileDelivery[] {
  const parsed: unknown = parse(body);
  if (test.safeParse(parsed).success) return [];
  const again = own.safeParse(parsed);
  if (again.success) return [again.data.sluice];
  const { data, error } = notification.safeParse(parsed);
  if (!data)
    throw new FatalError('SLU-5004', `the queue holds a message that is no notification of S3: ${error.message}`);
  return data.Records.map(({ s3: { bucket, object } }) =>
    arrival({
      bucket: bucket.name,
      key: decodeURIComponent(object.key.replaceAll('+', ' ')),
      versionId: object.versionId ?? '',
    }),
  );
}

/** True for a message that asks to stop the run of its file. */
export const asksToCancel = (body: string): boolean => own.safeParse(parse(body)).data?.cancel === true;

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The queue from which `ingest-object` gets its deliveries. */
export function sqsQueue(client: SQSClient, url: string): Queue & { cancel(delivery: FileDelivery): Promise<void> } {
  const send = async (message: z.infer<typeof own>) => {
    const input = { QueueUrl: url, MessageBody: JSON.stringify(message) };
    await client.send(new SendMessageCommand(input)).catch((cause: Error) => {
      throw new TransientError('SLU-5002', `putting a delivery on the queue: ${cause.message}`, { cause });
    });
  };
  return {
    send: (delivery) => send({ sluice: delivery }),
    cancel: (delivery) => send({ sluice: delivery, cancel: true }),
  };
}
