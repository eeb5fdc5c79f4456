import { foundIn } from '../core/control/decisions.ts';
import { runsSince } from '../core/control/lag.ts';
import { policyOf } from '../core/control/policy.ts';
import { NO_FEED } from '../core/model/run.ts';
import { periodsOf } from '../core/report/periods.ts';
import { deployedNamed, feedNamed } from './deployed.ts';
import { CliError } from './errors.ts';
import { messageCells } from './report.ts';
import { bytes, type Result, table } from './ui.ts';
import { inWorld, type OperatorWorld } from './world.ts';

export interface PeriodsOptions {
  readonly hours?: string | undefined;
  readonly feed?: string | undefined;
}

const HOUR = 3_600_000;

/** `sluice stream periods`: what the ledger has of each period of the stream, by feed, and what the monitor found at its end. */
export const runPeriods = (id: string, options: PeriodsOptions): Promise<Result> => {
  const hours = Number(options.hours ?? 1);
  if (!Number.isInteger(hours) || hours < 1 || hours > 24) {
    throw new CliError('SLU-4003', `--hours takes a whole number from 1 to 24, not "${options.hours}"`);
  }
  return inWorld(async (world) => {
    const deployed = await deployedNamed(world, id);
    if (options.feed !== undefined) feedNamed(deployed, options.feed);
    const now = Date.now();
    const from = now - hours * HOUR;
    const runs = (await runsSince(world.ledger(id), from, now, hours)).filter(({ minute }) => minute.getTime() >= from);
    const found = await foundSince(world, id, from, now);
    const data = periodsOf(runs, policyOf(deployed.tenant.stream).periodMinutes).map(({ feeds, ...period }) => {
      const start = new Date(period.from).toISOString();
      const chosen = Object.entries(feeds).filter(([feed]) => options.feed === undefined || feed === options.feed);
      return { ...period, start, found: found.get(start.slice(0, 16)) ?? null, feeds: Object.fromEntries(chosen) };
    });
    const rows = data.flatMap(({ start, found: at, feeds }) =>
      Object.entries(feeds).map(([feed, { counts, bytes: size, milliseconds, throttles }]) => [
        start.slice(0, 16).replace('T', ' '),
        feed === NO_FEED ? '(no feed)' : feed,
        counts.read.toLocaleString('en-US'),
        bytes(size),
        counts.rejected.toLocaleString('en-US'),
        ...messageCells(milliseconds),
        throttles.toLocaleString('en-US'),
        at?.lagSeconds === null || at === null ? '-' : String(at.lagSeconds),
      ]),
    );
    if (rows.length === 0) return { data, lines: [`${id}: no messages in the last ${hours} h`] };
    return { data, lines: table([HEAD, ...rows]) };
  });
};

const HEAD = [
  ...['period (UTC)', 'feed', 'messages', 'size', 'rejected'],
  ...['ms: min', 'avg', 'p95', 'max', 'throttles', 'lag s'],
];

async function foundSince(world: OperatorWorld, id: string, from: number, now: number) {
  const hours: Date[] = [];
  for (let at = Math.floor(from / HOUR) * HOUR; at <= now; at += HOUR) hours.push(new Date(at));
  const registry = world.registry(id);
  const all = await Promise.all(
    hours.map(async (hour) =>
      Object.entries(await foundIn(registry, hour)).map(
        ([time, found]) => [`${hour.toISOString().slice(0, 11)}${time}`, found] as const,
      ),
    ),
  );
  return new Map(all.flat());
}
