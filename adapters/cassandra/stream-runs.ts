import { randomUUID } from 'node:crypto';
import type { Client, types } from 'cassandra-driver';
import { comparePositions } from '../../core/model/position.ts';
import type { Stamp, StreamRun, StreamSlot } from '../../core/model/run.ts';
import { addMessages, emptyStreamRun, joined, lastOf } from '../../core/model/tally.ts';
import type { Clock, Ledger, LedgerReader } from '../../core/ports.ts';
import type { Dialect } from './client.ts';
import { conditionally, readAll } from './conditional.ts';
import { worldError } from './errors.ts';
import { ledgerCql } from './ledger-cql.ts';
import { streamRunOf } from './ledger-rows.ts';
import { noPositions, type Positions, unpack } from './positions.ts';

/**
 * Records whose positions one row of a stream run holds; a row that has as many is complete, and never changes again. Each invocation writes its row
 * anew: this keeps the row small. A batch may fill a row beyond this, and no row beyond Keyspaces' megabyte: a record takes 25 bytes at most.
 */
export const ROW_RECORDS = 4096;

/**
 * How a row's shard is written: of a replay with what it replays and when that was asked for, of a row after the first with its number. No shard's own
 * name has these signs (Kinesis: letters, digits, `_`, `.` and `-`).
 */
const REPLAY = '~';
const PART = '#';
const AFTER_PARTS = String.fromCharCode(PART.charCodeAt(0) + 1);

const nameOf = ({ shard, replay }: StreamSlot): string =>
  replay ? [shard, replay.of, replay.requestedAt.getTime()].join(REPLAY) : shard;

const partName = (name: string, number: number): string =>
  number === 0 ? name : `${name}${PART}${String(number).padStart(4, '0')}`;

function slotOf({ stream, minute, shard: part }: types.Row): StreamSlot {
  const [name = ''] = String(part).split(PART);
  const [shard = '', of, requestedAt] = name.split(REPLAY);
  const replay = of === undefined ? {} : { replay: { of, requestedAt: new Date(Number(requestedAt)) } };
  return { stream, minute, shard, ...replay };
}

