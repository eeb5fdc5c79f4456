import { arrival, isSettled } from '../model/run.ts';
import type { Tenant } from '../model/tenant.ts';
import { runIdOf } from '../pipeline/new-run.ts';
import type { Clock, Ledger, Objects, Queue, Registry } from '../ports.ts';
import { listOpen } from './waiting.ts';

export interface SweepWorld {
  readonly tenant: Tenant;
  readonly registry: Registry;
  readonly ledger: Pick<Ledger, 'find'>;
  readonly objects: Pick<Objects, 'versions'>;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly stagingBucket: string;
}

/** Milliseconds after which an event that has not come counts as lost. */
const PATIENCE = 5 * 60_000;

/** Versions that are looked up at one time: a page of 1,000 takes a second or two. */
const TOGETHER = 50;

/**
 * Looks at one page of the staging bucket, going on where the last call stopped, and sends what has no run. A call costs the same however much
 * is settled; a bucket is gone through in as many calls as it has pages.
 */
export async function sweep(world: SweepWorld): Promise<number> {
  const { registry, objects, stagingBucket } = world;
  const from = await registry.read<string>('sweep', 'cursor');
  const { versions, next } = await objects.versions(stagingBucket, '', from);
  const before = new Date(world.clock.now().getTime() - PATIENCE);
  const sent = await sendWithoutRun(
    versions.filter(({ lastModified }) => lastModified < before),
    world,
  );
  await registry.change<string, void>('sweep', 'cursor', () => ({ value: next, result: undefined }));
  return sent;
}

type Version = Awaited<ReturnType<Objects['versions']>>['versions'][number];

/**
 * Sends the deliveries of those versions that the ledger does not know, or whose attempt died right after its first step, before it could ask to be
 * looked after.
 */
export async function sendWithoutRun(
  versions: readonly Version[],
  { tenant, ledger, registry, queue }: Pick<SweepWorld, 'tenant' | 'ledger' | 'registry' | 'queue'>,
): Promise<number> {
  let sent = 0;
  const open = new Set((await listOpen(registry)).map(({ run }) => run.id));
  for (let at = 0; at < versions.length; at += TOGETHER) {
    const deliveries = versions.slice(at, at + TOGETHER).map(async ({ bucket, key, versionId, lastModified }) => {
      const delivery = arrival({ bucket, key, versionId });
      const stored = await ledger.find(runIdOf(tenant, delivery, lastModified));
      if (stored && (isSettled(stored.run.state) || open.has(stored.run.id))) return;
      await queue.send(delivery);
      sent++;
    });
    await Promise.all(deliveries);
  }
  return sent;
}
