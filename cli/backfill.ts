import { sqsQueue } from '../adapters/deliveries.ts';
import { s3Objects } from '../adapters/s3.ts';
import { sendWithoutRun } from '../core/control/sweep.ts';
import type { FileDelivery } from '../core/model/run.ts';
import type { Registry } from '../core/ports.ts';
import { daysSince } from './days.ts';
import { deployedNamed, feedNamed } from './deployed.ts';
import { queueUrls } from './queues.ts';
import type { Result, Ui } from './ui.ts';
import { inWorld } from './world.ts';

export interface BackfillOptions {
  readonly feed?: string | undefined;
  /** What keys begin with, after the feed if one is named. */
  readonly prefix?: string | undefined;
  readonly since?: string | undefined;
}

/** `sluice backfill`: sends what lies in staging and has no run, because its event was lost or came before there was a platform. */
export const runBackfill = (id: string, options: BackfillOptions, ui: Ui): Promise<Result> => {
  const since = options.since === undefined ? null : new Date(daysSince(options.since)[0] as string);
  return inWorld(async (world) => {
    const deployed = await deployedNamed(world, id);
    const feed = options.feed === undefined ? '' : `${feedNamed(deployed, options.feed).name}/`;
    const prefix = `${feed}${options.prefix ?? ''}`;
    const { staging } = world.names(id);
    const queue = sqsQueue(world.sqs, (await queueUrls(world, id)).queue);
    const sent: FileDelivery[] = [];
    const core = {
      tenant: deployed.tenant,
      ledger: world.ledger(id),
      // It is only read.
      registry: world.registry(id) as Registry,
      queue: {
        send: async (delivery: FileDelivery) => {
          await queue.send(delivery);
          sent.push(delivery);
        },
      },
    };
    let looked = 0;
    for (let from: string | null = null; ; ) {
      const { versions, next } = await s3Objects(world.s3).versions(staging, prefix, from);
      const wanted = versions.filter(({ lastModified }) => since === null || lastModified >= since);
      looked += wanted.length;
      await sendWithoutRun(wanted, core);
      ui.progress('backfill', `${looked} versions looked at, ${sent.length} without a run`);
      if (next === null) break;
      from = next;
    }
    const objects = sent.map(({ object }) => object);
    const where = `s3://${staging}/${prefix}`;
    const first = objects.slice(0, SHOWN).map(({ key }) => `  ${key}`);
    const more = objects.length > SHOWN ? [`  … and ${objects.length - SHOWN} more`] : [];
    const lines = [
      `${looked} versions under ${where}: ${objects.length === 0 ? 'each has its run' : `${objects.length} had no run and are on their way`}`,
      ...first,
      ...more,
    ];
    return { data: { tenant: id, prefix, looked, sent: objects }, lines };
  });
};

/** Keys that are listed for people; `--json` has them all. */
const SHOWN = 20;
