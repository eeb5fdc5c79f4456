import { namesOf } from '../core/model/names.ts';
import type { FileRun } from '../core/model/run.ts';
import type { Settings } from '../local/settings.ts';
import type { FileServer } from './aws.ts';
import { type DataFile, dataFile } from './data.ts';
import type { Database } from './database.ts';
import { dataFolder } from './downloads.ts';
import { type Bundle, bundled, invocation, objectEvent } from './ours.ts';
import { peerCommand } from './peers.ts';
import type { Case, Plan } from './plan.ts';
import { measured, type Taken } from './process.ts';
import tenant from './tenants/bench/tenant.ts';

export interface FileRound extends Case, Taken {
  readonly round: number;
  readonly rowsPerSecond: number;
}

export interface Bench {
  readonly settings: Settings;
  readonly database: Database;
  readonly aws: FileServer;
  tell(message: string): void;
}

/** Files, by all clients in turn: each run is a fresh process on a fresh table, and what it has stored is counted afterwards. */
export async function compareFiles(bench: Bench, plan: Plan): Promise<FileRound[]> {
  const bundle = await bundled(bench.settings, tenant, 'ingestObject');
  await warmUp(bench, plan);
  const rounds: FileRound[] = [];
  for (let round = 1; round <= Math.max(...plan.cases.map((each) => each.rounds)); round++) {
    const due = plan.cases.filter((each) => round <= each.rounds);
    // Each round begins with another client, so that none always comes after the same one.
    const turn = ((round - 1) * 2) % due.length;
    for (const each of [...due.slice(turn), ...due.slice(0, turn)]) {
      const taken = await runCase(bench, each, bundle);
      const rowsPerSecond = each.rows / taken.seconds;
      rounds.push({ ...each, ...taken, round, rowsPerSecond });
      bench.tell(
        `round ${round}: ${each.client}, ${fileText(each)}: ${Math.round(rowsPerSecond).toLocaleString('en-US')} rows/s`,
      );
    }
  }
  return rounds;
}

const fileText = ({ data, format, rows }: Case) => `${rows.toLocaleString('en-US')} ${data} as ${format}`;

/** A server that has just begun compiles its code: the first client would pay for all others. */
async function warmUp(bench: Bench, { cases }: Plan): Promise<void> {
  for (const data of new Set(cases.map((each) => each.data))) {
    const rows = Math.min(100_000, ...cases.filter((each) => each.data === data).map((each) => each.rows));
    bench.tell(`warming Cassandra up with ${rows.toLocaleString('en-US')} ${data}`);
    const single = { client: 'ceiling, single rows', data, format: 'csv', rows, rounds: 1 } as const;
    await runCase(bench, single);
    if (data === 'flights') await runCase(bench, { ...single, client: 'ceiling, batches' });
  }
}

/** Without a bundle only for others than Sluice. */
async function runCase(bench: Bench, { client, data, format, rows }: Case, bundle?: Bundle): Promise<Taken> {
  const { settings, database } = bench;
  const file = await dataFile(dataFolder(settings), data, format, rows);
  await database.fresh(tenant, data);
  const name = `${client}-${data}-${format}`.replaceAll(/[^a-z-]+/gi, '-');
  const taken =
    client === 'sluice' && bundle
      ? await loadByHandler(bench, bundle, file, name)
      : await measured(settings, name, peerCommand(settings, client as never, file, columnsOf(data)), database.cpu);
  const stored = await database.count(tenant, data);
  if (stored !== rows) throw new Error(`${client} has stored ${stored} of ${rows} rows of ${data}`);
  return taken;
}

const columnsOf = (data: string): string[] =>
  Object.keys(tenant.feeds.find(({ name }) => name === data)?.table.columns ?? {});

/** By the deployed function, with nothing switched off: its run, digest, statistics and receipt are there afterwards. */
async function loadByHandler(
  { settings, database, aws }: Bench,
  bundle: Bundle,
  { data, format, rows, file }: DataFile,
  name: string,
): Promise<Taken> {
  const { staging, rejects } = namesOf(tenant.id);
  const key = `${data}/${rows}.${format}`;
  const version = aws.add(staging, key, file);
  const world = { cassandraPort: database.port, aws: aws.url };
  const command = invocation(settings, tenant, bundle, [objectEvent(staging, key, version)], world);
  const taken = await measured(settings, name, command, database.cpu);
  const run = (await database.runs(tenant, data)).find(({ object }) => object.versionId === version);
  const problem = problemOf(run, rows);
  if (problem || !run) throw new Error(`${name}: ${problem}`);
  if (!isSameLoad(data, run))
    throw new Error(`${name}: the digest ${run.digest} is not that of the first load of these rows`);
  if (!aws.put(rejects).some((each) => each.includes(run.id))) throw new Error(`${name}: no receipt of ${run.id}`);
  return taken;
}

/** The digest of the first load of some rows; it has to be that of all others, whatever their format. */
const digests = new Map<string, string>();

function isSameLoad(data: string, { counts, digest }: FileRun): boolean {
  const key = `${data} ${counts.loaded}`;
  digests.set(key, digests.get(key) ?? digest);
  return digests.get(key) === digest;
}

/** What a run lacks of one that has loaded all rows with everything switched on; null when nothing. */
function problemOf(run: FileRun | undefined, rows: number): string | null {
  if (!run) return 'the ledger has no run';
  const { state, counts, digest, contentHash, quality, reason } = run;
  if (state !== 'loaded') return `the run is ${state}: ${reason?.message ?? ''}`;
  if (counts.read !== rows || counts.loaded !== rows) return `the run counts ${JSON.stringify(counts)}`;
  if (!/^[0-9a-f]{32}$/.test(digest) || contentHash === null) return 'the run has no digest or no hash of its content';
  return quality && Object.keys(quality.columns).length > 0 ? null : 'the run has no statistics';
}
