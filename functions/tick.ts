import middy from '@middy/core';
import type { ScheduledEvent } from 'aws-lambda';
import tenant from 'sluice-tenant';
import { type Ticked, tick } from '../core/control/tick.ts';
import { fileWorldOf, guarded, logger } from './world.ts';

/** Looks after open runs and lost events, once a minute. */
export const handler = middy<ScheduledEvent, Ticked>()
  .use(guarded())
  .handler(async (_event, context) => {
    const ticked = await tick(await fileWorldOf(tenant, context));
    logger.info('tick', { ...ticked });
    return ticked;
  });
