import {
  admitAgain,
  admitContent,
  admitHours,
  admitQuota,
  admitVersion,
  type Decision,
  endQuota,
} from '../control/admission.ts';
import { awaitsTurn, takeContent, takeTurn } from '../control/turns.ts';
import { listOpen, noteOpen, type OpenRun, type WaitsFor } from '../control/waiting.ts';
import type { Refusal } from '../formats/format.ts';
import { FatalError, TransientError } from '../model/errors.ts';
import type { FileDelivery, FileRun, RunState } from '../model/run.ts';
import type { StoredObject } from '../ports.ts';
import { type Admitted, admit } from './admit.ts';
import { checkFile } from './check-file.ts';
import { type FinishWorld, finish, tell } from './finish.ts';
import { type HeldRun, hold, LEASE_SECONDS, takenAway } from './lease.ts';
import { type LoadWorld, loadFile } from './load-file.ts';
import { newRun } from './new-run.ts';

export interface FileWorld extends LoadWorld, FinishWorld {
  readonly tenant: LoadWorld['tenant'];
  /** Names this attempt: unique among all that ever run. */
  readonly owner: string;
  readonly profileVersion: string;
  /** When the delivery comes again if the attempt fails for a passing reason; null when it does not. */
  nextTry(): Date | null;
}

/**
 * Takes one object version from arrival to the ledger. Answers the run as it stands; an attempt that finds the run settled, or
 * held by another, changes nothing. Throws `TransientError` when the delivery must come again, and anything else when the run has failed.
 */
export async function ingestFile(delivery: FileDelivery, world: FileWorld): Promise<FileRun> {
  const found = await find(delivery, world);
  const stored = 'code' in found ? null : found;
  const admitted = 'code' in found ? found : admit(world.tenant, delivery.object.key, found.size);
  const about = { modified: stored?.lastModified ?? (await lastSeen(delivery, world)), bytes: stored?.size ?? 0 };
  const claim = await world.ledger.claim(newRun(delivery, about, world), world.owner, LEASE_SECONDS);
  if (claim.kind !== 'held') return claim.run;
  const held = hold(claim.lease, world);
  await noteOpen(world.registry, openRun(held.run(), world, null));
  let ended: FileRun;
  let failure: unknown;
  try {
    const outcome = await attempt(held, stored, admitted, world);
    if ('kind' in outcome) return await defer(held, outcome, world);
    ended = outcome;
  } catch (error) {
    const reason = reasonOf(error);
    if (error instanceof TransientError) {
      const run: FileRun = { ...held.run(), state: 'retrying', reason, nextTryAt: world.nextTry() };
      await world.ledger.settle(held.lease(), run);
      throw error;
    }
    ended = { ...held.run(), state: isUnreadable(error) ? 'refused' : 'failed', reason };
    if (ended.state === 'failed') failure = error;
  }
  // From here on the run has ended: what goes wrong now must not begin it anew, and what is left to do is done by `tick`.
  ended = { ...ended, endedAt: world.clock.now() };
  if (!(await world.ledger.settle(held.lease(), ended))) throw takenAway(ended);
  await finish(ended, world);
  if (failure) throw failure;
  return ended;
}

type Deferral = Decision & { readonly kind: 'defer' };

/** Loads the file if nothing is in its way; answers the run as it is to end, or when it is to be tried instead. */
async function attempt(
  held: HeldRun,
  stored: StoredObject | null,
  admitted: Admitted | Refusal,
  world: FileWorld,
): Promise<FileRun | Deferral> {
  const stop = (state: RunState, reason: Refusal, run = held.run()): FileRun => ({ ...run, state, reason });
  if ('code' in admitted) return stop('refused', admitted);
  const file = stored as StoredObject;
  const again = await admitAgain(held.run(), world);
  const reserved = again ? await takeContent(again, admitted.feed, world) : await decide(held, file, admitted, world);
  const decision = reserved.kind === 'go' ? await takeTurn(reserved.run, admitted.feed, world) : reserved;
  if (decision.kind === 'defer') return decision;
  if (decision.kind === 'stop') return stop(decision.state, decision.reason, decision.run);
  return loadFile(held, decision.run, file, admitted, world);
}

/** Asks all that may keep a file from being loaded now, what costs least first; the last to be asked is the quota, which is then reserved. */
async function decide(held: HeldRun, stored: StoredObject, admitted: Admitted, world: FileWorld): Promise<Decision> {
  const { feed } = admitted;
  const dated = await admitVersion(held.run(), world);
  if (dated.kind !== 'go') return dated;
  const open = admitHours(dated.run, feed, world);
  if (open.kind !== 'go') return open;
  const wait = await awaitsTurn(open.run, feed, world);
  if (wait) return wait;
  const { run, rows, refusal } = await checkFile(open.run, stored, admitted, world, () => held.beat(held.run()));
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

const isUnreadable = (error: unknown): error is FatalError => error instanceof FatalError && error.code === 'SLU-3011';

function reasonOf(error: unknown): Refusal {
  if (error instanceof TransientError || error instanceof FatalError)
    return { code: error.code, message: error.message };
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'SLU-5006', message: text.slice(0, 1000) };
}
