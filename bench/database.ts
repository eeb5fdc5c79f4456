import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import cassandra, { type Client, types } from 'cassandra-driver';
import { canLogin, connect } from '../adapters/cassandra/client.ts';
import { createTable, quote } from '../adapters/cassandra/cql.ts';
import { cassandraLedger } from '../adapters/cassandra/ledger.ts';
import { applySchema, replicationOf } from '../adapters/cassandra/schema.ts';
import type { FileRun } from '../core/model/run.ts';
import { keyspaces, type Tenant } from '../core/model/tenant.ts';
import { cassandraPart, localCassandraLogin } from '../local/cassandra.ts';
import { portIsFree } from '../local/ports.ts';
import { Problem } from '../local/problem.ts';
import { readRecord, startService, stopService } from '../local/processes.ts';
import { lacking } from '../local/programs.ts';
import { type Progress, waitUntilReady } from '../local/ready.ts';
import { pathsOf, type Settings } from '../local/settings.ts';

const DATACENTER = 'datacenter1';
/** Of the tenant's own role, as the secret holds it. */
export const roleOf = ({ id }: Tenant) => ({ username: id, password: `${id}-password` });

/** A Cassandra that begins empty, and what the benchmark asks of it. */
export interface Database {
  readonly client: Client;
  readonly pid: number;
  readonly port: number;
  /** Seconds of processor time that the server has used since its start. */
  cpu(): number;
  /** Makes a tenant's keyspaces, tables and role as a deployment does. */
  serve(tenant: Tenant): Promise<void>;
  /** Drops a table of the tenant and makes it anew. */
  fresh(tenant: Tenant, feed: string): Promise<void>;
  /** Rows of a feed's table, counted by the server. */
  count(tenant: Tenant, feed: string): Promise<number>;
  /** The runs of a feed's files whose objects are of today or yesterday. */
  runs(tenant: Tenant, feed: string): Promise<readonly FileRun[]>;
  stop(): Promise<void>;
}

export async function startDatabase(settings: Settings, tell: Progress): Promise<Database> {
  const part = cassandraPart(settings);
  await stopService(part.pidFile, part.stopGraceMs);
  for (const { port, setting } of part.ports) {
    if (await portIsFree(port)) continue;
    const next = 'sluice down: the benchmark wants the machine for itself';
    throw new Problem('SLU-1002', `port ${port} is taken`, { where: setting, next });
  }
  for (const download of part.downloads) {
    if (download.isPresent()) continue;
    const lacks = [...(await part.lacks()), ...(await download.lacks())];
    if (lacks.length > 0) throw lacking(lacks);
    tell(part.name, `downloading ${download.name} (about ${download.size})`);
    await download.install();
  }
  rmSync(pathsOf(settings).cassandraData, { recursive: true, force: true });
  mkdirSync(pathsOf(settings).run, { recursive: true });
  await startService(await part.command(), part.logFile, part.pidFile);
  await waitUntilReady(part, tell, 'starting', new AbortController().signal);
  const { pid } = readRecord(part.pidFile) as { pid: number };
  const address = { contactPoints: ['127.0.0.1'], port: settings.cassandraPort, datacenter: DATACENTER };
  const client = connect(address, localCassandraLogin);

  const tableOf = (tenant: Tenant, feed: string) => {
    const found = tenant.feeds.find(({ name }) => name === feed);
    if (!found) throw new Error(`no feed ${feed}`);
    return found.table;
  };
  return {
    client,
    pid,
    port: settings.cassandraPort,
    cpu: () => processCpu(pid),
    serve: async (tenant) => {
      const known = (role: { username: string; password: string }) => canLogin(address, role);
      await applySchema(client, tenant, roleOf(tenant), known, replicationOf('local', DATACENTER));
    },
    fresh: async (tenant, feed) => {
      const { data } = keyspaces(tenant.id);
      const table = tableOf(tenant, feed);
      await client.execute(`DROP TABLE IF EXISTS ${quote(data)}.${quote(table.name)}`, [], { prepare: false });
      await client.execute(createTable(data, table), [], { prepare: false });
    },
    count: (tenant, feed) => {
      const table = tableOf(tenant, feed);
      return countRows(client, keyspaces(tenant.id).data, table.name, table.partitionKey);
    },
    runs: async (tenant, feed) => {
      const now = Date.now();
      const ledger = cassandraLedger(client, keyspaces(tenant.id).ops, { now: () => new Date(now) });
      // Midnight may have passed since.
      const days = [now, now - 86_400_000].map((time) => new Date(time).toISOString().slice(0, 10));
      return (await Promise.all(days.map((day) => ledger.fileRuns(feed, day)))).flat();
    },
    stop: async () => {
      await client.shutdown();
      await stopService(part.pidFile, part.stopGraceMs);
      rmSync(pathsOf(settings).cassandraData, { recursive: true, force: true });
    },
  };
}

/** Counted by stretches of the ring, each of which the server manages within its time. */
async function countRows(client: Client, keyspace: string, table: string, key: readonly string[]): Promise<number> {
  const PARTS = 64n;
  const token = `token(${key.map(quote).join(', ')})`;
  const query = `SELECT COUNT(*) FROM ${quote(keyspace)}.${quote(table)} WHERE ${token} >= ? AND ${token} <= ?`;
  const size = (1n << 64n) / PARTS;
  const bounds = Array.from({ length: Number(PARTS) }, (_, index) => {
    const from = -(1n << 63n) + BigInt(index) * size;
    return [from, from + size - 1n].map((bound) => types.Long.fromString(bound.toString()));
  });
  const counts = await cassandra.concurrent.executeConcurrent(client, query, bounds, {
    collectResults: true,
    concurrencyLevel: 4,
  });
  return counts.resultItems.reduce((rows, result) => rows + Number(result.first().get('count')), 0);
}

const TICKS = 100;

/** Seconds of user and system time of a process, its ended children included. */
export function processCpu(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command name, in parentheses, may itself hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
}
