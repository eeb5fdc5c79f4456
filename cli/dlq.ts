import { setTimeout as wait } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  type Message,
  ReceiveMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { deliveriesOf } from '../adapters/deliveries.ts';
import { s3Objects } from '../adapters/s3.ts';
import { type FileDelivery, type FileRun, isGivenUp } from '../core/model/run.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { runIdOf } from '../core/pipeline/new-run.ts';
import { deployedNamed, deployedTenants } from './deployed.ts';
import { givenUpBatches, redriveBatches } from './dlq-batches.ts';
import { CliError } from './errors.ts';
import { queueUrls } from './queues.ts';
import { excerpt, type Result, table, type Ui } from './ui.ts';
import { inWorld, type OperatorWorld } from './world.ts';

/** A message of the queue, or a batch of messages of the stream, that was given up, with what it is about and why. */
interface DeadLetter {
  readonly tenant: string;
  readonly id: string;
  readonly sentAt: Date;
  /** Of the file, or of the object that holds a batch; null for a message that names no object. */
  readonly key: string | null;
  readonly run: string | null;
  readonly state: string | null;
  readonly why: string;
  readonly body: string;
}

/** Seconds that messages are away while they are looked at; afterwards they are put back at once. */
const AWAY = 30;
/** Messages that are looked at, of one queue. */
const MOST = 1000;

/** `sluice dlq`: what was given up after all attempts, and why. Looking takes nothing away. */
export const runDlq = (id: string | undefined): Promise<Result> =>
  inWorld(async (world) => {
    const letters: DeadLetter[] = [];
    for (const { tenant } of await deployedTenants(world, id)) letters.push(...(await lettersOf(world, tenant)));
    const tenants = [...new Set(letters.map(({ tenant }) => tenant))];
    const rows = letters.map(({ tenant, sentAt, key, run, why }) => [
      tenant,
      sentAt.toISOString().slice(0, 19),
      key ?? '-',
      run ?? '-',
      why,
    ]);
    const head = ['tenant', 'sent', 'key', 'run', 'why'];
    const next = tenants.map((tenant) => `Next: sluice dlq redrive ${tenant}, once the cause is mended`);
    return { data: letters, lines: rows.length === 0 ? ['no dead letters'] : [...table([head, ...rows]), '', ...next] };
  });

async function lettersOf(world: OperatorWorld, tenant: Tenant): Promise<DeadLetter[]> {
  const { deadLetters } = await queueUrls(world, tenant.id);
  const messages = await peek(world, deadLetters);
  const letters = (await Promise.all(messages.map((message) => explain(world, tenant, message)))).flat();
  const batches = (await givenUpBatches(world, tenant.id)).map(({ key, failedAt, why }) => ({
    ...{ tenant: tenant.id, id: key, key, why, run: null, state: null, body: '' },
    sentAt: failedAt ?? new Date(0),
  }));
  return [...letters, ...batches];
}

/** Receives all messages and puts them back; one that comes twice meanwhile counts once. */
async function peek({ sqs }: OperatorWorld, QueueUrl: string): Promise<Message[]> {
  const seen = new Map<string, Message>();
  while (seen.size < MOST) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: AWAY,
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    if (Messages.length === 0) break;
    for (const message of Messages) seen.set(message.MessageId as string, message);
  }
  const all = [...seen.values()];
  for (let at = 0; at < all.length; at += 10) {
    const Entries = all.slice(at, at + 10).map(({ ReceiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
  return all;
}

async function explain(world: OperatorWorld, tenant: Tenant, message: Message): Promise<DeadLetter[]> {
  const body = message.Body ?? '';
  const sentAt = new Date(Number(message.Attributes?.SentTimestamp ?? 0));
  const about = { tenant: tenant.id, id: message.MessageId as string, sentAt, body };
  let deliveries: FileDelivery[];
  try {
    deliveries = deliveriesOf(body);
  } catch {
    const why = `it names no object: ${excerpt(body)}`;
    return [{ ...about, key: null, run: null, state: null, why }];
  }
  return Promise.all(
    deliveries.map(async (delivery) => {
      const run = await runOf(world, tenant, delivery, sentAt);
      const { key } = delivery.object;
      return { ...about, key, run: run?.id ?? null, state: run?.state ?? null, why: whyOf(run) };
    }),
  );
}

/** The run of an object that is gone lies under the day on which it was looked for. */
async function runOf(
  { s3, ledger }: OperatorWorld,
  tenant: Tenant,
  delivery: FileDelivery,
  sentAt: Date,
): Promise<FileRun | null> {
  const stored = await s3Objects(s3).find(delivery.object);
  return (await ledger(tenant.id).find(runIdOf(tenant, delivery, stored?.lastModified ?? sentAt)))?.run ?? null;
}

function whyOf(run: FileRun | null): string {
  if (!run) return 'the ledger knows of no attempt: the function failed before it could say so (sluice logs)';
  const reason = run.reason ? `: ${run.reason.code} ${run.reason.message}` : '';
  return `${isGivenUp(run) ? 'given up' : run.state} after attempt ${run.attempt}${reason}`;
}

/**
 * `sluice dlq redrive`: puts the dead letters back on the tenant's queue, and has batches of messages loaded that were given up; what has been done meanwhile is not done
 * twice.
 */
export const runDlqRedrive = (id: string, ui: Ui): Promise<Result> =>
  inWorld(async (world) => {
    const { tenant } = await deployedNamed(world, id);
    const { queue, deadLetters } = await queueUrls(world, tenant.id);
    const { sqs } = world;
    const attributesOf = async (QueueUrl: string) => {
      const names = ['QueueArn', 'ApproximateNumberOfMessages'] as const;
      return (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }))).Attributes;
    };
    const [target, Attributes] = await Promise.all([attributesOf(queue), attributesOf(deadLetters)]);
    const waiting = Number(Attributes?.ApproximateNumberOfMessages ?? 0);
    const batches = await redriveBatches(world, tenant.id, ui);
    const told = batches.map(({ key, left, why }) =>
      why === null ? `${key} is loaded` : `${key}: ${left} messages are left: ${why}`,
    );
    const exit = batches.some(({ why }) => why !== null) ? 'failed' : 'ok';
    if (waiting === 0) {
      const data = { tenant: id, moved: 0, batches };
      return { data, lines: told.length > 0 ? told : ['no dead letters'], exit };
    }
    const SourceArn = Attributes?.QueueArn;
    // Named, because SQS does not know where a message came from that somebody has put there himself.
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: target?.QueueArn }));
    for (;;) {
      const { Results = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }));
      const [task] = Results;
      const moved = task?.ApproximateNumberOfMessagesMoved ?? 0;
      ui.progress('queue', `${moved} of ${waiting} dead letters are back on the queue`);
      if (task?.Status === 'COMPLETED') {
        return {
          data: { tenant: id, moved, batches },
          lines: [...told, `${moved} dead letters are back on the queue`, `Next: sluice runs ${id}`],
          exit,
        };
      }
      if (task?.Status === 'FAILED' || task?.Status === 'CANCELLED') {
        throw new CliError('SLU-5002', `SQS has not moved all dead letters: ${task.FailureReason ?? task.Status}`);
      }
      await wait(500);
    }
  });
