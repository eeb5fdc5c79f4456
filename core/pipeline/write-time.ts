import type { FileRun } from '../model/run.ts';
import type { Limits } from '../model/tenant.ts';
import type { Clock } from '../ports.ts';

export interface WriteTimes {
  readonly clock: Clock;
  /** Milliseconds into the past that the database takes a write time; absent: for ever. */
  readonly writeTimeReach?: number;
}

/** The earliest write time that the database takes by now, in microseconds since 1970. */
export const earliestWriteTime = ({ clock, writeTimeReach }: WriteTimes): number =>
  writeTimeReach === undefined ? Number.NEGATIVE_INFINITY : (clock.now().getTime() - writeTimeReach) * 1000;

/** The write time of a row of a file: its position, scaled into one second, so that of two rows with one key the later in the file stays. */
export const rowWriteTime = (
  { writeTimeBase }: Pick<FileRun, 'writeTimeBase'>,
  position: number | string,
  { maxFileRows }: Limits,
): number =>
  writeTimeBase + (maxFileRows < 1_000_000 ? Number(position) : Math.floor((Number(position) * 999_999) / maxFileRows));
