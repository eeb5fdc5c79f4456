import { contentPart, endQuota, historyPart, versionOf } from '../control/admission.ts';
import { type KeyHistory, noteLoaded } from '../control/history.ts';
import { learnColumns } from '../control/known-columns.ts';
import { forgetPlan } from '../control/parts.ts';
import { endContent, endTurn } from '../control/turns.ts';
import { listOpen, noteClosed, waitingForOthers } from '../control/waiting.ts';
import { receiptKey, receiptOf } from '../model/receipt.ts';
import { type FileRun, hasLoaded, isUsage } from '../model/run.ts';
import type { Tenant } from '../model/tenant.ts';
import type { Announcements, Objects, Queue, Registry } from '../ports.ts';

export interface FinishWorld {
  readonly tenant: Tenant;
  readonly registry: Registry;
  readonly objects: Objects;
  readonly queue: Queue;
  readonly announcements: Announcements;
  readonly rejectsBucket: string;
}

/**
 * Does all that the end of a run brings: quota, history, receipt, event, and the next file's turn. Each step can be repeated, and the run leaves
 * the list of open ones as the last of them, so that whoever finds it there after a crash does them again.
 */
export async function finish(run: FileRun, world: FinishWorld): Promise<void> {
  const { tenant, registry } = world;
  const feed = tenant.feeds.find(({ name }) => name === run.feed);
  const loaded = hasLoaded(run.state);
  await endQuota(run, isUsage(run) ? { bytes: run.bytes, rows: run.counts.read } : undefined, registry);
  if (loaded && run.rejectsOf === null) {
    const version = { ...versionOf(run), base: run.writeTimeBase };
    await registry.change<KeyHistory, void>(historyPart(run), 'history', (before) => ({
      value: noteLoaded(before, version),
      result: undefined,
    }));
    if (feed && run.contentHash && feed.sameContent === 'skip') {
      await registry.change<{ run: string; object: string }, void>(
        contentPart(run.feed, run.contentHash),
        'loaded',
        (before) => ({ value: before ?? { run: run.id, object: run.object.key }, result: undefined }),
      );
    }
  }
  await learnColumns(run, registry);
  if (feed) await endContent(run, feed, registry);
  if (feed?.overwrite === 'replace') await endTurn(run, registry);
  await tell(run, world);
  if (run.plan !== null || run.state === 'cancelled') await forgetPlan(registry, run);
  await noteClosed(registry, run.id);
  const [next] = waitingForOthers(await listOpen(registry));
  if (next) await world.queue.send(next.delivery);
}

/** Puts the receipt where the tenant finds it, and announces it. */
export async function tell(
  run: FileRun,
  { tenant, objects, announcements, rejectsBucket }: FinishWorld,
): Promise<void> {
  const receipt = receiptOf(tenant.id, run);
  await objects.put(rejectsBucket, receiptKey(run), JSON.stringify(receipt, null, 2));
  await announcements.announce(receipt);
}
