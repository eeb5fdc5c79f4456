import middy from '@middy/core';
import type { ScheduledEvent } from 'aws-lambda';
import tenant from 'sluice-tenant';
import { monitor } from '../core/control/monitor.ts';
import { registerOwnProfile } from '../core/control/registration.ts';
import type { Decision } from '../core/control/stream-state.ts';
import { type Ticked, tick } from '../core/control/tick.ts';
import { type TickedMessages, tickMessages } from '../core/control/tick-messages.ts';
import { environment } from '../core/model/environment.ts';
import { streamAlert } from '../core/model/stream.ts';
import { messagePortsOf } from './message-ports.ts';
import { streamPortsOf } from './stream-ports.ts';
import { fileWorldOf, guarded, logger } from './world.ts';

/** Looks after open runs, lost events, the stream, and messages that were given up or kept, once a minute. */
export const handler = middy<ScheduledEvent, Ticked & TickedMessages & { decision: Decision | null }>()
  .use(guarded())
  .handler(async (_event, context) => {
    const world = await fileWorldOf(tenant, context);
    // One that fails does not keep the others from their work.
    const [files, stream, messages] = await Promise.allSettled([
      lookAfterFiles(world),
      monitor({ ...world, reader: world.ledger, ...streamPortsOf() }),
      tickMessages({ ...world, ...messagePortsOf(tenant.id, world.rejectsBucket) }),
    ]);
    for (const each of [files, stream, messages]) if (each.status === 'rejected') throw each.reason;
    const { value: ticked } = files as PromiseFulfilledResult<Ticked>;
    const { value: decision } = stream as PromiseFulfilledResult<Decision | null>;
    if (decision?.alert) logger.warn(streamAlert, { code: decision.alert, reason: decision.reason });
    const { value: brought } = messages as PromiseFulfilledResult<TickedMessages>;
    logger.info('tick', { ...ticked, ...brought, ...(decision && { stream: decision.reason }) });
    return { ...ticked, ...brought, decision };
  });

async function lookAfterFiles(world: Awaited<ReturnType<typeof fileWorldOf>>): Promise<Ticked> {
  const ticked = await tick(world);
  // `sluice deploy` does it on the local stack; on AWS no step of a deployment sees every change of a profile.
  if (process.env[environment.target] !== 'local') {
    await registerOwnProfile(world.registry, tenant, world.profileVersion, new Date());
  }
  return ticked;
}
