import { ChangeMessageVisibilityCommand } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { environment } from '../core/model/environment.ts';
import { backOff, MAX_RECEIVES } from '../core/model/redelivery.ts';
import { logger, queue, requireEnv } from './world.ts';

/**
 * How long a message stays away from other attempts, in seconds. The queue's own timeout is six times the function's: too long to
 * wait for after a function that died. So an attempt holds its message for a short time, again and again. What is left of it at
 * any moment is longer than a lease, so that a message which comes again finds its run free.
 */
const HOLD = 45;
const BEAT = 15_000;

const hideFor = async ({ receiptHandle }: SQSRecord, seconds: number): Promise<void> => {
  const QueueUrl = requireEnv(environment.queueUrl);
  const input = { QueueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds };
  await queue.send(new ChangeMessageVisibilityCommand(input));
};

/** Works on a message while holding it. */
export async function holding<T>(record: SQSRecord, work: () => Promise<T>): Promise<T> {
  // A beat that is lost does no harm: the next one comes in time, or else the message comes again and finds the run held.
  const beat = () => hideFor(record, HOLD).catch((error: Error) => logger.warn('the message was not held', error));
  await beat();
  const beating = setInterval(beat, BEAT);
  try {
    return await work();
  } finally {
    clearInterval(beating);
  }
}

export const comeBackLater = (record: SQSRecord): Promise<void> => hideFor(record, backOff(timesReceived(record)));

/** When a message comes again that fails now; null when it has come for the last time and goes to the dead letters. */
export const nextTry = (record: SQSRecord): Date | null =>
  timesReceived(record) < MAX_RECEIVES ? new Date(Date.now() + backOff(timesReceived(record)) * 1000) : null;

export const timesReceived = ({ attributes }: SQSRecord): number => Number(attributes.ApproximateReceiveCount);
