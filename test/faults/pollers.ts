import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import { emulatorPolls } from './mappings.ts';

/**
 * Seconds that a message is away whose function is killed before its first step, in which it holds the message itself. The queue says half an hour
 * (on AWS 90 minutes), and the sweep would find the file in six.
 */
const UNTOUCHED = 60;

/**
 * What Lambda does between a queue and a function, several messages at one time, in place of the emulator's poller, which takes one after the other.
 */
export async function openPollers(count: number, { queue, functionName }: { queue: string; functionName: string }) {
  const options = clientOptions(loadSettings());
  const sqs = new SQSClient(options);
  // An invocation is not tried again by the client: the message comes again.
  const lambda = new LambdaClient({ ...options, maxAttempts: 1 });
  const closing = new AbortController();
  await emulatorPolls(lambda, functionName, false);

  async function poll(): Promise<void> {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
    while (!closing.signal.aborted) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 1,
          WaitTimeSeconds: 1,
          VisibilityTimeout: UNTOUCHED,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        }),
      );
      for (const message of Messages) {
        if (!(await isDone(message))) continue;
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      }
    }
  }

  async function isDone({ MessageId, ReceiptHandle, Body, Attributes }: Message): Promise<boolean> {
    const record = { messageId: MessageId, receiptHandle: ReceiptHandle, body: Body, attributes: Attributes };
    const input = { FunctionName: functionName, Payload: JSON.stringify({ Records: [record] }) };
    // A function that is killed may take the answer with it.
    const answer = await lambda.send(new InvokeCommand(input)).catch(() => null);
    if (!answer || answer.FunctionError !== undefined) return false;
    return JSON.parse(answer.Payload?.transformToString() ?? '').batchItemFailures.length === 0;
  }

  let polling: Promise<unknown> = Promise.resolve();
  return {
    start(): void {
      polling = Promise.all(Array.from({ length: count }, poll));
    },
    async close(): Promise<void> {
      closing.abort();
      await polling;
      // The emulator keeps a mapping that is off when its stack goes, and then takes no new one.
      await emulatorPolls(lambda, functionName, true);
      sqs.destroy();
      lambda.destroy();
    },
  };
}
