import middy from '@middy/core';
import type { ScheduledEvent } from 'aws-lambda';
import tenant from 'sluice-tenant';
import { registerOwnProfile } from '../core/control/registration.ts';
import { type Ticked, tick } from '../core/control/tick.ts';
import { environment } from '../core/model/environment.ts';
import { fileWorldOf, guarded, logger } from './world.ts';

/** Looks after open runs and lost events, once a minute. */
export const handler = middy<ScheduledEvent, Ticked>()
  .use(guarded())
  .handler(async (_event, context) => {
    const world = await fileWorldOf(tenant, context);
    const ticked = await tick(world);
    // `sluice deploy` does it on the local stack; on AWS no step of a deployment sees every change of a profile.
    if (process.env[environment.target] !== 'local') {
      await registerOwnProfile(world.registry, tenant, world.profileVersion, new Date());
    }
    logger.info('tick', { ...ticked });
    return ticked;
  });
