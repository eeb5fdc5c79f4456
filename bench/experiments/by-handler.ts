import { namesOf } from '../../core/model/names.ts';
import type { FileRun } from '../../core/model/run.ts';
import type { DataFile } from '../data.ts';
import { type Bundle, invocation, notification } from '../ours.ts';
import { measured, type Taken } from '../process.ts';
import type { Bench } from '../results.ts';

/**
 * Loads a file by the deployed function, with nothing switched off: its run, digest, statistics and receipt are there afterwards, and all rows. `functions`
 * work on it at one time, as far as the file can be cut; 1 when absent.
 */
export async function loadByHandler(
  { settings, database, aws }: Bench,
  bundle: Bundle,
  { data, format, rows, file }: DataFile,
  { name, functions = 1 }: { readonly name: string; readonly functions?: number },
): Promise<Taken> {
  const { tenant } = bundle;
  const { staging, rejects, queue } = namesOf(tenant.id);
  const key = `${data}/${rows}.${format}`;
  const version = aws.add(staging, key, file);
  aws.send(queue, notification(staging, key, version));
  const world = { cassandraPort: database.port, aws: aws.url };
  const taken = await measured(settings, name, invocation(bundle, { functions }, world), database.cpu);
  const run = (await database.runs(tenant, data)).find(({ object }) => object.versionId === version);
  const problem = run ? problemOf(run, rows) : 'the ledger has no run';
  if (problem || !run) throw new Error(`${name}: ${problem}`);
  if (!isSameLoad(data, run))
    throw new Error(`${name}: ${run.digest} is not the digest of the first load of these rows`);
  if (!aws.put(rejects).some((each) => each.includes('receipts/') && each.includes(run.id)))
    throw new Error(`${name}: no receipt of ${run.id}`);
  const stored = await database.count(tenant, data);
  if (stored !== rows) throw new Error(`${name}: ${stored} of ${rows} rows are stored`);
  return taken;
}

/** What a run lacks of one that has loaded all rows with everything switched on; null when nothing. */
function problemOf({ state, counts, digest, contentHash, quality, reason }: FileRun, rows: number): string | null {
  if (state !== 'loaded') return `the run is ${state}: ${reason?.message ?? ''}`;
  if (counts.read !== rows || counts.loaded !== rows) return `the run counts ${JSON.stringify(counts)}`;
  if (!/^[0-9a-f]{32}$/.test(digest) || contentHash === null) return 'the run has no digest or no hash of its content';
  return quality && Object.keys(quality.columns).length > 0 ? null : 'the run has no statistics';
}

/** The digest of the first load of some rows; it has to be that of all others, whatever their format. */
const digests = new Map<string, string>();

function isSameLoad(data: string, { counts, digest }: FileRun): boolean {
  const key = `${data} ${counts.loaded}`;
  digests.set(key, digests.get(key) ?? digest);
  return digests.get(key) === digest;
}
