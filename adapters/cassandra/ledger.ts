import { randomUUID } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Client } from 'cassandra-driver';
import { type FileRun, isSettled, type StreamRun, type StreamSlot, takenOver } from '../../core/model/run.ts';
import { addMessages, emptyStreamRun } from '../../core/model/tally.ts';
import type { Claim, Clock, Lease, Ledger, LedgerReader } from '../../core/ports.ts';
import { cassandraDialect, type Dialect } from './client.ts';
import { conditionally, readAll } from './conditional.ts';
import { worldError } from './errors.ts';
import { ledgerCql } from './ledger-cql.ts';
import { fileRunOf, fileRunParams, streamRunOf } from './ledger-rows.ts';

/** The ledger of one tenant in its own keyspace; the dialect says how to read what conditional writes have left. */
export function cassandraLedger(
  client: Client,
  keyspace: string,
  clock: Clock,
  { serialRead }: Dialect = cassandraDialect,
): Ledger & LedgerReader {
  const cql = ledgerCql(keyspace);
  const serial = { prepare: true, consistency: serialRead };

  const query = async (text: string, params: unknown[], doing: string, options = { prepare: true }) => {
    try {
      return await client.execute(text, params, options);
    } catch (error) {
      throw worldError(error, doing);
    }
  };

  const readRun = async ({ feed, day, id }: Pick<FileRun, 'feed' | 'day' | 'id'>) => {
    const row = (await query(cql.selectRun, [feed, day, id], 'reading a run', serial)).first();
    return row ? fileRunOf(row) : null;
  };

  const updateRun = (held: Lease, run: FileRun, owner: string, until: Date | null) => {
    const [key, mutable] = fileRunParams(run, owner, until);
    const params = [...mutable, ...key, held.owner, held.run.attempt];
    return conditionally(client, cql.updateRun, params, 'writing a run', async () => {
      const stored = await readRun(run);
      const same = stored?.owner === owner && stored.run.attempt === run.attempt && stored.run.state === run.state;
      return same && stored.until?.getTime() === until?.getTime();
    });
  };

  const readSlot = async ({ stream, shard, minute }: StreamSlot) =>
    (await query(cql.selectSlot, [hourOf(minute), minute, stream, shard], 'reading a stream run', serial)).first();

  return {
    async claim(run, owner, leaseSeconds): Promise<Claim> {
      const until = new Date(clock.now().getTime() + leaseSeconds * 1000);
      const [key, mutable] = fileRunParams(run, owner, until);
      const made = async () => (await readRun(run))?.owner === owner;
      if (await conditionally(client, cql.insertRun, [...key, ...mutable], 'opening a run', made)) {
        return { kind: 'held', lease: { run, owner, until } };
      }
      const stored = await readRun(run);
      if (!stored) throw new Error(`run ${run.id} was refused as existing and is not there`);
      if (isSettled(stored.run.state)) return { kind: 'settled', run: stored.run };
      if (stored.owner === owner && stored.until) {
        return { kind: 'held', lease: { run: stored.run, owner, until: stored.until } };
      }
      if (stored.until && stored.until > clock.now()) return { kind: 'busy', run: stored.run };
      const next = takenOver(stored.run, run);
      const held = { run: stored.run, owner: stored.owner, until };
      if (await updateRun(held, next, owner, until)) return { kind: 'held', lease: { run: next, owner, until } };
      return { kind: 'busy', run: (await readRun(run))?.run ?? stored.run };
    },

    async renew(lease, run, leaseSeconds) {
      const until = new Date(clock.now().getTime() + leaseSeconds * 1000);
      return (await updateRun(lease, run, lease.owner, until)) ? { run, owner: lease.owner, until } : null;
    },

    settle: (lease, run) => updateRun(lease, run, lease.owner, null),

    find: readRun,

    async counted(slot) {
      const row = await readSlot(slot);
      return row ? unpack(row.positions) : new Set();
    },

    async tally(slot, messages) {
      for (;;) {
        const row = await readSlot(slot);
        const before = row ? streamRunOf(row) : emptyStreamRun(slot, clock.now());
        const positions = row ? unpack(row.positions) : new Set<string>();
        const fresh = messages.filter(({ position }) => !positions.has(position) && positions.add(position));
        if (fresh.length === 0) return;
        const after = addMessages(before, fresh, clock.now());
        const revision = randomUUID();
        const { feeds, startedAt, endedAt, firstRejections } = after;
        const values = [
          revision,
          pack(positions),
          JSON.stringify(feeds),
          startedAt,
          endedAt,
          JSON.stringify(firstRejections),
        ];
        const key = [hourOf(slot.minute), slot.minute, slot.stream, slot.shard];
        const made = async () => (await readSlot(slot))?.revision === revision;
        const text = row ? cql.updateSlot : cql.insertSlot;
        const params = [...values, ...key, ...(row ? [row.revision] : [])];
        if (await conditionally(client, text, params, 'counting messages', made)) return;
      }
    },

    async fileRuns(feed, day) {
      const result = await readAll(client, cql.selectRuns, [feed, day]);
      return result.map((row) => fileRunOf(row).run);
    },

    async streamRuns(day) {
      const hours = Array.from(
        { length: 24 },
        (_, hour) => new Date(Date.parse(`${day}T00:00:00Z`) + hour * 3_600_000),
      );
      const results = await Promise.all(hours.map((hour) => readAll(client, cql.selectStreamRuns, [hour])));
      return results.flat().map(streamRunOf) satisfies StreamRun[];
    },
  };
}

const hourOf = (minute: Date): Date => new Date(Math.floor(minute.getTime() / 3_600_000) * 3_600_000);

/** Positions as sorted hexadecimal differences, deflated: a sequence number has 56 digits, its distance to the next few. */
function pack(positions: ReadonlySet<string>): Buffer {
  const sorted = [...positions].map(BigInt).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  let last = 0n;
  const differences = sorted.map((position) => {
    const difference = position - last;
    last = position;
    return difference.toString(16);
  });
  return deflateRawSync(differences.join('\n'));
}

function unpack(packed: Uint8Array): Set<string> {
  let last = 0n;
  const lines = inflateRawSync(packed).toString().split('\n');
  return new Set(
    lines.map((line) => {
      last += BigInt(`0x${line}`);
      return last.toString();
    }),
  );
}
