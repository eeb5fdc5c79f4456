import { randomUUID } from 'node:crypto';
import type { types } from 'cassandra-driver';
import { comparePositions } from '../../core/model/position.ts';
import type { Stamp, StreamRun, StreamSlot } from '../../core/model/run.ts';
import { joined, lastOf } from '../../core/model/tally.ts';
import { streamRunOf } from './ledger-rows.ts';
import type { Positions } from './positions.ts';

/** A row of a stream run, without its positions. */
export interface Part {
  readonly name: string;
  readonly revision: string;
  /** The first and the last position in it; null in a row that an older version has written, which may hold any. */
  readonly ends: readonly [first: string, last: string] | null;
  readonly last: Stamp | null;
  readonly run: StreamRun;
}

/** The positions of a row, and those of them that were over the quota. */
export interface Held {
  readonly positions: Positions;
  readonly over: Positions;
}

/**
 * How a row's shard is written: of a replay with what it replays and when that was asked for, of a row after the first with its number. No shard's own
 * name has these signs (Kinesis: letters, digits, `_`, `.` and `-`).
 */
const REPLAY = '~';
const PART = '#';
export const AFTER_PARTS = String.fromCharCode(PART.charCodeAt(0) + 1);

export const nameOf = ({ shard, replay }: StreamSlot): string =>
  replay ? [shard, replay.of, replay.requestedAt.getTime()].join(REPLAY) : shard;

export const partName = (name: string, number: number): string =>
  number === 0 ? name : `${name}${PART}${String(number).padStart(4, '0')}`;

export const hourOf = (minute: Date): Date => new Date(Math.floor(minute.getTime() / 3_600_000) * 3_600_000);

function slotOf({ stream, minute, shard: part }: types.Row): StreamSlot {
  const [name = ''] = String(part).split(PART);
  const [shard = '', of, requestedAt] = name.split(REPLAY);
  const replay = of === undefined ? {} : { replay: { of, requestedAt: new Date(Number(requestedAt)) } };
  return { stream, minute, shard, ...replay };
}

/** The runs that rows are parts of. */
export const runsIn = (rows: readonly types.Row[]): StreamRun[] =>
  Object.values(
    Object.groupBy(rows, ({ minute, stream, shard }) => [minute.getTime(), stream, shard.split(PART)[0]].join(' ')),
  ).map((parts = []) => joined(...(parts.map((row) => streamRunOf(row, slotOf(row))) as [StreamRun])));

export const partOf = (row: types.Row, slot: StreamSlot): Part => ({
  name: row.shard,
  revision: String(row.revision),
  ends: row.first_position ? [row.first_position, row.last_position] : null,
  last: row.last_position ? { position: row.last_position, writeTime: Number(row.last_write_time) } : null,
  run: streamRunOf(row, slot),
});

/** A row with more messages in it, or a new one, which it names. */
export function grown(
  before: Part | null,
  name: string,
  run: StreamRun,
  fresh: readonly Stamp[],
  all: Positions,
): Part & { readonly ends: readonly [string, string] } {
  const positions = before && !before.ends ? all.list() : fresh.map(({ position }) => position);
  return {
    name,
    revision: randomUUID(),
    ends: endsOf([...(before?.ends ?? []), ...positions]),
    last: lastOf([...(before?.last ? [before.last] : []), ...fresh]),
    run,
  };
}

/** The rows that may hold one of these positions, and the last one, whatever it holds: the others are complete. */
export function askedOf(parts: readonly Part[], positions: readonly string[]): Part[] {
  if (positions.length === 0) return [];
  const [first, last] = endsOf(positions);
  return parts.filter(
    ({ ends }, at) =>
      at === parts.length - 1 ||
      !ends ||
      (comparePositions(ends[0], last) <= 0 && comparePositions(first, ends[1]) <= 0),
  );
}

function endsOf(positions: readonly string[]): [first: string, last: string] {
  let [first = '', last = ''] = [positions[0], positions[0]];
  for (const position of positions) {
    if (comparePositions(position, last) > 0) last = position;
    else if (comparePositions(position, first) < 0) first = position;
  }
  return [first, last];
}
