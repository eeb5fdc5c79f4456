import type { Client, types } from 'cassandra-driver';
import { distinct } from '../../core/model/position.ts';
import type { Stamp, StreamRun, StreamSlot } from '../../core/model/run.ts';
import { addMessages, emptyStreamRun, joined, lastOf } from '../../core/model/tally.ts';
import type { Clock, Ledger, LedgerReader } from '../../core/ports.ts';
import type { Dialect } from './client.ts';
import { conditionally, readAll } from './conditional.ts';
import { worldError } from './errors.ts';
import { ledgerCql } from './ledger-cql.ts';
import { noPositions, unpack } from './positions.ts';
import {
  AFTER_PARTS,
  askedOf,
  grown,
  type Held,
  hourOf,
  nameOf,
  type Part,
  partName,
  partOf,
  runsIn,
} from './stream-parts.ts';

/**
 * Records whose positions one row of a stream run holds; a row that has as many is complete, and never changes again. Each invocation writes its row
 * anew: this keeps the row small. A batch may fill a row beyond this, and no row beyond Keyspaces' megabyte: a record takes 25 bytes at most.
 */
export const ROW_RECORDS = 4096;

/** A stream run as it was found or left: all its rows, and by revision the positions of some. */
interface Seen {
  readonly parts: readonly Part[];
  readonly held: ReadonlyMap<string, Held>;
}

/**
 * The ledger's stream runs of one tenant: a shard and a minute each, in as many rows as their positions need. What it has seen of the last one it keeps: a row's
 * positions are those of its revision, so that the next batch need not read them again; and counting begins with what is known, for where another has counted
 * since, the compare-and-set fails, and the rows are read.
 */
export function streamRuns(
  client: Client,
  keyspace: string,
  clock: Clock,
  { serialRead }: Dialect,
): Pick<Ledger, 'counted' | 'tally'> & Pick<LedgerReader, 'streamRuns' | 'streamRunsIn' | 'streamRunsOf'> {
  const cql = ledgerCql(keyspace);
  let kept: (Seen & { readonly key: string }) | null = null;

  const keyOf = (slot: StreamSlot): string => [slot.minute.getTime(), slot.stream, nameOf(slot)].join(' ');
  const keptOf = (slot: StreamSlot): Seen | null => (kept?.key === keyOf(slot) ? kept : null);
  const keep = (slot: StreamSlot, seen: Seen): Seen => {
    kept = { ...seen, key: keyOf(slot) };
    return seen;
  };

  const read = async (text: string, params: unknown[]): Promise<types.Row[]> => {
    try {
      return (await client.execute(text, params, { prepare: true, consistency: serialRead })).rows;
    } catch (error) {
      throw worldError(error, 'reading a stream run');
    }
  };

  const readPart = async ({ stream, minute }: StreamSlot, part: string) =>
    (await read(cql.selectSlot, [hourOf(minute), minute, stream, part]))[0];

  /** All rows of a stream run, the first one first, with the positions of those that may hold one of these, and of the last one in any case. */
  async function look(slot: StreamSlot, positions: readonly string[]): Promise<Seen> {
    const { stream, minute } = slot;
    const name = nameOf(slot);
    const rows = await read(cql.selectSlotParts, [hourOf(minute), minute, stream, name, `${name}${AFTER_PARTS}`]);
    const before = keptOf(slot);
    const parts = rows.map((row) => partOf(row, slot));
    const held = new Map<string, Held>();
    const asked = askedOf(parts, positions).map(async (part) => {
      const known = before?.held.get(part.revision);
      const row = known ? undefined : await readPart(slot, part.name);
      if (known) held.set(part.revision, known);
      if (!row) return;
      // It may have changed since.
      const now = partOf(row, slot);
      parts[parts.indexOf(part)] = now;
      held.set(now.revision, {
        positions: unpack(row.positions),
        over: row.over_quota ? unpack(row.over_quota) : noPositions(),
      });
    });
    await Promise.all(asked);
    return keep(slot, { parts, held });
  }

  const streamRunsIn = async (hour: Date): Promise<StreamRun[]> =>
    runsIn(await readAll(client, cql.selectStreamRuns, [hour]));

  return {
    async counted(slot, positions) {
      const { parts, held } = await look(slot, positions);
      const found = [...held.values()];
      const known = positions.filter((position) => found.some((part) => part.positions.has(position)));
      const over = known.filter((position) => found.some((part) => part.over.has(position)));
      return { positions: new Set(known), over: new Set(over), last: lastIn(parts) };
    },

    async tally(slot, messages) {
      const unique = distinct(messages);
      const asked = unique.map(({ position }) => position);
      const known = keptOf(slot);
      const isEnough = known !== null && askedOf(known.parts, asked).every(({ revision }) => known.held.has(revision));
      for (let seen = isEnough ? known : null; ; seen = null) {
        const { parts, held } = seen ?? (await look(slot, asked));
        const found = [...held.values()];
        const fresh = unique.filter(({ position }) => !found.some((part) => part.positions.has(position)));
        if (fresh.length === 0) {
          // Nothing is written that would tell whether it still is as it was seen.
          if (seen) continue;
          return parts.length === 0 ? emptyStreamRun(slot, clock.now()) : whole(parts);
        }
        const last = parts.at(-1);
        const lastHeld = last && held.get(last.revision);
        const open = lastHeld && lastHeld.positions.records < ROW_RECORDS ? { ...lastHeld, part: last } : null;
        const before = open?.part.run ?? emptyStreamRun(slot, clock.now());
        const positions = (open?.positions ?? noPositions()).with(fresh.map(({ position }) => position));
        const over = (open?.over ?? noPositions()).with(
          fresh.filter((message) => message.overQuota).map(({ position }) => position),
        );
        const name = open?.part.name ?? partName(nameOf(slot), parts.length);
        const part = grown(open?.part ?? null, name, addMessages(before, fresh, clock.now()), fresh, positions);
        if (!(await write(slot, part, { positions, over }, open?.part.revision))) continue;
        const now = [...(open ? parts.slice(0, -1) : parts), part];
        const others = [...held].filter(([revision]) => revision !== open?.part.revision);
        keep(slot, { parts: now, held: new Map([...others, [part.revision, { positions, over }]]) });
        return whole(now);
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

  /** False when another was faster: then the row has another revision than `before`, or is there already. */
  async function write(
    slot: StreamSlot,
    { name, revision, ends, last, run }: ReturnType<typeof grown>,
    { positions, over }: Held,
    before: string | undefined,
  ): Promise<boolean> {
    const values = [
      revision,
      positions.pack(),
      over.records > 0 ? over.pack() : null,
      ...ends,
      last?.writeTime,
      JSON.stringify(run.feeds),
      run.startedAt,
      run.endedAt,
      JSON.stringify(run.firstRejections),
    ];
    const key = [hourOf(slot.minute), slot.minute, slot.stream, name];
    const made = async () => String((await readPart(slot, name))?.revision) === revision;
    const text = before === undefined ? cql.insertSlot : cql.updateSlot;
    const params = [...values, ...key, ...(before === undefined ? [] : [before])];
    return conditionally(client, text, params, 'counting messages', made);
  }
}

const whole = (parts: readonly Part[]): StreamRun => joined(...(parts.map(({ run }) => run) as [StreamRun]));

const lastIn = (parts: readonly Part[]): Stamp | null => lastOf(parts.flatMap(({ last }) => last ?? []));
