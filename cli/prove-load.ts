import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from 'cassandra-driver';
import { readRows } from '../adapters/cassandra/cells.ts';
import { cassandraLedger } from '../adapters/cassandra/ledger.ts';
import { cassandraRegistry } from '../adapters/cassandra/registry.ts';
import { cassandraSink } from '../adapters/cassandra/sink.ts';
import { memoryObjects } from '../adapters/memory.ts';
import { USAGE_PART } from '../core/control/admission.ts';
import { tick } from '../core/control/tick.ts';
import type { Usage } from '../core/control/usage.ts';
import { listOpen } from '../core/control/waiting.ts';
import { type Fault, type FilePorts, faults, faulty } from '../core/faults/faulty.ts';
import { randomOf } from '../core/faults/random.ts';
import { TransientError } from '../core/model/errors.ts';
import { largeFiles } from '../core/model/large-files.ts';
import { arrival, type FileDelivery, type FileRun, isSettled } from '../core/model/run.ts';
import { keyspaces, type Tenant } from '../core/model/tenant.ts';
import { ingestFile } from '../core/pipeline/file.ts';
import type { Objects } from '../core/ports.ts';
import { digestOfRows } from '../core/report/rows.ts';
import { localFile } from './local-file.ts';

export interface Proof {
  readonly run: FileRun;
  /** Of the rows as they were read back. */
  readonly rows: number;
  readonly digest: string;
  readonly usage: Usage | null;
  /** What has befallen the load: `port.method fault`. */
  readonly struck: readonly string[];
  readonly seconds: number;
}

const STAGING = 'staging';
const REJECTS = 'rejects';
/** Seconds that go by on the load's own clock when an attempt has died, or takes long: more than a lease. */
const LONG = 25;
/** Milliseconds after which an attempt hands a large file on. */
const SLICE = 2000;
/** Attempts after which there is no hope. */
const MOST = 200;

/**
 * Loads a file into the keyspaces of a tenant through the real pipeline, ledger and sink; only the bucket, the queue and the clock are of its own. The
 * first `count` faults strike where chance, which the seed decides, lets them.
 */
export async function loadForProof(
  client: Client,
  tenant: Tenant,
  { file, key, count, seed }: { file: string; key: string; count: number; seed: number },
): Promise<Proof> {
  const { data, ops } = keyspaces(tenant.id);
  const began = Date.now();
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead * 1000) };
  const ledger = cassandraLedger(client, ops, clock);
  const registry = cassandraRegistry(client, ops);
  const queue: FileDelivery[] = [];
  const ports: FilePorts = {
    sink: cassandraSink(client, data),
    ledger,
    registry,
    objects: await objectsOf(file, key, clock),
    queue: { send: async (delivery) => void queue.push(delivery) },
    announcements: { announce: async () => {} },
  };
  const random = randomOf(seed);
  const struck: string[] = [];
  const strike = (call: string): Fault | null => {
    // A file has many pieces, and they are to take their share only.
    if (struck.length >= count || !random.chance(call === 'objects.open' ? 0.03 : 0.3)) return null;
    const fault = random.pick(faults);
    struck.push(`${call} ${fault}`);
    return fault;
  };
  const pass = async (_: string, delayed: boolean) => {
    if (!delayed) return;
    ahead += LONG;
    await wait(200);
  };
  const worldOf = (given: FilePorts) => ({
    ...given,
    tenant,
    clock,
    owner: randomUUID(),
    profileVersion: 'prove',
    rejectsBucket: REJECTS,
    stagingBucket: STAGING,
    signal: new AbortController().signal,
    nextTry: () => clock.now(),
    large: {
      from: largeFiles.fromBytes,
      partBytes: largeFiles.fromBytes,
      workers: 4,
      handOver: { seeking: new Date(clock.now().getTime() + SLICE), skipping: new Date(8.64e15) },
    },
  });
  const attempt = async (work: (world: ReturnType<typeof worldOf>) => Promise<unknown>) => {
    const { ports: given, crashed } = faulty(ports, { strike, pass });
    await Promise.race([crashed, work(worldOf(given)).catch(onlyPassing)]);
  };
  const delivery = arrival({ bucket: STAGING, key, versionId: 'v1' });
  const settled = async () => {
    const [run] = await ledger.fileRuns(tenant.feeds.find(({ name }) => key.startsWith(`${name}/`))?.name ?? '', day);
    return run && isSettled(run.state) && (await listOpen(registry)).length === 0 ? run : null;
  };
  const day = ((await ports.objects.find(delivery.object))?.lastModified ?? clock.now()).toISOString().slice(0, 10);

  let run: FileRun | null = null;
  for (let attempts = 0; run === null && attempts < MOST; attempts++) {
    // Deliveries come twice at one time, now and then.
    const twice = count > 0 && random.chance(0.3);
    const next = queue.shift() ?? delivery;
    await Promise.all([next, ...(twice ? [next] : [])].map((each) => attempt((world) => ingestFile(each, world))));
    run = await settled();
    if (run) break;
    ahead += LONG;
    await attempt(tick);
    run = await settled();
  }
  if (!run) throw new Error(`the file was not loaded in ${MOST} attempts`);
  const table = tenant.feeds.find(({ name }) => name === run.feed)?.table;
  const rows = table ? await readRows(client, data, table) : [];
  return {
    run,
    rows: rows.length,
    digest: table ? digestOfRows(table, rows) : '',
    usage: run.usageDay === null ? null : await registry.read<Usage>(USAGE_PART, run.usageDay),
    struck,
    seconds: (Date.now() - began) / 1000,
  };
}

function onlyPassing(error: unknown): void {
  if (!(error instanceof TransientError)) throw error;
}

/** A bucket with one file in it; what the platform writes beside it stays in memory. */
async function objectsOf(file: string, key: string, clock: { now(): Date }): Promise<Objects> {
  const { stored: _, ...objects } = memoryObjects(undefined, clock);
  const { size, mtimeMs } = await stat(file);
  const lastModified = new Date(Math.floor(mtimeMs / 1000) * 1000);
  return {
    ...objects,
    find: async () => ({ ...(await localFile(file)), lastModified }),
    versions: async () => ({
      versions: [{ bucket: STAGING, key, versionId: 'v1', size, lastModified }],
      next: null,
    }),
  };
}
