import { admitContent, admitHours, admitQuota, admitVersion, type Decision } from '../control/admission.ts';
import { noteOpen, type WaitsFor } from '../control/waiting.ts';
import type { Refusal } from '../formats/format.ts';
import { capped } from '../model/caps.ts';
import { FatalError, TransientError } from '../model/errors.ts';
import type { FileDelivery, FileRun } from '../model/run.ts';
import type { Lease, StoredObject } from '../ports.ts';
import { type Admitted, admit } from './admit.ts';
import { type FinishWorld, finish, tell } from './finish.ts';
import { firstPass } from './first-pass.ts';
import { LEASE_SECONDS, type LoadWorld, loadFile } from './load-file.ts';
import { newRun } from './new-run.ts';

export interface FileWorld extends LoadWorld, FinishWorld {
  readonly tenant: LoadWorld['tenant'];
  /** Names this attempt: unique among all that ever run. */
  readonly owner: string;
  readonly profileVersion: string;
}

/**
 * Takes one object version from arrival to the ledger. Answers the run as it stands; an attempt that finds the run settled, or
 * held by another, changes nothing. Throws `TransientError` when the delivery must come again, and anything else when the run has failed.
 */
export async function ingestFile(delivery: FileDelivery, world: FileWorld): Promise<FileRun> {
  const { object } = delivery;
  const found = await find(delivery, world);
  const stored = 'code' in found ? null : found;
  const admitted = 'code' in found ? found : admit(world.tenant, object.key, found.size);
  const about = { modified: stored?.lastModified ?? world.clock.now(), bytes: stored?.size ?? 0 };
  const claim = await world.ledger.claim(newRun(delivery, about, world), world.owner, LEASE_SECONDS);
  if (claim.kind !== 'held') return claim.run;
  const { lease } = claim;
  await noteOpen(world.registry, openRun(lease.run, world, null));
  try {
    if (!stored || 'code' in admitted) return await stop(lease, 'refused', 'code' in admitted ? admitted : null, world);
    const decision = await decide(lease.run, stored, admitted, world);
    if (decision.kind === 'stop') return await stop(lease, decision.state, decision.reason, world);
    if (decision.kind === 'defer') return await defer(lease, decision, world);
    const ended = await loadFile({ ...lease, run: decision.run }, stored, admitted, world);
    return await end(ended.lease, ended.run, world);
  } catch (error) {
    if (isUnreadable(error)) return stop(lease, 'refused', reasonOf(error), world);
    if (error instanceof TransientError) {
      await world.ledger.settle(lease, { ...lease.run, state: 'retrying', reason: reasonOf(error) });
    } else await end(lease, { ...lease.run, state: 'failed', reason: reasonOf(error) }, world);
    throw error;
  }
}

/** Asks all that may keep a file from being loaded now, what costs least first; the last to be asked is the quota, which is then reserved. */
async function decide(
  run: FileRun,
  stored: StoredObject,
  { feed, format }: Admitted,
  world: FileWorld,
): Promise<Decision> {
  const dated = await admitVersion(run, world);
  if (dated.kind !== 'go') return dated;
  const open = admitHours(dated.run, feed, world);
  if (open.kind !== 'go') return open;
  const pass = await firstPass(stored, format, capped(world.tenant.limits), world.signal);
  if ('code' in pass) return { kind: 'stop', state: 'refused', reason: pass };
  const fresh = await admitContent({ ...open.run, contentHash: pass.contentHash }, feed, world);
  return fresh.kind === 'go' ? admitQuota(fresh.run, pass.rows, world) : fresh;
}

const stop = (lease: Lease, state: FileRun['state'], reason: Refusal | null, world: FileWorld): Promise<FileRun> =>
  end(lease, { ...lease.run, state, reason }, world);

async function end(lease: Lease, run: FileRun, world: FileWorld): Promise<FileRun> {
  const ended = { ...run, endedAt: world.clock.now() };
  if (!(await world.ledger.settle(lease, ended))) {
    throw new TransientError('SLU-5003', `another attempt has taken the run ${run.id}`);
  }
  await finish(ended, world);
  return ended;
}

async function defer(
  lease: Lease,
  { until, waitsFor, reason }: Decision & { kind: 'defer' },
  world: FileWorld,
): Promise<FileRun> {
  const run: FileRun = { ...lease.run, state: 'deferred', deferredUntil: until, reason };
  await noteOpen(world.registry, openRun(run, world, { until: until.getTime(), for: waitsFor }));
  await world.ledger.settle(lease, run);
  await tell(run, world);
  return run;
}

const openRun = (
  { id, feed, day, object, generation, requestedAt, rejectsOf, modified, bytes }: FileRun,
  { tenant }: FileWorld,
  waits: { until: number; for: WaitsFor } | null,
) => ({
  run: { id, feed, day },
  delivery: { object, generation, requestedAt, rejectsOf },
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

const isUnreadable = (error: unknown): error is FatalError => error instanceof FatalError && error.code === 'SLU-3011';

function reasonOf(error: unknown): Refusal {
  if (error instanceof TransientError || error instanceof FatalError)
    return { code: error.code, message: error.message };
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'SLU-5006', message: text.slice(0, 1000) };
}
