import { isGivenUp, isSettled } from '../model/run.ts';
import { type FinishWorld, finish, tell } from '../pipeline/finish.ts';
import type { Clock, Ledger } from '../ports.ts';
import { dropStale, reservations } from './reservations.ts';
import { sweep } from './sweep.ts';
import { inOrder, isDue, listOpen, noteOpen, type OpenRun } from './waiting.ts';

export interface TickWorld extends FinishWorld {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly stagingBucket: string;
}

export interface Ticked {
  /** Waiting files whose time had come. */
  readonly released: number;
  /** Runs whose attempt has died, or whose next try has not come: their deliveries are sent anew. */
  readonly resumed: number;
  /** Runs whose next try is still to come. */
  readonly retrying: number;
  /** Runs that had ended, but not all that their end brings. */
  readonly finished: number;
  /** Objects in staging of which no event has come. */
  readonly found: number;
}

/** Milliseconds that a next try may be late, because many files wait, before its delivery counts as lost. */
const LATE = 60_000;

/**
 * The net below everything that goes by itself, once a minute: it looks after the runs that are open, and for objects whose event was lost. Whatever it
 * does may be done twice.
 */
export async function tick(world: TickWorld): Promise<Ticked> {
  const { registry, ledger, clock, queue } = world;
  const reserved = await reservations(world);
  const open = await listOpen(registry);
  const outcomes = { released: 0, resumed: 0, retrying: 0, finished: 0, left: 0 };
  for (const entry of inOrder(open.filter((each) => isDue(each, clock.now())))) outcomes[await lookAfter(entry)]++;
  await dropStale(reserved, open, world);
  const { released, resumed, retrying, finished } = outcomes;
  return { released, resumed, retrying, finished, found: await sweep(world) };

  async function lookAfter(entry: OpenRun): Promise<keyof typeof outcomes> {
    const stored = await ledger.find(entry.run);
    if (!stored) return 'left';
    const { run, until } = stored;
    if (isSettled(run.state)) {
      await finish(run, world);
      return 'finished';
    }
    if (until && until > clock.now()) return 'left';
    // What was given up waits for a person: trying for ever would cost for ever.
    if (isGivenUp(run)) return 'left';
    if (run.nextTryAt && run.nextTryAt.getTime() + LATE > clock.now().getTime()) return 'retrying';
    if (entry.waits === null && run.state === 'deferred' && run.deferredUntil) {
      // Its attempt died between saying so to the ledger and to everybody else.
      await noteOpen(registry, { ...entry, waits: { until: run.deferredUntil.getTime(), for: 'quota' } });
      await tell(run, world);
      return 'left';
    }
    await queue.send(entry.delivery);
    return entry.waits === null ? 'resumed' : 'released';
  }
}
