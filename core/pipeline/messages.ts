import { setImmediate } from 'node:timers/promises';
import { noteKept } from '../control/kept.ts';
import { isLimited, noteUsage, overQuota, type QuotaWorld, type Room, roomIn } from '../control/message-quota.ts';
import { isAggregated, messagesIn as messagesOfAggregate } from '../formats/aggregated.ts';
import { distinct, subPosition } from '../model/position.ts';
import type { Counts } from '../model/row.ts';
import type { Message, SettledMessage, Stamp, StreamSlot } from '../model/run.ts';
import { countsOf, lastOf } from '../model/tally.ts';
import type { Ledger, LedgerReader } from '../ports.ts';
import type { Routed } from './route.ts';
import { type Part, rejectMessages, routeIn, type SettleWorld, settleMessages } from './settle-messages.ts';
import { datedMessages, type WriteTimes } from './write-time.ts';

export interface MessageWorld extends SettleWorld, QuotaWorld, WriteTimes {
  readonly ledger: Ledger & LedgerReader;
}

/** What became of the messages that an invocation has counted; those that had been counted before are left out. */
export interface Ingested {
  readonly counts: Counts;
  /** Of the rejected ones those that found no room in the quota, and what the last of them was told. */
  readonly overQuota: number;
  readonly reason: string | null;
}

/** Which messages of some records are meant; null means all. `condemned` tells why those are rejected without a look at them. */
export interface Choice {
  readonly only: readonly string[] | null;
  readonly condemned: string | null;
}

const MINUTE = 60_000;

/**
 * Takes the messages of one invocation from arrival to the ledger, each exactly once however often it is delivered: those that the
 * ledger has counted are left out, the others are loaded and then counted. Throws `TransientError` when the batch must come again.
 */
export async function ingestMessages(
  records: readonly Message[],
  world: MessageWorld,
  { only, condemned }: Choice = { only: null, condemned: null },
): Promise<Ingested> {
  const asked = only && new Set(only);
  const all: SettledMessage[] = [];
  for (const { slot, members } of slots(messagesIn(records), world.stream)) {
    const looks = Promise.all([
      world.ledger.counted(
        slot,
        members.map(({ position }) => position),
      ),
      condemned === null ? roomIn(slot, world) : null,
    ]);
    // Where a deadly message is searched for, none is touched but those that are meant.
    const routed = only === null && condemned === null ? await routedMeanwhile(members, looks, world) : undefined;
    const [{ positions, last }, room] = await looks;
    const messages = members.filter(({ position }) => !positions.has(position) && (asked?.has(position) ?? true));
    const before = lastOf(last ? [...all, last] : (all as Stamp[]));
    const dated = datedMessages(messages, before, world);
    const part = { slot, messages, dated, routed: messages.length === members.length ? routed : undefined };
    const settled = messages.length === 0 ? [] : await settle(part, room, condemned, world);
    await count(slot, settled, world);
    for (const each of settled) all.push(each);
  }
  return ingestedOf(all);
}

/**
 * Parses messages while the ledger is asked which of them it has counted, which is nearly always none. Undefined when that fails: then it is found out by itself which message it is
 * that fails.
 */
async function routedMeanwhile(
  members: readonly Message[],
  looks: Promise<unknown>,
  world: MessageWorld,
): Promise<Routed | undefined> {
  // It is awaited below; until then nobody listens.
  looks.catch(() => {});
  // What is asked goes out with the next turn of the event loop.
  await setImmediate();
  try {
    return routeIn(members, world);
  } catch {
    return undefined;
  }
}

function messagesIn(records: readonly Message[]): readonly Message[] {
  const messages: Message[] = [];
  for (const record of records) {
    if (isWhole(record)) messages.push(record);
    else for (const message of takenApart(record)) messages.push(message);
  }
  return messages;
}

async function settle(part: Omit<Part, 'over'>, room: Room | null, condemned: string | null, world: MessageWorld) {
  if (condemned !== null) return rejectMessages({ ...part, over: new Map() }, deadly(condemned), world);
  const over = overQuota(part.messages, room, world.tenant.limits);
  return settleMessages({ ...part, over }, world);
}

/** Why a message is rejected on which the function itself has died. */
export const deadly = (why: string) =>
  ({ stage: 'transform', code: 'SLU-2023', message: `the function died on this message alone: ${why}` }) as const;

/** Everything that goes before the count can be done again; what comes after it, the next delivery makes up for. */
export async function count(slot: StreamSlot, settled: readonly SettledMessage[], world: MessageWorld): Promise<void> {
  if (settled.length === 0 && !isLimited(world.tenant.limits)) return;
  if (settled.some(({ kept }) => kept)) await noteKept(slot, world.registry);
  await noteUsage(await world.ledger.tally(slot, settled), world);
}

export function ingestedOf(settled: readonly SettledMessage[]): Ingested {
  const over = settled.filter((message) => message.overQuota);
  const reason = over.at(-1)?.outcome;
  return {
    counts: countsOf(settled),
    overQuota: over.length,
    reason: typeof reason === 'object' ? reason.message : null,
  };
}

/** Whether a record is a message itself, or has been taken apart before. */
const isWhole = ({ position, data }: Message): boolean => !isAggregated(data) || position.includes('.');

/** The messages of an aggregated record; one that is broken stays whole, to be rejected. */
export function takenApart(record: Message): readonly Message[] {
  const { position, data } = record;
  const messages = isWhole(record) ? null : messagesOfAggregate(data);
  if (messages === null || typeof messages === 'string') return [record];
  return messages.map((each, place) => ({ ...record, position: subPosition(position, place), data: each }));
}

/** The messages by slot; one that comes twice in a batch is there once. */
export function slots(
  messages: readonly Message[],
  stream: string,
): { readonly slot: StreamSlot; readonly members: readonly Message[] }[] {
  const found = new Map<string, { readonly slot: StreamSlot; readonly members: Message[] }>();
  let entry: { readonly slot: StreamSlot; readonly members: Message[] } | undefined;
  for (const message of messages) {
    const { shard, arrivedAt } = message;
    const minute = Math.floor(arrivedAt.getTime() / MINUTE) * MINUTE;
    if (entry?.slot.shard !== shard || entry.slot.minute.getTime() !== minute) {
      const key = `${shard} ${minute}`;
      entry = found.get(key) ?? { slot: { stream, shard, minute: new Date(minute) }, members: [] };
      found.set(key, entry);
    }
    entry.members.push(message);
  }
  return [...found.values()].map(({ slot, members }) => ({ slot, members: distinct(members) }));
}
