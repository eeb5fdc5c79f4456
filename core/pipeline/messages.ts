import { noteKept } from '../control/kept.ts';
import { isLimited, noteUsage, overQuota, type QuotaWorld, type Room, roomIn } from '../control/message-quota.ts';
import { isAggregated, messagesIn } from '../formats/aggregated.ts';
import { partsOf, subPosition } from '../model/position.ts';
import type { Counts } from '../model/row.ts';
import type { Message, SettledMessage, Stamp, StreamSlot } from '../model/run.ts';
import { countsOf, lastOf } from '../model/tally.ts';
import type { Ledger, LedgerReader } from '../ports.ts';
import { type Part, rejectMessages, type SettleWorld, settleMessages } from './settle-messages.ts';
import { messageWriteTimes, type WriteTimes } from './write-time.ts';

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
  for (const { slot, members } of slots(records.flatMap(takenApart), world.stream)) {
    const looks = [
      world.ledger.counted(
        slot,
        members.map(({ position }) => position),
      ),
      condemned === null ? roomIn(slot, world) : null,
    ] as const;
    const [{ positions, last }, room] = await Promise.all(looks);
    const messages = members.filter(({ position }) => !positions.has(position) && (asked?.has(position) ?? true));
    const before = lastOf([...all, ...(last ? [last] : [])] as Stamp[]);
    const writeTimes = messageWriteTimes(messages, before, world);
    const settled = messages.length === 0 ? [] : await settle({ slot, messages, writeTimes }, room, condemned, world);
    await count(slot, settled, world);
    all.push(...settled);
  }
  return ingestedOf(all);
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

/** The messages of an aggregated record; one that is broken stays whole, to be rejected. */
export function takenApart(record: Message): readonly Message[] {
  const { position, data } = record;
  const messages = isAggregated(data) && partsOf(position)[1] === null ? messagesIn(data) : null;
  if (messages === null || typeof messages === 'string') return [record];
  return messages.map((each, place) => ({ ...record, position: subPosition(position, place), data: each }));
}

/** The messages by slot; one that comes twice in a batch is there once. */
export function slots(
  messages: readonly Message[],
  stream: string,
): { readonly slot: StreamSlot; readonly members: readonly Message[] }[] {
  type Members = { readonly slot: StreamSlot; readonly members: Map<string, Message> };
  const found = new Map<string, Members>();
  let entry: Members | undefined;
  for (const message of messages) {
    const { shard, position, arrivedAt } = message;
    const minute = Math.floor(arrivedAt.getTime() / MINUTE) * MINUTE;
    if (entry?.slot.shard !== shard || entry.slot.minute.getTime() !== minute) {
      const key = `${shard} ${minute}`;
      entry = found.get(key) ?? { slot: { stream, shard, minute: new Date(minute) }, members: new Map() };
      found.set(key, entry);
    }
    entry.members.set(position, message);
  }
  return [...found.values()].map(({ slot, members }) => ({ slot, members: [...members.values()] }));
}
