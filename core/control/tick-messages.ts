import type { FailedBatches, Registry } from '../ports.ts';
import { KEPT_PART, type Kept } from './kept.ts';
import { type RedriveWorld, redriveBatch, type Searches } from './redrive.ts';
import { type KeptWorld, replayKept } from './replay-kept.ts';
import type { Progress, Search } from './work-through.ts';

export interface MessageTickWorld extends KeptWorld, Omit<RedriveWorld, 'searches' | 'ledger' | 'stream'> {
  readonly failed: FailedBatches;
  /** Name and creation time of the stream; asked for only when there is something to do. */
  identity(): Promise<string>;
}

export interface TickedMessages {
  /** Batches that Lambda had given up, and that are loaded now. */
  readonly redriven: number;
  /** Stream runs whose kept messages are all loaded. */
  readonly replayed: number;
  /** What is still to do, and why it is not done. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

/** Where searches are remembered, by the keys of the batches. */
export const REDRIVE_PART = 'redrive';
const LEASE = 'lease';

/** Searches in the registry: whoever goes on knows how far another came. */
export const searchesIn = (registry: Registry): Searches => ({
  read: (name) => registry.read<Search>(REDRIVE_PART, name),
  note: (name, search) =>
    registry.change<Search, void>(REDRIVE_PART, name, () => ({ value: search, result: undefined })),
});

/** Longest that one tick works on messages, in milliseconds: what is left the next one does. */
const WORK = 60_000;
/** Longest that one tick can hold the others off, should it die. */
const HOLD = 120_000;

/**
 * Brings back by itself what Lambda has given up and what was over the quota, as soon as the function answers and there is room. One tick at a time does so, to save work;
 * two would do no harm.
 */
export async function tickMessages(world: MessageTickWorld): Promise<TickedMessages> {
  const { registry, failed, loader, clock } = world;
  const batches = await failed.keys();
  const kept = await registry.list<Kept>(KEPT_PART);
  const nothing: TickedMessages = { redriven: 0, replayed: 0, left: [] };
  if (batches.length + kept.length === 0) return nothing;
  const now = clock.now().getTime();
  const free = await registry.change<{ until: number }, boolean>(REDRIVE_PART, LEASE, (held) =>
    held && held.until > now ? { value: held, result: false } : { value: { until: now + HOLD }, result: true },
  );
  if (!free) return nothing;
  try {
    const probed = await loader.ask({ kind: 'probe' });
    const why = probed.kind === 'done' ? null : probed.kind === 'silent' ? 'the function does not answer' : probed.why;
    if (why !== null) return { ...nothing, left: [{ name: 'everything', why }] };
    const until = new Date(now + WORK);
    const redriving = { ...world, stream: await world.identity(), searches: searchesIn(registry) };
    const left: { name: string; why: string }[] = [];
    const each = async (names: readonly string[], work: (name: string) => Promise<Progress>): Promise<number> => {
      let done = 0;
      for (const name of names) {
        const progress = await work(name);
        if (progress.why === null) done++;
        else left.push({ name, why: progress.why });
      }
      return done;
    };
    const redriven = await each(batches, (key) => redriveBatch(key, until, redriving));
    const replayed = await each(
      kept.map(({ name }) => name),
      (run) => replayKept(run, until, world),
    );
    return { redriven, replayed, left };
  } finally {
    await registry.change<{ until: number }, void>(REDRIVE_PART, LEASE, (held) => ({
      value: held?.until === now + HOLD ? null : held,
      result: undefined,
    }));
  }
}
