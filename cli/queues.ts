import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { OperatorWorld } from './world.ts';

/** The addresses of a tenant's queue and of its dead letters. */
export async function queueUrls(
  { sqs, names: namesOf }: Pick<OperatorWorld, 'sqs' | 'names'>,
  tenant: string,
): Promise<{ queue: string; deadLetters: string }> {
  const names = namesOf(tenant);
  const urlOf = async (QueueName: string) => (await sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl as string;
  const [queue, deadLetters] = await Promise.all([urlOf(names.queue), urlOf(names.deadLetters)]);
  return { queue, deadLetters };
}
