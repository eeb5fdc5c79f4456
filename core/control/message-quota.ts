import { isDeepStrictEqual } from 'node:util';
import type { Code } from '../model/codes.ts';
import type { Message, MessageTotals, StreamRun, StreamSlot } from '../model/run.ts';
import { letIn } from '../model/tally.ts';
import type { Limits, Tenant } from '../model/tenant.ts';
import type { LedgerReader, Registry } from '../ports.ts';
import { noteRun, type ShardUsage, totalUsed, usageOfRuns } from './message-usage.ts';

export interface QuotaWorld {
  readonly tenant: Tenant;
  readonly registry: Registry;
  readonly ledger: Pick<LedgerReader, 'streamRuns' | 'streamRunsOf'>;
}

/** Where the usage of a day lies: a document for each shard, and one for all replays. A stream that was made anew has shards of its own. */
export const messageUsagePart = (day: string): string => `messages/${day}`;
const nameOf = ({ stream, shard, replay }: StreamSlot): string => `${stream} ${replay ? 'replays' : shard}`;

const dayOf = (minute: Date): string => minute.toISOString().slice(0, 10);

type MessageLimits = Pick<Limits, 'messagesPerDay' | 'messageBytesPerDay' | 'messageBytesPerSecond'>;

/** Bytes of a second are counted over the minute of arrival: a burst within it does no harm. */
export const bytesPerMinute = ({ messageBytesPerSecond }: MessageLimits): number =>
  messageBytesPerSecond === undefined ? Number.POSITIVE_INFINITY : messageBytesPerSecond * 60;

/** Whether a profile limits messages at all. */
export const isLimited = ({ messagesPerDay, messageBytesPerDay, messageBytesPerSecond }: MessageLimits): boolean =>
  [messagesPerDay, messageBytesPerDay, messageBytesPerSecond].some((limit) => limit !== undefined);

/** Why a message is not let in. */
export interface OverQuota {
  readonly code: Code;
  readonly message: string;
  /** False when it is larger than all that a day or a minute lets in: there will never be room for it. */
  readonly fits: boolean;
}

/** What is left of a day and of a minute. */
export interface Room extends MessageTotals {
  readonly bytesOfMinute: number;
}

/** What may still come in the slot's day and minute; null when the profile limits nothing. */
export async function roomIn(slot: StreamSlot, world: QuotaWorld): Promise<Room | null> {
  const { limits } = world.tenant;
  if (!isLimited(limits)) return null;
  const { messagesPerDay = Number.POSITIVE_INFINITY, messageBytesPerDay = Number.POSITIVE_INFINITY } = limits;
  const [used, minute] = await Promise.all([usedOn(dayOf(slot.minute), world), minuteBytes(slot, world)]);
  return {
    messages: messagesPerDay - used.messages,
    bytes: messageBytesPerDay - used.bytes,
    bytesOfMinute: bytesPerMinute(limits) - minute,
  };
}

async function usedOn(day: string, world: QuotaWorld): Promise<MessageTotals> {
  const noted = await world.registry.list<ShardUsage>(messageUsagePart(day));
  if (noted.length > 0) return totalUsed(noted.map(({ value }) => value));
  // The first of the day; or the profile has begun to limit in its middle.
  const runs = await world.ledger.streamRuns(day);
  const lastOfEach = new Map(runs.map((run) => [nameOf(run), run]));
  for (const run of lastOfEach.values()) await noteUsage(run, world);
  return totalUsed([usageOfRuns(runs)]);
}

async function minuteBytes({ minute }: StreamSlot, { tenant, ledger }: QuotaWorld): Promise<number> {
  if (tenant.limits.messageBytesPerSecond === undefined) return 0;
  return (await ledger.streamRunsOf(minute)).reduce((sum, run) => sum + letIn(run).bytes, 0);
}

/** Of messages in their order those that find no room, each with the reason. One that is too large leaves its room to the next. */
export function overQuota(
  messages: readonly Pick<Message, 'position' | 'data'>[],
  room: Room | null,
  limits: MessageLimits,
): ReadonlyMap<string, OverQuota> {
  const over = new Map<string, OverQuota>();
  if (!room) return over;
  let { messages: left, bytes, bytesOfMinute } = room;
  for (const { position, data } of messages) {
    const size = data.byteLength;
    if (left >= 1 && size <= bytes && size <= bytesOfMinute) {
      left--;
      bytes -= size;
      bytesOfMinute -= size;
    } else over.set(position, tooLarge(size, limits) ?? noRoom(left, size > bytes, limits));
  }
  return over;
}

function tooLarge(size: number, limits: MessageLimits): OverQuota | null {
  const { messageBytesPerDay: ofDay = Number.POSITIVE_INFINITY } = limits;
  const because = (most: number, unit: string) =>
    `the message has ${size} bytes, more than the ${most} of a whole ${unit}`;
  if (size > ofDay) return { code: 'SLU-3031', message: because(ofDay, 'day'), fits: false };
  const ofMinute = bytesPerMinute(limits);
  if (size > ofMinute) return { code: 'SLU-3032', message: because(ofMinute, 'minute'), fits: false };
  return null;
}

function noRoom(messagesLeft: number, ofBytes: boolean, limits: MessageLimits): OverQuota {
  const { messagesPerDay, messageBytesPerDay, messageBytesPerSecond } = limits;
  const full = (code: Code, message: string): OverQuota => ({ code, message, fits: true });
  if (messagesLeft < 1) return full('SLU-3031', `the day has had its ${messagesPerDay} messages`);
  if (ofBytes) return full('SLU-3031', `the day has had its ${messageBytesPerDay} bytes of messages`);
  const most = `${bytesPerMinute(limits)} bytes of messages, ${messageBytesPerSecond} a second`;
  return full('SLU-3032', `the minute has had its ${most}`);
}

/**
 * Notes how far a stream run has grown, for the next that ask. What dies before it does so leaves its batch to come again, and that brings it up to date: so
 * what is not noted is at most one batch of each that works at the same time.
 */
export async function noteUsage(run: StreamRun, world: QuotaWorld): Promise<void> {
  if (!isLimited(world.tenant.limits)) return;
  const part = messageUsagePart(dayOf(run.minute));
  const name = nameOf(run);
  for (;;) {
    const { noted, seen } = await world.registry.change<ShardUsage, Noted>(part, name, (before) => {
      const after = before && noteRun(before, run);
      return { value: after ?? before, result: { noted: after !== null, seen: before } };
    });
    if (noted) return;
    // Nobody has counted on this day yet, or the run is one of those that are folded: the runs themselves tell.
    const runs = (await world.ledger.streamRuns(dayOf(run.minute))).filter((each) => nameOf(each) === name);
    const replaced = await world.registry.change<ShardUsage, boolean>(part, name, (before) => {
      const same = isDeepStrictEqual(before, seen);
      return { value: same ? usageOfRuns(runs) : before, result: same };
    });
    if (replaced) return;
  }
}

interface Noted {
  readonly noted: boolean;
  /** The usage as it was before. */
  readonly seen: ShardUsage | null;
}
