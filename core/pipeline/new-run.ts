import { createHash } from 'node:crypto';
import { noCounts } from '../model/row.ts';
import { type FileDelivery, type FileRun, NO_FEED } from '../model/run.ts';
import type { Tenant } from '../model/tenant.ts';
import { feedOf } from './admit.ts';
import { earliestWriteTime, type WriteTimes } from './write-time.ts';

/** The id of a run: its feed and day, by which the ledger finds it, and a digest of what it is about. */
export function runIdOf(tenant: Tenant, { object, generation }: FileDelivery, modified: Date) {
  const feed = feedOf(tenant, object.key)?.name ?? NO_FEED;
  const day = modified.toISOString().slice(0, 10);
  const { bucket, key, versionId } = object;
  const identity = JSON.stringify([bucket, key, versionId, generation]);
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 12);
  return { feed, day, id: `${feed}.${day.replaceAll('-', '')}.${digest}` };
}

/** A run as it begins. `modified` is the object's date, or now for an object that is gone. */
export function newRun(
  delivery: FileDelivery,
  { modified, bytes }: { modified: Date; bytes: number },
  world: WriteTimes & { readonly tenant: Tenant; readonly profileVersion: string },
): FileRun {
  const from = delivery.requestedAt ?? modified.getTime();
  return {
    ...runIdOf(world.tenant, delivery, modified),
    ...delivery,
    modified,
    attempt: 1,
    state: 'running',
    bytes,
    counts: noCounts(),
    writeTimeBase: Math.max(from * 1000, earliestWriteTime(world)),
    startedAt: world.clock.now(),
    endedAt: null,
    deferredUntil: null,
    nextTryAt: null,
    contentHash: null,
    digest: '',
    profileVersion: world.profileVersion,
    usageDay: null,
    reason: null,
    firstRejections: [],
    quality: null,
    plan: null,
  };
}
