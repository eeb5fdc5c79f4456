import { InvokeCommand, type InvokeCommandOutput, type LambdaClient } from '@aws-sdk/client-lambda';
import type { KinesisStreamEvent } from 'aws-lambda';
import * as z from 'zod';
import { FatalError } from '../core/model/errors.ts';
import type { Order, OrderAnswer } from '../core/model/order.ts';
import type { Message } from '../core/model/run.ts';
import type { Loader } from '../core/ports.ts';
import { messagesOf } from './kinesis.ts';

const condemned = z.string().nullable();
const date = z.iso.datetime().transform((text) => new Date(text));

/** What stands in an event beside its records, if there are any. */
const own = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('probe') }),
  z.strictObject({ kind: z.literal('records'), only: z.array(z.string()), condemned }),
  z.strictObject({
    kind: z.literal('rejects'),
    slot: z.strictObject({
      stream: z.string(),
      shard: z.string(),
      minute: date,
      replay: z.strictObject({ of: z.string(), requestedAt: date }),
    }),
    keys: z.array(z.string()),
    condemned,
  }),
]);

/** An event of the stream, to which Sluice itself adds what it wants done with it. */
export interface LoaderEvent extends Partial<KinesisStreamEvent> {
  readonly sluice?: unknown;
}

/** The order that an event of Sluice's own holds; null for one of the stream. */
export function orderOf({ sluice, Records = [] }: LoaderEvent): Order | null {
  if (sluice === undefined) return null;
  const { data, error } = own.safeParse(sluice);
  if (!data) throw new FatalError('SLU-5004', `the event holds an order that is none: ${error.message}`);
  return data.kind === 'records' ? { ...data, records: messagesOf({ Records }) } : data;
}

export function eventOf(order: Order): unknown {
  if (order.kind !== 'records') return { sluice: order };
  const { records, ...sluice } = order;
  return { Records: records.map(recordOf), sluice };
}

/** A record as Lambda hands it to a function, as far as `messagesOf` looks at it. */
const recordOf = ({ position, shard, arrivedAt, data }: Message) => ({
  eventID: `${shard}:${position}`,
  kinesis: {
    sequenceNumber: position,
    approximateArrivalTimestamp: arrivedAt.getTime() / 1000,
    data: Buffer.from(data).toString('base64'),
  },
});

/** Asks the deployed function, and waits for its answer for so many milliseconds. */
export const lambdaLoader = (client: LambdaClient, functionName: string, patience: number): Loader => ({
  async ask(order) {
    const abortSignal = AbortSignal.timeout(patience);
    const Payload = Buffer.from(JSON.stringify(eventOf(order)));
    try {
      return answerOf(await client.send(new InvokeCommand({ FunctionName: functionName, Payload }), { abortSignal }));
    } catch (error) {
      if (abortSignal.aborted) return { kind: 'silent' };
      return { kind: 'again', why: `SLU-5002 invoking ${functionName}: ${(error as Error).message}` };
    }
  },
});

/** What Lambda itself reports when a function's process ended, or did not end in time; all other errors were thrown by it. */
const DEATHS = /^(Runtime|Sandbox)\./;

function answerOf({ FunctionError, Payload }: Pick<InvokeCommandOutput, 'FunctionError' | 'Payload'>): OrderAnswer {
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString() || 'null');
  if (!FunctionError) return answer as OrderAnswer;
  const { errorType = '', errorMessage = '' } = (answer ?? {}) as { errorType?: string; errorMessage?: string };
  const why = `${errorType} ${errorMessage}`.trim();
  const died = DEATHS.test(errorType) || /Task timed out after/.test(errorMessage);
  return { kind: died ? 'died' : 'again', why };
}
