import type { Clock } from '../ports.ts';

export interface WriteTimes {
  readonly clock: Clock;
  /** Milliseconds into the past that the database takes a write time; absent: for ever. */
  readonly writeTimeReach?: number;
}

/** The earliest write time that the database takes by now, in microseconds since 1970. */
export const earliestWriteTime = ({ clock, writeTimeReach }: WriteTimes): number =>
  writeTimeReach === undefined ? Number.NEGATIVE_INFINITY : (clock.now().getTime() - writeTimeReach) * 1000;
