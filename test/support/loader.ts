import { eventOf, type LoaderEvent, orderOf } from '../../adapters/orders.ts';

import type { Order } from '../../core/model/order.ts';
import type { Message } from '../../core/model/run.ts';
import { takenApart } from '../../core/pipeline/messages.ts';
import { serve } from '../../core/pipeline/orders.ts';
import type { FailedBatches, Loader } from '../../core/ports.ts';
import type { memoryWorld } from './world.ts';

type World = ReturnType<typeof memoryWorld>;

/**
 * The function that loads messages, as it is asked: what it is told goes through JSON, and it dies when a message is poison that it would have to transform. `asked` holds
 * all that it was asked.
 */
export function loaderOf(world: World, isPoison: (message: Message) => boolean = () => false) {
  const asked: Order[] = [];
  const dies = (messages: readonly Message[]) => messages.some(isPoison);
  const loader: Loader = {
    async ask(given) {
      const order = orderOf(JSON.parse(JSON.stringify(eventOf(given))) as LoaderEvent) as Order;
      asked.push(order);
      if (order.kind !== 'probe' && order.condemned === null && dies(await messagesOf(order, world))) {
        return { kind: 'died', why: 'Runtime.ExitError exit status 1' };
      }
      return serve(order, world.attempt());
    },
  };
  return { loader, asked };
}

async function messagesOf(order: Exclude<Order, { kind: 'probe' }>, world: World): Promise<readonly Message[]> {
  if (order.kind === 'rejects') {
    return order.keys.map((key) => {
      const { raw, encoding } = JSON.parse(
        Buffer.from(world.stored.get(`acme-rejects/${key}`)?.bytes ?? []).toString(),
      );
      return { position: key, shard: '', arrivedAt: new Date(), data: Buffer.from(raw, encoding) };
    });
  }
  const only = new Set(order.only);
  return order.records.flatMap(takenApart).filter(({ position }) => only.has(position));
}

/** What Lambda has given up, in memory. */
export function failedBatches(...batches: readonly (readonly Message[])[]) {
  const held = new Map(batches.map((records, index) => [`aws/lambda/m/s/${index}`, records]));
  const failed: FailedBatches = {
    keys: async () => [...held.keys()],
    read: async (key) => {
      const records = held.get(key);
      return records ? { records, condition: 'RetryAttemptsExhausted', failedAt: new Date(0) } : null;
    },
    remove: async (key) => void held.delete(key),
  };
  return { failed, held };
}
