import { CliError } from './errors.ts';

const DAY = 86_400_000;

/** The days of a report, UTC, the first first: since the given one, or a week with today. */
export const daysSince = (since: string | undefined): string[] => {
  const today = Date.parse(new Date().toISOString().slice(0, 10));
  const first = since === undefined ? today - 6 * DAY : Date.parse(since);
  const valid = since === undefined || (/^\d{4}-\d\d-\d\d$/.test(since) && !Number.isNaN(first) && first <= today);
  if (!valid) throw new CliError('SLU-4003', `--since: "${since}" is not a day in the past such as 2026-01-31`);
  const count = (today - first) / DAY + 1;
  return Array.from({ length: count }, (_, index) => new Date(first + index * DAY).toISOString().slice(0, 10));
};
