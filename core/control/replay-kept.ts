import { NO_FEED, type StreamSlot } from '../model/run.ts';
import type { Tenant } from '../model/tenant.ts';
import { keptUnder } from '../pipeline/rejected-message.ts';
import type { Clock, Ledger, LedgerReader, Loader, Objects, Registry } from '../ports.ts';
import { KEPT_PART, type Kept, type Plan } from './kept.ts';
import { type Room, roomIn } from './message-quota.ts';
import { noSearch, type Progress, workThrough } from './work-through.ts';

export interface KeptWorld {
  readonly tenant: Tenant;
  readonly registry: Registry;
  readonly ledger: Ledger & LedgerReader;
  readonly objects: Pick<Objects, 'keys'>;
  readonly rejectsBucket: string;
  readonly loader: Loader;
  readonly clock: Clock;
}

/** Messages that are planned for at one time: so many may be loaded beyond the quota by others who ask at the same moment. */
const AT_ONCE = 200;

/** Milliseconds since 1970 of the minute in which a replay runs that was asked for then. */
const minuteOf = (requestedAt: number): number => Math.floor(requestedAt / 60_000) * 60_000;

/** Loads what is kept of a stream run, as far as there is room today. */
export async function replayKept(run: string, until: Date, world: KeptWorld): Promise<Progress> {
  const { registry, loader, clock } = world;
  for (;;) {
    const entry = await registry.read<Kept>(KEPT_PART, run);
    if (!entry) return { left: 0, why: null };
    const plan = entry.plan ?? (await planned(run, entry, world));
    if (plan === 'done') return { left: 0, why: null };
    if (typeof plan === 'string') return { left: 1, why: plan };
    const requestedAt = new Date(plan.requestedAt);
    const { stream, shard } = entry;
    const minute = new Date(minuteOf(plan.requestedAt));
    const slot = { stream, shard, minute, replay: { of: run, requestedAt } };
    const progress = await workThrough(
      {
        remaining: async () => {
          const kept = new Set((await waiting(entry, world)).map(({ key }) => key));
          return plan.keys.filter((key) => kept.has(key));
        },
        ask: (keys, condemned) => loader.ask({ kind: 'rejects', slot, keys, condemned }),
        probe: () => loader.ask({ kind: 'probe' }),
        note: (search) => change(run, registry, (now) => samePlan(now, plan) && { ...now, plan: { ...plan, search } }),
      },
      plan.search,
      { clock, until, most: AT_ONCE },
    );
    if (progress.left > 0) return progress;
    await change(run, registry, (now) => samePlan(now, plan) && { ...now, plan: null });
  }
}

const samePlan = ({ plan }: Kept, { requestedAt }: Plan): boolean => plan?.requestedAt === requestedAt;

/** Changes the entry of a run; false leaves it alone. */
const change = (run: string, registry: Registry, by: (entry: Kept) => Kept | false): Promise<void> =>
  registry.change<Kept, void>(KEPT_PART, run, (before) => ({
    value: (before && by(before)) || before,
    result: undefined,
  }));

const slotOf = ({ stream, shard, minute }: Kept): StreamSlot => ({ stream, shard, minute: new Date(minute) });

const waiting = (entry: Kept, { tenant, objects, rejectsBucket }: KeptWorld) =>
  keptUnder(objects, rejectsBucket, [...tenant.feeds.map(({ name }) => name), NO_FEED], slotOf(entry));

/** Plans which of the kept messages are loaded now; a text tells why none. Of plans at one time one counts. */
async function planned(run: string, entry: Kept, world: KeptWorld): Promise<Plan | 'done' | string> {
  const { registry, ledger, clock } = world;
  const kept = await waiting(entry, world);
  const { positions, over } = await ledger.counted(
    slotOf(entry),
    kept.map(({ position }) => position),
  );
  // Until its run has counted it, a delivery may still come again and load it; and of two that judge at one time the other may have let it in.
  const uncounted = kept.filter(({ position }) => !positions.has(position));
  const ready = kept.filter(({ position }) => over.has(position));
  if (uncounted.length + ready.length === 0) {
    return registry.change<Kept, string>(KEPT_PART, run, (now) =>
      now?.touched === entry.touched ? { value: null, result: 'done' } : { value: now, result: 'more came meanwhile' },
    );
  }
  const requestedAt = clock.now().getTime();
  const minute = new Date(minuteOf(requestedAt));
  const room = await roomIn({ ...slotOf(entry), minute }, world);
  const keys = fitting(ready, room)
    .slice(0, AT_ONCE)
    .map(({ key }) => key);
  if (keys.length === 0) return ready.length === 0 ? 'not counted yet' : 'the quota has no room yet';
  const plan = { requestedAt, keys, search: noSearch };
  return registry.change<Kept, Plan | string>(KEPT_PART, run, (now) => {
    if (!now) return { value: now, result: 'done' };
    return now.plan ? { value: now, result: now.plan } : { value: { ...now, plan }, result: plan };
  });
}

function fitting<K extends { readonly keptBytes: number }>(kept: readonly K[], room: Room | null): K[] {
  if (!room) return [...kept];
  let { messages, bytes, bytesOfMinute } = room;
  return kept.filter(({ keptBytes }) => {
    if (messages < 1 || keptBytes > bytes || keptBytes > bytesOfMinute) return false;
    messages--;
    bytes -= keptBytes;
    bytesOfMinute -= keptBytes;
    return true;
  });
}
