import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { namesOf } from '../core/model/names.ts';
import type { OperatorWorld } from './world.ts';

/** The addresses of a tenant's queue and of its dead letters. */
export async function queueUrls(
  { sqs }: Pick<OperatorWorld, 'sqs'>,
  tenant: string,
): Promise<{ queue: string; deadLetters: string }> {
  const names = namesOf(tenant);
  const urlOf = async (QueueName: string) => (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl as string;
  const [queue, deadLetters] = await Promise.all([urlOf(names.queue), urlOf(names.deadLetters)]);
  return { queue, deadLetters };
}
