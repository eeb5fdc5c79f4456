import type { Plan } from '../../model/plan.ts';
import type { Place } from '../../model/row.ts';
import type { FileRun } from '../../model/run.ts';
import type { Limits } from '../../model/tenant.ts';
import { rowWriteTime, SPAN } from '../write-time.ts';

/**
 * The write times of the rows of a part, in microseconds since 1970. Each part has a share of the file's time for itself, by the number of its rows: rows of two parts are written
 * apart from each other, and must not have one time. A file in one part is dated as one that has none,
 * and so is one of a feed whose limit lets each row have a time of its own.
 */
export function momentsOf(
  run: Pick<FileRun, 'writeTimeBase'>,
  { counted, stretches }: Pick<Plan, 'counted' | 'stretches'>,
  index: number,
  limits: Limits,
): (place: Place) => number {
  if (!counted || stretches.length === 1 || limits.maxFileRows <= SPAN)
    return ({ position }) => rowWriteTime(run, position, limits);
  const { bases, rows } = counted;
  const first = (part: number): number => (bases[part]?.position ?? rows + 1) - 1;
  // A part has a microsecond at the least, and so there are enough of them for all.
  const free = Math.min(rows, SPAN - stretches.length);
  const from = index + Math.floor((first(index) / Math.max(1, rows)) * free);
  const to = index + 1 + Math.floor((first(index + 1) / Math.max(1, rows)) * free);
  const [before, own] = [first(index), Math.max(1, first(index + 1) - first(index))];
  return ({ position }) => {
    const at = Number(position) - 1 - before;
    return run.writeTimeBase + from + (own <= to - from ? at : Math.floor((at * (to - from)) / own));
  };
}
