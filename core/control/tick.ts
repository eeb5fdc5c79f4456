import { isSettled } from '../model/run.ts';
import { type FinishWorld, finish } from '../pipeline/finish.ts';
import type { Clock, Ledger } from '../ports.ts';
import { sweep } from './sweep.ts';
import { due, listOpen, noteOpen, type OpenRun } from './waiting.ts';

export interface TickWorld extends FinishWorld {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly stagingBucket: string;
}

export interface Ticked {
  /** Waiting files whose time had come. */
  readonly released: number;
  /** Runs whose attempt has died: their deliveries are sent anew. */
  readonly resumed: number;
  /** Runs that had ended, but not all that their end brings. */
  readonly finished: number;
  /** Objects in staging of which no event has come. */
  readonly found: number;
}

/**
 * The net below everything that goes by itself, once a minute: it looks after the runs that are open, and for objects whose event was lost. Whatever it
 * does may be done twice.
 */
export async function tick(world: TickWorld): Promise<Ticked> {
  const { registry, ledger, clock, queue } = world;
  const open = await listOpen(registry);
  const released = due(open, clock.now());
  for (const { delivery } of released) await queue.send(delivery);
  let resumed = 0;
  let finished = 0;
  for (const entry of open.filter(({ waits }) => waits === null)) {
    const outcome = await lookAfter(entry, world);
    if (outcome === 'resumed') resumed++;
    if (outcome === 'finished') finished++;
  }
  const found = await sweep(world);
  return { released: released.length, resumed, finished, found };

  async function lookAfter(entry: OpenRun, tickWorld: TickWorld): Promise<'resumed' | 'finished' | 'left'> {
    const stored = await ledger.find(entry.run);
    if (!stored) return 'left';
    if (isSettled(stored.run.state)) {
      await finish(stored.run, tickWorld);
      return 'finished';
    }
    if (stored.until && stored.until > clock.now()) return 'left';
    if (stored.run.state === 'deferred' && stored.run.deferredUntil) {
      const waits = { until: stored.run.deferredUntil.getTime(), for: 'quota' as const };
      await noteOpen(registry, { ...entry, waits });
      return 'left';
    }
    await queue.send(entry.delivery);
    return 'resumed';
  }
}
