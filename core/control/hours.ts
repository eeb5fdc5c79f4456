import { scheduleOf } from '../model/cron.ts';
import type { Hours } from '../model/tenant.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** When loading may begin: now (null), or at the time given. `from` equal to `to` means all day. */
export function opensAt(hours: Hours | undefined, now: Date): Date | null {
  if (!hours) return null;
  return 'cron' in hours ? byCron(hours, now) : byClock(hours, now);
}

function byClock({ from, to }: { from: string; to: string }, now: Date): Date | null {
  const midnight = Math.floor(now.getTime() / DAY) * DAY;
  const at = now.getTime() - midnight;
  const [start, end] = [minutesOf(from) * MINUTE, minutesOf(to) * MINUTE];
  const open = start === end || (start < end ? at >= start && at < end : at >= start || at < end);
  if (open) return null;
  return new Date(midnight + start + (at >= start ? DAY : 0));
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

function byCron({ cron, minutes }: { cron: string; minutes: number }, now: Date): Date | null {
  // The library looks for times after the one given; the last moment may be this very one.
  const since = new Date(now.getTime() - minutes * MINUTE - 1000);
  const opened = scheduleOf(cron).nextRun(since);
  if (opened && opened <= now) return null;
  return opened;
}

/** The first moment of the next day, UTC, when daily quotas are whole again. */
export const nextDay = (now: Date): Date => new Date((Math.floor(now.getTime() / DAY) + 1) * DAY);
