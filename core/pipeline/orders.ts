import { FatalError, TransientError } from '../model/errors.ts';
import type { Order, OrderAnswer } from '../model/order.ts';
import type { Registry } from '../ports.ts';
import { ingestMessages, type MessageWorld } from './messages.ts';
import { replayMessages } from './replay-messages.ts';

/** Does what the function is asked for. What is down, and what a person must mend, is an answer and no failure: a failure tells of the messages. */
export async function serve(order: Order, world: MessageWorld): Promise<OrderAnswer> {
  try {
    if (order.kind === 'probe') await show(world.registry);
    else if (order.kind === 'records') await ingestMessages(order.records, world, order);
    else await replayMessages(order, world);
    return { kind: 'done' };
  } catch (error) {
    if (error instanceof TransientError || error instanceof FatalError) {
      return { kind: 'again', why: `${error.code} ${error.message}` };
    }
    throw error;
  }
}

const show = async (registry: Registry): Promise<void> => void (await registry.read('probe', 'probe'));
