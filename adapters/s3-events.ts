import { z } from 'zod';
import { FatalError } from '../core/model/errors.ts';
import type { ObjectRef } from '../core/model/run.ts';

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

/** The objects that a notification of S3 names. Its keys are form-encoded: `+` is a space and `%2B` a plus. */
export function objectsOf(body: string): ObjectRef[] {
  const parsed: unknown = parse(body);
  if (test.safeParse(parsed).success) return [];
  const { data, error } = notification.safeParse(parsed);
  if (!data)
    throw new FatalError('SLU-5004', `the queue holds a message that is no notification of S3: ${error.message}`);
  return data.Records.map(({ s3: { bucket, object } }) => ({
    bucket: bucket.name,
    key: decodeURIComponent(object.key.replaceAll('+', ' ')),
    versionId: object.versionId ?? '',
  }));
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
