import { USAGE_PART } from '../core/control/admission.ts';
import { noUsage, totalOf, type Usage, type UsageLimits } from '../core/control/usage.ts';
import { inOrder, listOpen, type OpenRun } from '../core/control/waiting.ts';
import { capped } from '../core/model/capped.ts';
import type { Limits } from '../core/model/tenant.ts';
import { deployedNamed } from './deployed.ts';
import { messageQuotaOf, messageQuotaTable } from './message-quota.ts';
import { bytes, type Result, table } from './ui.ts';
import { inWorld, type OperatorWorld } from './world.ts';

/** One limit of a day or of a moment. */
export interface QuotaLine {
  readonly limit: keyof UsageLimits;
  readonly allowed: number;
  /** True for a limit that the profile does not name. */
  readonly platform: boolean;
  /** By files that have loaded. */
  readonly used: number;
  /** By files that are being loaded. */
  readonly reserved: number;
  readonly left: number;
}

export const quotaOf = (limits: Limits, usage: Usage): QuotaLine[] => {
  const all = capped(limits);
  const total = totalOf(usage);
  const line = (limit: keyof UsageLimits, used: number, reserved: number): QuotaLine => {
    const allowed = all[limit];
    const left = Math.max(0, allowed - used - reserved);
    return { limit, allowed, platform: limits[limit] === undefined, used, reserved, left };
  };
  return [
    line('filesPerDay', usage.files, total.files - usage.files),
    line('bytesPerDay', usage.bytes, total.bytes - usage.bytes),
    line('rowsPerDay', usage.rows, total.rows - usage.rows),
    line('filesAtOnce', 0, Object.keys(usage.reserved).length),
  ];
};

/** What has been used and reserved of a day, UTC. */
export const usageOf = async (world: OperatorWorld, tenant: string, day: string): Promise<Usage> =>
  (await world.registry(tenant).read<Usage>(USAGE_PART, day)) ?? noUsage;

/** `sluice quota`: used, reserved and left of today, of files and of messages, and the files that wait. */
export const runQuota = (id: string): Promise<Result> =>
  inWorld(async (world) => {
    const { tenant } = await deployedNamed(world, id);
    const now = new Date();
    const day = now.toISOString().slice(0, 10);
    const limits = quotaOf(tenant.limits, await usageOf(world, id, day));
    const waiting = inOrder((await listOpen(world.registry(id))).filter(({ waits }) => waits !== null));
    const messages = await messageQuotaOf(world, id, tenant.limits, now);
    const data = { tenant: id, day, limits, waiting: waiting.map(waitingLine), messages };
    const tables = [quotaTable(limits), messageQuotaTable(messages), waitingTable(data.waiting)];
    return { data, lines: [`${id}  ${day} (UTC)`, ...tables.flatMap((lines) => ['', ...lines])] };
  });

export const quotaTable = (lines: readonly QuotaLine[]): string[] => {
  const shown = (name: keyof UsageLimits, value: number) =>
    name === 'bytesPerDay' ? bytes(value) : value.toLocaleString('en-US');
  return table([
    ['limit', 'used', 'reserved', 'left', 'of'],
    ...lines.map(({ limit, allowed, platform, used, reserved, left }) => [
      words[limit],
      limit === 'filesAtOnce' ? '-' : shown(limit, used),
      shown(limit, reserved),
      shown(limit, left),
      `${shown(limit, allowed)}${platform ? ' (platform)' : ''}`,
    ]),
  ]);
};

const words: Readonly<Record<keyof UsageLimits, string>> = {
  filesPerDay: 'files a day',
  bytesPerDay: 'bytes a day',
  rowsPerDay: 'rows a day',
  filesAtOnce: 'files at once',
};

const waitingLine = ({ run, delivery, arrivedAt, bytes: size, priority, waits }: OpenRun) => ({
  run: run.id,
  key: delivery.object.key,
  arrivedAt: new Date(arrivedAt),
  bytes: size,
  priority,
  waitsFor: waits?.for ?? null,
  until: waits ? new Date(waits.until) : null,
});

const waitingTable = (waiting: readonly ReturnType<typeof waitingLine>[]): string[] =>
  waiting.length === 0
    ? ['no file waits']
    : table([
        ['waiting, next first', 'for', 'until', 'arrived', 'size', 'priority', 'run'],
        ...waiting.map((line) => [
          line.key,
          line.waitsFor ?? '-',
          line.until ? time(line.until) : '-',
          time(line.arrivedAt),
          bytes(line.bytes),
          String(line.priority),
          line.run,
        ]),
      ]);

const time = (at: Date): string => at.toISOString().slice(0, 16).replace('T', ' ');
