import type { Client } from 'cassandra-driver';
import { type FileRun, isSettled, takenOver } from '../../core/model/run.ts';
import type { Claim, Clock, Lease, Ledger, LedgerReader } from '../../core/ports.ts';
import { cassandraDialect, type Dialect } from './client.ts';
import { conditionally, readAll } from './conditional.ts';
import { worldError } from './errors.ts';
import { ledgerCql } from './ledger-cql.ts';
import { fileRunOf, fileRunParams } from './ledger-rows.ts';
import { streamRuns } from './stream-runs.ts';

/** The ledger of one tenant in its own keyspace; the dialect says how to read what conditional writes have left. */
export function cassandraLedger(
  client: Client,
  keyspace: string,
  clock: Clock,
  dialect: Dialect = cassandraDialect,
): Ledger & LedgerReader {
  const cql = ledgerCql(keyspace);
  const serial = { prepare: true, consistency: dialect.serialRead };

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

    async hand(lease, owner, leaseSeconds) {
      const until = new Date(clock.now().getTime() + leaseSeconds * 1000);
      return (await updateRun(lease, lease.run, owner, until)) ? { run: lease.run, owner, until } : null;
    },

    settle: (lease, run) => updateRun(lease, run, lease.owner, null),

    find: readRun,

    async fileRuns(feed, day) {
      const result = await readAll(client, cql.selectRuns, [feed, day]);
      return result.map((row) => fileRunOf(row).run);
    },

    ...streamRuns(client, keyspace, clock, dialect),
  };
}
