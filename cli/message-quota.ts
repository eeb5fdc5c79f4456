import { KEPT_PART } from '../core/control/kept.ts';
import { bytesPerMinute } from '../core/control/message-quota.ts';
import type { MessageTotals, StreamRun } from '../core/model/run.ts';
import { letIn } from '../core/model/tally.ts';
import type { Limits } from '../core/model/tenant.ts';
import { bytes, table } from './ui.ts';
import type { OperatorWorld } from './world.ts';

/** One limit of messages; `allowed` and `left` are null where the profile has none. */
export interface MessageQuotaLine {
  readonly limit: 'messagesPerDay' | 'messageBytesPerDay' | 'messageBytesPerSecond';
  readonly allowed: number | null;
  /** Let in of those that arrived today; for bytes a second, in this minute. */
  readonly used: number;
  readonly left: number | null;
}

export interface MessageQuota {
  readonly limits: readonly MessageQuotaLine[];
  /** Of today's messages those that found no room. */
  readonly over: MessageTotals;
  /** Runs with messages that the platform keeps until there is room. */
  readonly kept: readonly string[];
}

/** What messages have used of a day and of the minute `now` is in: told by the stream runs, which count each once. */
export async function messageQuotaOf(
  world: OperatorWorld,
  tenant: string,
  limits: Limits,
  now: Date,
): Promise<MessageQuota> {
  const runs = await world.ledger(tenant).streamRuns(now.toISOString().slice(0, 10));
  const minute = Math.floor(now.getTime() / 60_000) * 60_000;
  const day = sum(runs.map(letIn));
  const line = (limit: MessageQuotaLine['limit'], used: number, allowed = limits[limit]): MessageQuotaLine => ({
    limit,
    allowed: allowed ?? null,
    used,
    left: allowed === undefined ? null : Math.max(0, allowed - used),
  });
  const ofMinute = sum(runs.filter((run) => run.minute.getTime() === minute).map(letIn)).bytes;
  const perMinute = limits.messageBytesPerSecond === undefined ? undefined : bytesPerMinute(limits);
  return {
    limits: [
      line('messagesPerDay', day.messages),
      line('messageBytesPerDay', day.bytes),
      line('messageBytesPerSecond', ofMinute, perMinute),
    ],
    over: sum(runs.map(overOf)),
    kept: (await world.registry(tenant).list(KEPT_PART)).map(({ name }) => name),
  };
}

const overOf = ({ feeds }: StreamRun): MessageTotals =>
  sum(Object.values(feeds).flatMap(({ overQuota }) => (overQuota ? [overQuota] : [])));

const sum = (totals: readonly MessageTotals[]): MessageTotals => ({
  messages: totals.reduce((total, each) => total + each.messages, 0),
  bytes: totals.reduce((total, each) => total + each.bytes, 0),
});

const words: Readonly<Record<MessageQuotaLine['limit'], string>> = {
  messagesPerDay: 'messages a day',
  messageBytesPerDay: 'their bytes a day',
  messageBytesPerSecond: 'their bytes this minute',
};

export function messageQuotaTable({ limits, over, kept }: MessageQuota): string[] {
  const shown = (limit: MessageQuotaLine['limit'], value: number | null) =>
    value === null ? '-' : limit === 'messagesPerDay' ? value.toLocaleString('en-US') : bytes(value);
  const rows = limits.map(({ limit, allowed, used, left }) => [
    words[limit],
    shown(limit, used),
    shown(limit, left),
    allowed === null ? 'no limit' : shown(limit, allowed),
  ]);
  const beyond = `over the quota: ${over.messages.toLocaleString('en-US')} messages, ${bytes(over.bytes)}`;
  return [
    ...table([['limit', 'used', 'left', 'of'], ...rows]),
    ...(over.messages > 0 ? [beyond] : []),
    ...(kept.length > 0 ? [`kept until there is room: messages of ${kept.join(', ')}`] : []),
  ];
}
