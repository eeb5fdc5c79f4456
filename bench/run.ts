import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { namesOf } from '../core/model/names.ts';
import { Problem } from '../local/problem.ts';
import { loadSettings, pathsOf, type Settings } from '../local/settings.ts';
import { serveFiles } from './aws.ts';
import { roleOf, startDatabase } from './database.ts';
import { fetchPeers } from './downloads.ts';
import { type Bench, compareFiles, type FileRound } from './files.ts';
import { type PlanName, planOf } from './plan.ts';
import { machine } from './process.ts';
import { disturbance, fileTable, targetTable } from './tables.ts';
import { fileTargets } from './targets.ts';
import tenant from './tenants/bench/tenant.ts';

const usage = `usage: npm run bench [-- --quick | --smoke] [--only <part>]...
  --quick   fewer rows and rounds: less than five minutes on a quiet machine
  --smoke   a few thousand rows, to see that all of it works: its figures say nothing
  --only    those clients and files alone that have the part in their name, such as sluice, batches, comments or ndjson`;

const began = Date.now();
const tell = (message: string) =>
  console.error(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${message}`);

/** A state folder of its own, so that the benchmark begins with an empty Cassandra and leaves that of the local stack alone. */
function settingsOf(): Settings {
  const { stateDir, downloadsDir } = loadSettings();
  return loadSettings({
    ...process.env,
    SLUICE_STATE_DIR: join(stateDir, 'bench'),
    SLUICE_DOWNLOADS_DIR: downloadsDir,
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, smoke: { type: 'boolean' }, only: { type: 'string', multiple: true } },
  });
  const name: PlanName = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full';
  if (process.platform !== 'linux') throw new Problem('SLU-1001', 'the benchmark reads /proc, which only Linux has');
  const settings = settingsOf();
  await fetchPeers(settings, tell);
  const database = await startDatabase(settings, (part, message) => tell(`${part}: ${message}`));
  const aws = await serveFiles({ [namesOf(tenant.id).secret]: roleOf(tenant) });
  const stop = async () => {
    await aws.close();
    await database.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(130)));
  try {
    mkdirSync(pathsOf(settings).tmp, { recursive: true });
    await database.serve(tenant);
    const bench: Bench = { settings, database, aws, tell };
    const rounds = await compareFiles(bench, planOf(name, values.only));
    const results = { plan: name, machine: await machine(settings), rounds };
    writeFileSync(join(settings.stateDir, `${name}.json`), JSON.stringify(results, null, 1));
    print(results.rounds);
    console.log(results.machine.join('\n'));
  } finally {
    await stop();
  }
  tell('done');
}

function print(rounds: readonly FileRound[]): void {
  for (const data of new Set(rounds.map((each) => each.data))) console.log(`\n${fileTable(rounds, data)}`);
  const measured = fileTargets(rounds).filter(({ reached }) => reached !== null);
  if (measured.length > 0) console.log(`\n${targetTable(measured)}`);
  console.log(`\n${disturbance(rounds)}`);
}

await main().catch((error: unknown) => {
  if (!(error instanceof Problem)) throw error;
  console.error(
    [`${error.code}  ${error.message}`, ...error.details, error.where, error.next].filter(Boolean).join('\n  '),
  );
  console.error(usage);
  process.exitCode = 5;
});
