import { comparePositions, partsOf } from '../model/position.ts';
import type { FileRun, Message, Stamp } from '../model/run.ts';
import type { Limits } from '../model/tenant.ts';
import type { Clock } from '../ports.ts';
import type { Dated } from './rejected-message.ts';

export interface WriteTimes {
  readonly clock: Clock;
  /** Milliseconds into the past that the database takes a write time; absent: for ever. */
  readonly writeTimeReach?: number;
}

/** The earliest write time that the database takes by now, in microseconds since 1970. */
export const earliestWriteTime = ({ clock, writeTimeReach }: WriteTimes): number =>
  writeTimeReach === undefined ? Number.NEGATIVE_INFINITY : (clock.now().getTime() - writeTimeReach) * 1000;

/**
 * Microseconds that the rows of a file share. Versions of one key lie an eighth of a second apart at the least (`SLOT` in core/control/history.ts): no row of one may be dated later than the
 * next begins.
 */
export const SPAN = 124_999;

/** The write time of a row of a file: its position, scaled into an eighth of a second, so that of two rows with one key the later in the file stays. */
export const rowWriteTime = (
  { writeTimeBase }: Pick<FileRun, 'writeTimeBase'>,
  position: number | string,
  { maxFileRows }: Limits,
): number =>
  writeTimeBase + (maxFileRows <= SPAN ? Number(position) : Math.floor((Number(position) * SPAN) / maxFileRows));

/**
 * Messages of one shard by their position, with their write times in microseconds since 1970: their arrival, and a microsecond later for each that arrived in the same millisecond, so that
 * of two messages with one key the later in the shard stays. `last` is the last message of the shard that has been counted: those behind it go on from there,
 * however they are cut into batches. Those before it are late, and are dated by their arrival alone.
 */
export function datedMessages(
  messages: readonly Message[],
  last: Stamp | null,
  world: WriteTimes,
): ReadonlyMap<string, Dated> {
  const earliest = earliestWriteTime(world);
  const dated = new Map<string, Dated>();
  let before = Number.NEGATIVE_INFINITY;
  let late = last !== null;
  let index = 0;
  for (const message of messages.toSorted((a, b) => comparePositions(a.position, b.position))) {
    if (late && last && comparePositions(message.position, last.position) > 0) {
      before = Math.max(before, last.writeTime);
      late = false;
    }
    // Messages that have waited for longer than the database takes write times follow each other right before its limit.
    before = Math.max(arrivalTime(message), before + 1, earliest - messages.length + index++);
    dated.set(message.position, { message, writeTime: before });
  }
  return dated;
}

/**
 * A sequence number counts records in the digits above its lowest 80 bits (kinesalite, db/index.js `parseSequence`): late messages of one millisecond keep their
 * order by it, but for one time in a thousand, and those of one record by their places. Were it built otherwise, the time would still be the same each time.
 */
function arrivalTime({ arrivedAt, position }: Message): number {
  const [sequence, place] = partsOf(position);
  return arrivedAt.getTime() * 1000 + Number((BigInt(sequence) >> 80n) % 1000n) + (place ?? 0);
}
