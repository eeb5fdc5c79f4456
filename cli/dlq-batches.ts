import { s3FailedBatches } from '../adapters/failed-batches.ts';
import { kinesisClient, streamIdentity } from '../adapters/kinesis.ts';
import { redriveBatch, searchesInMemory, uncounted } from '../core/control/redrive.ts';
import { REDRIVE_PART } from '../core/control/tick-messages.ts';
import type { Search } from '../core/control/work-through.ts';
import { withLoader } from './replay-messages.ts';
import type { Ui } from './ui.ts';
import type { OperatorWorld } from './world.ts';

/** A batch of messages that Lambda has given up, and what is known of it. */
export interface GivenUpBatch {
  readonly key: string;
  readonly failedAt: Date | null;
  readonly why: string;
}

/** Longest that one command works on a batch, in milliseconds. */
const PATIENCE = 30 * 60_000;

/** The batches of a tenant that lie in its rejects bucket; `tick` takes them up by itself. */
export async function givenUpBatches(world: OperatorWorld, tenant: string): Promise<GivenUpBatch[]> {
  const failed = s3FailedBatches(world.s3, world.names(tenant).rejects);
  const keys = await failed.keys();
  if (keys.length === 0) return [];
  const stream = await streamOf(world, tenant);
  return Promise.all(
    keys.map(async (key) => {
      const batch = await failed.read(key);
      if (batch === null || typeof batch === 'string') return { key, failedAt: null, why: batch ?? 'it has just gone' };
      const left = await uncounted(batch, { ledger: world.ledger(tenant), stream });
      const search = await world.registry(tenant).read<Search>(REDRIVE_PART, key);
      const said = `${batch.condition}: ${left.length} of its messages are not counted`;
      return { key, failedAt: batch.failedAt, why: [said, ...foundBy(search)].join('; ') };
    }),
  );
}

function foundBy(search: Search | null): string[] {
  if (!search || search.suspects === 0) return [];
  const among = search.suspects === 1 ? 'on the first of them' : `on one of the first ${search.suspects}`;
  return [`the function dies ${among}: ${search.cause}`];
}

/** Has all batches of a tenant loaded again; answers what is left of each. */
export async function redriveBatches(world: OperatorWorld, tenant: string, ui: Ui) {
  const failed = s3FailedBatches(world.s3, world.names(tenant).rejects);
  const keys = await failed.keys();
  if (keys.length === 0) return [];
  const stream = await streamOf(world, tenant);
  return withLoader(world, tenant, async (loader) => {
    const clock = { now: () => new Date() };
    const redriving = { failed, loader, ledger: world.ledger(tenant), clock, stream, searches: searchesInMemory() };
    const done: { key: string; left: number; why: string | null }[] = [];
    for (const key of keys) {
      const progress = await redriveBatch(key, new Date(Date.now() + PATIENCE), redriving);
      ui.progress('messages', `${key}: ${progress.why ?? 'loaded'}`);
      done.push({ key, ...progress });
    }
    return done;
  });
}

async function streamOf(world: OperatorWorld, tenant: string): Promise<string> {
  const client = kinesisClient(world.aws);
  try {
    return await streamIdentity(client, world.names(tenant).stream);
  } finally {
    client.destroy();
  }
}
