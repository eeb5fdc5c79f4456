import {
  admitAgain,
  admitContent,
  admitHours,
  admitQuota,
  admitVersion,
  type Decision,
  endQuota,
} from '../control/admission.ts';
import { askToCancel, forgetPlan, isCancelled, listParts, readPlan, standOf } from '../control/parts.ts';
import { awaitsTurn, takeContent, takeTurn } from '../control/turns.ts';
import { listOpen, noteOpen, type OpenRun, type WaitsFor } from '../control/waiting.ts';
import type { Refusal } from '../formats/format.ts';
import { FatalError, TransientError } from '../model/errors.ts';
import { type FileDelivery, type FileRun, isSettled, type RunState } from '../model/run.ts';
import type { Tenant } from '../model/tenant.ts';
import type { Queue, StoredObject } from '../ports.ts';
import { type Admitted, admit } from './admit.ts';
import { checkFile } from './check-file.ts';
import { type FinishWorld, finish, tell } from './finish.ts';
import { Cancelled, type HeldRun, hold, holdOn, LEASE_SECONDS, takenAway } from './lease.ts';
import { loadFile } from './load-file.ts';
import { newRun, runIdOf } from './new-run.ts';
import { checkInParts, HANDED_ON, type HandedOn, isLarge, join, loadInParts } from './parts/parts.ts';
import type { PartsWorld, Task } from './parts/task.ts';
import { isUnreadable, reasonOf } from './reason.ts';

export interface FileWorld extends PartsWorld, FinishWorld {
  readonly tenant: Tenant;
  readonly queue: Queue;
  /** When the delivery comes again if the attempt fails for a passing reason; null when it does not. */
  nextTry(): Date | null;
}

/**
 * Takes one object version from arrival to the ledger. Answers the run as it stands; an attempt that finds the run settled, or
 * held by another, changes nothing. A large file is worked on by several attempts, of which this one does its share; the run is then still running. Throws `TransientError` when the
 * delivery must come again, and anything else when the run has failed.
 */
export async function ingestFile(delivery: FileDelivery, world: FileWorld): Promise<FileRun> {
  const found = await find(delivery, world);
  const stored = 'code' in found ? null : found;
  const admitted = 'code' in found ? found : admit(world.tenant, delivery.object.key, found.size);
  const about = { modified: stored?.lastModified ?? (await lastSeen(delivery, world)), bytes: stored?.size ?? 0 };
  const claim = await world.ledger.claim(newRun(delivery, about, world), world.owner, LEASE_SECONDS);
  if (claim.kind === 'settled') return claim.run;
  const file = { delivery, stored, admitted, world };
  if (claim.kind === 'held') {
    const held = hold(claim.lease, world);
    await noteOpen(world.registry, openRun(held.run(), world, null));
    return bringToEnd(held, world, () => attempt(held, file));
  }
  const task = largeFile(file);
  const joined = task && (await join(claim.run, task));
  if (!joined) return claim.run;
  const { held } = joined;
  return bringToEnd(held, world, async () => ((await joined.work()) ? attempt(held, file) : HANDED_ON));
}

/**
 * Stops the run of a file that has not ended: at once, or, where attempts are at it, as soon as they look. What is loaded by then stays and is told.
 * Answers the run as it stands.
 */
export async function cancelFile(delivery: FileDelivery, world: FileWorld): Promise<FileRun> {
  const stored = await world.objects.find(delivery.object);
  const place = runIdOf(world.tenant, delivery, stored?.lastModified ?? (await lastSeen(delivery, world)));
  await askToCancel(world.registry, place, world.clock.now());
  const run = await ingestFile(delivery, world);
  // It had ended, or ended by itself in the meantime.
  if (isSettled(run.state)) await forgetPlan(world.registry, run);
  return run;
}

/** What an attempt is about. */
interface Attempted {
  readonly delivery: FileDelivery;
  readonly stored: StoredObject | null;
  readonly admitted: Admitted | Refusal;
  readonly world: FileWorld;
}

/** A file that is worked on in parts; null for any other. */
const largeFile = ({ delivery, stored, admitted, world }: Attempted): Task | null =>
  stored && !('code' in admitted) && isLarge(stored, world) ? { delivery, file: stored, admitted, world } : null;

/** Brings a run to its end, or as far as this attempt goes. */
async function bringToEnd(
  held: HeldRun,
  world: FileWorld,
  work: () => Promise<FileRun | Deferral | HandedOn>,
): Promise<FileRun> {
  let ended: FileRun;
  let failure: unknown;
  try {
    const outcome = await work();
    if (outcome === HANDED_ON) return held.run();
    if ('kind' in outcome) return await defer(held, outcome, world);
    ended = outcome;
    if (ended.state === 'failed' && ended.reason) failure = new FatalError(ended.reason.code, ended.reason.message);
  } catch (error) {
    const reason = reasonOf(error);
    if (error instanceof TransientError) {
      const run: FileRun = { ...held.run(), state: 'retrying', reason, nextTryAt: world.nextTry() };
      if (!(await othersAreAt(run, world))) await world.ledger.settle(held.lease(), run);
      throw error;
    }
    if (error instanceof Cancelled) ended = { ...error.run, state: 'cancelled', reason: cancelled };
    else ended = { ...held.run(), state: isUnreadable(error) ? 'refused' : 'failed', reason };
    if (ended.state === 'failed') failure = error;
  }
  // From here on the run has ended: what goes wrong now must not begin it anew, and what is left to do is done by `tick`.
  ended = { ...ended, endedAt: world.clock.now() };
  if (!(await world.ledger.settle(held.lease(), ended))) throw takenAway(ended);
  await finish(ended, world);
  if (failure) throw failure;
  return ended;
}