/** The ledger's stream runs of one tenant: a shard and a minute each, in as many rows as their positions need. */
export function streamRuns(
  client: Client,
  keyspace: string,
  clock: Clock,
  { serialRead }: Dialect,
): Pick<Ledger, 'counted' | 'tally'> & Pick<LedgerReader, 'streamRuns' | 'streamRunsIn' | 'streamRunsOf'> {
  const cql = ledgerCql(keyspace);

  const read = async (text: string, params: unknown[]): Promise<types.Row[]> => {
    try {
      return (await client.execute(text, params, { prepare: true, consistency: serialRead })).rows;
    } catch (error) {
      throw worldError(error, 'reading a stream run');
    }
  };

  /** All rows of a stream run without their positions, the first one first. */
  const partsOf = (slot: StreamSlot) => {
    const { stream, minute } = slot;
    const name = nameOf(slot);
    return read(cql.selectSlotParts, [hourOf(minute), minute, stream, name, `${name}${AFTER_PARTS}`]);
  };

  const readPart = async ({ stream, minute }: StreamSlot, part: string) =>
    (await read(cql.selectSlot, [hourOf(minute), minute, stream, part]))[0];

  /** The rows that may hold one of these positions, and the last row, whatever it holds: the others are complete. */
  async function positionsIn(slot: StreamSlot, parts: readonly types.Row[], positions: readonly string[]) {
    const [first, last] = endsOf(positions);
    const asked = parts.filter((row, at) => at === parts.length - 1 || meets(row, first, last));
    const rows = await Promise.all(asked.map((row) => readPart(slot, row.shard)));
    return rows
      .filter((row) => row !== undefined)
      .map((row) => ({
        row,
        positions: unpack(row.positions),
        over: row.over_quota ? unpack(row.over_quota) : noPositions(),
      }));
  }

  const streamRunsIn = async (hour: Date): Promise<StreamRun[]> =>
    runsIn(await readAll(client, cql.selectStreamRuns, [hour]));

  return {
    async counted(slot, positions) {
      const parts = await partsOf(slot);
      if (positions.length === 0) return { positions: new Set(), over: new Set(), last: lastIn(parts) };
      const found = await positionsIn(slot, parts, positions);
      const known = positions.filter((position) => found.some((part) => part.positions.has(position)));
      const over = known.filter((position) => found.some((part) => part.over.has(position)));
      return { positions: new Set(known), over: new Set(over), last: lastIn(parts) };
    },

    async tally(slot, messages) {
      const unique = [...new Map(messages.map((message) => [message.position, message])).values()];
      const asked = unique.map(({ position }) => position);
      for (;;) {
        const parts = await partsOf(slot);
        const found = await positionsIn(slot, parts, asked);
        const fresh = unique.filter(({ position }) => !found.some((part) => part.positions.has(position)));
        const whole = () => joined(...(parts.map((row) => streamRunOf(row, slot)) as [StreamRun]));
        if (fresh.length === 0) return parts.length === 0 ? emptyStreamRun(slot, clock.now()) : whole();
        const last = found.at(-1);
        const open = last && last.positions.records < ROW_RECORDS ? last : null;
        const before = open ? streamRunOf(open.row, slot) : emptyStreamRun(slot, clock.now());
        const after = addMessages(before, fresh, clock.now());
        const held = (open?.positions ?? noPositions()).with(fresh.map(({ position }) => position));
        const over = (open?.over ?? noPositions()).with(
          fresh.filter((message) => message.overQuota).map(({ position }) => position),
        );
        const name = open ? open.row.shard : partName(nameOf(slot), parts.length);
        if (!(await write(slot, name, open?.row, after, { held, over }, fresh))) continue;
        const others = parts.filter((row) => row.shard !== name).map((row) => streamRunOf(row, slot));
        return joined(...([...others, after] as [StreamRun]));
      }
    },

    async streamRuns(day) {
      const midnight = Date.parse(`${day}T00:00:00Z`);
      const hours = Array.from({ length: 24 }, (_, hour) => new Date(midnight + hour * 3_600_000));
      return (await Promise.all(hours.map(streamRunsIn))).flat();
    },

    streamRunsIn,

    streamRunsOf: async (minute) => runsIn(await readAll(client, cql.selectMinute, [hourOf(minute), minute])),
  };

  /** False when another was faster: then the row has another revision, or is there already. */
  async function write(
    slot: StreamSlot,
    part: string,
    before: types.Row | undefined,
    run: StreamRun,
    { held, over }: { readonly held: Positions; readonly over: Positions },
    fresh: readonly Stamp[],
  ): Promise<boolean> {
    const revision = randomUUID();
    const [first, last] = endsOf([
      ...(before?.first_position ? [before.first_position] : []),
      ...(before?.last_position ? [before.last_position] : []),
      ...(before && !before.first_position ? held.list() : fresh.map(({ position }) => position)),
    ]);
    const stamps = [...(stampOf(before) ?? []), ...fresh];
    const values = [
      revision,
      held.pack(),
      over.records > 0 ? over.pack() : null,
      first,
      last,
      lastOf(stamps)?.writeTime,
      JSON.stringify(run.feeds),
      run.startedAt,
      run.endedAt,
      JSON.stringify(run.firstRejections),
    ];
    const key = [hourOf(slot.minute), slot.minute, slot.stream, part];
    const made = async () => (await readPart(slot, part))?.revision === revision;
    const text = before ? cql.updateSlot : cql.insertSlot;
    const params = [...values, ...key, ...(before ? [before.revision] : [])];
    return conditionally(client, text, params, 'counting messages', made);
  }
}

/** The runs that rows are parts of. */
const runsIn = (rows: readonly types.Row[]): StreamRun[] =>
  Object.values(
    Object.groupBy(rows, ({ minute, stream, shard }) => [minute.getTime(), stream, shard.split(PART)[0]].join(' ')),
  ).map((parts = []) => joined(...(parts.map((row) => streamRunOf(row, slotOf(row))) as [StreamRun])));

const hourOf = (minute: Date): Date => new Date(Math.floor(minute.getTime() / 3_600_000) * 3_600_000);

function endsOf(positions: readonly string[]): [first: string, last: string] {
  let [first = '', last = ''] = [positions[0], positions[0]];
  for (const position of positions) {
    if (comparePositions(position, first) < 0) first = position;
    if (comparePositions(position, last) > 0) last = position;
  }
  return [first, last];
}

/** A row that an older version has written names no ends, and may hold any position. */
const meets = ({ first_position, last_position }: types.Row, first: string, last: string): boolean =>
  !first_position || (comparePositions(first_position, last) <= 0 && comparePositions(first, last_position) <= 0);

const stampOf = (row: types.Row | undefined): Stamp[] | null =>
  row?.last_position ? [{ position: row.last_position, writeTime: Number(row.last_write_time) }] : null;

const lastIn = (parts: readonly types.Row[]): Stamp | null => lastOf(parts.flatMap((row) => stampOf(row) ?? []));