const cancelled: Refusal = { code: 'SLU-3019', message: 'stopped by `sluice runs cancel`; what is counted was loaded' };

/** True when other attempts work on parts of the run: it goes on without this one. */
async function othersAreAt(run: FileRun, { registry, clock, owner }: FileWorld): Promise<boolean> {
  const plan = run.plan && (await readPlan(registry, run));
  if (!plan) return false;
  const parts = await listParts(registry, run, plan.phase);
  const others = new Map([...parts].filter(([, part]) => part.owner !== owner));
  return standOf(plan, others, clock.now()).held > 0;
}

type Deferral = Decision & { readonly kind: 'defer' };

/** Loads the file if nothing is in its way; answers the run as it is to end, or when it is to be tried instead. */
async function attempt(held: HeldRun, file: Attempted): Promise<FileRun | Deferral | HandedOn> {
  const { stored, admitted, world } = file;
  const stop = (state: RunState, reason: Refusal, run = held.run()): FileRun => ({ ...run, state, reason });
  // An attempt that found nobody at it may have been sent to stop the run.
  if (held.run().attempt > 1 && (await isCancelled(world.registry, held.run()))) throw new Cancelled(held.run());
  if ('code' in admitted) return stop('refused', admitted);
  const large = largeFile(file);
  const again = await admitAgain(held.run(), world);
  const reserved = again ? await takeContent(again, admitted.feed, world) : await decide(held, admitted, file, large);
  if (reserved === HANDED_ON) return HANDED_ON;
  const decision = reserved.kind === 'go' ? await takeTurn(reserved.run, admitted.feed, world) : reserved;
  if (decision.kind === 'defer') return decision;
  if (decision.kind === 'stop') return stop(decision.state, decision.reason, decision.run);
  if (large) return loadInParts(held, decision.run, large);
  return loadFile(held, decision.run, stored as StoredObject, admitted, world);
}

/** Asks all that may keep a file from being loaded now, what costs least first; the last to be asked is the quota, which is then reserved. */
async function decide(
  held: HeldRun,
  admitted: Admitted,
  { stored, world }: Attempted,
  large: Task | null,
): Promise<Decision | HandedOn> {
  const { feed } = admitted;
  const dated = await admitVersion(held.run(), world);
  if (dated.kind !== 'go') return dated;
  const open = admitHours(dated.run, feed, world);
  if (open.kind !== 'go') return open;
  const wait = await awaitsTurn(open.run, feed, world);
  if (wait) return wait;
  const checked = large
    ? await checkInParts(held, open.run, large)
    : await checkFile(open.run, stored as StoredObject, admitted, world, () =>
        holdOn(held, held.run(), world.registry),
      );
  if (checked === HANDED_ON) return HANDED_ON;
  const { run, rows, refusal } = checked;
  if (refusal) return { kind: 'stop', state: 'refused', reason: refusal, run };
  // What was costly to find out is not found out again, and not otherwise.
  if (run.quality !== held.run().quality) await held.note(run);
  const fresh = await admitContent(run, feed, world);
  if (fresh.kind !== 'go') return fresh;
  const alone = await takeContent(fresh.run, feed, world);
  if (alone.kind !== 'go') return alone;
  const reserved = await admitQuota(alone.run, rows, world);
  // From here on rows may be written: whoever takes the run over must know, and find the same write times. An attempt that was left behind ends here.
  if (reserved.kind === 'go') await held.note(reserved.run);
  return reserved;
}

async function defer(held: HeldRun, { until, waitsFor, reason }: Deferral, world: FileWorld): Promise<FileRun> {
  await endQuota(held.run(), undefined, world.registry);
  const run: FileRun = { ...held.run(), state: 'deferred', deferredUntil: until, reason, usageDay: null };
  if (!(await world.ledger.settle(held.lease(), run))) throw takenAway(run);
  await noteOpen(world.registry, openRun(run, world, { until: until.getTime(), for: waitsFor }));
  await tell(run, world);
  return run;
}

const openRun = (
  { id, feed, day, object, generation, requestedAt, rejectsOf, modified, bytes, attempt }: FileRun,
  { tenant }: FileWorld,
  waits: { until: number; for: WaitsFor } | null,
): OpenRun => ({
  run: { id, feed, day },
  delivery: { object, generation, requestedAt, rejectsOf },
  attempt,
  arrivedAt: modified.getTime(),
  bytes,
  priority: tenant.feeds.find(({ name }) => name === feed)?.priority ?? 0,
  waits,
});

async function find({ object }: FileDelivery, { objects }: FileWorld): Promise<StoredObject | Refusal> {
  try {
    const gone: Refusal = { code: 'SLU-3005', message: 'the object is gone: deleted before it was read' };
    return (await objects.find(object)) ?? gone;
  } catch (error) {
    if (isUnreadable(error)) return reasonOf(error);
    throw error;
  }
}

/** The date of an object that is gone: as an attempt before has seen it, by which its run is found again, or else now. */
async function lastSeen({ object, generation }: FileDelivery, { registry, clock }: FileWorld): Promise<Date> {
  const isOurs = ({ delivery }: OpenRun) =>
    JSON.stringify([delivery.object, delivery.generation]) === JSON.stringify([object, generation]);
  const open = (await listOpen(registry)).find(isOurs);
  return open ? new Date(open.arrivedAt) : clock.now();
}
