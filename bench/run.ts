import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { namesOf } from '../core/model/names.ts';
import { Problem } from '../local/problem.ts';
import { loadSettings, pathsOf, type Settings } from '../local/settings.ts';
import { serveFiles } from './aws.ts';
import { roleOf, startDatabase } from './database.ts';
import { print, writeDocument } from './document.ts';
import { fetchPeers } from './downloads.ts';
import { experimentNames, measure } from './experiments.ts';
import { type PlanName, planOf } from './plan.ts';
import { machine } from './process.ts';
import {
  type Bench,
  type Circumstances,
  commitOf,
  type ExperimentName,
  type Results,
  readResults,
  resultsFile,
  writeResults,
} from './results.ts';
import bench from './tenants/bench/tenant.ts';
import neighbour from './tenants/neighbour/tenant.ts';

const usage = `usage: npm run bench [-- [--quick | --smoke | --document] [<experiment>]... [--only <part>]...]
  Measures all experiments, or those that are named: ${experimentNames.join(', ')}.
  The results of a full run are kept in bench/results, and docs/benchmarks.md is written anew from them.
  --quick     fewer rows and rounds, and only files and coldStart unless others are named: three to four minutes on a quiet machine
  --smoke     a few thousand rows, to see that all of it works: its figures say nothing
  --only      of files those clients alone that have the part in their name, such as sluice, batches, comments or ndjson
  --document  measures nothing, and writes docs/benchmarks.md anew`;

const began = Date.now();
const tell = (message: string) =>
  console.error(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${message}`);

/** A state folder of its own, so that the benchmark begins with an empty Cassandra and leaves that of the local stack alone. */
function settingsOf(): Settings {
  const { stateDir, downloadsDir } = loadSettings();
  // In the environment, because parts of the project that are used here read it from there.
  Object.assign(process.env, { SLUICE_STATE_DIR: join(stateDir, 'bench'), SLUICE_DOWNLOADS_DIR: downloadsDir });
  return loadSettings();
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean' },
      smoke: { type: 'boolean' },
      document: { type: 'boolean' },
      only: { type: 'string', multiple: true },
    },
  });
  const unknown = positionals.find((each) => !experimentNames.includes(each as ExperimentName));
  if (unknown !== undefined) throw new Problem('SLU-4002', `no experiment is named ${unknown}`);
  const settings = settingsOf();
  if (values.document) return writeDocument(settings.root, readResults(resultsFile(settings, 'full')));
  if (process.platform !== 'linux') throw new Problem('SLU-1001', 'the benchmark reads /proc, which only Linux has');

  const name: PlanName = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full';
  const chosen: readonly ExperimentName[] =
    positionals.length > 0
      ? experimentNames.filter((each) => positionals.includes(each))
      : name === 'quick'
        ? ['files', 'coldStart']
        : experimentNames;
  mkdirSync(pathsOf(settings).tmp, { recursive: true });
  await fetchPeers(settings, tell);
  const database = await startDatabase(settings, (part, message) => tell(`${part}: ${message}`));
  const aws = await serveFiles(
    Object.fromEntries([bench, neighbour].map((each) => [namesOf(each.id).secret, roleOf(each)])),
  );
  const stop = async () => {
    await aws.close();
    await database.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop().finally(() => process.exit(130)));
  }
  try {
    await database.serve(bench);
    await run({ settings, plan: planOf(name, values.only), database, aws, tell }, chosen);
  } finally {
    await stop();
  }
  tell('done');
}

async function run(bench: Bench, chosen: readonly ExperimentName[]): Promise<void> {
  const { settings, plan } = bench;
  const file = resultsFile(settings, plan.name);
  const commit = commitOf(settings.root);
  let results: Results = {};
  for (const name of chosen) {
    const begin = Date.now();
    tell(`${name} begins`);
    const circumstances = async (): Promise<Circumstances> => ({
      plan: plan.name,
      when: new Date(begin).toISOString(),
      commit,
      machine: await machine(settings),
      minutes: (Date.now() - begin) / 60_000,
    });
    results = { ...results, ...(await measure(name, bench, circumstances)) };
    // Each as soon as it is there: a run that ends early has measured something nevertheless.
    writeResults(file, { ...readResults(file), ...results });
  }
  print(results);
  if (plan.name === 'full') writeDocument(settings.root, readResults(file));
}

await main().catch((error: unknown) => {
  if (!(error instanceof Problem)) throw error;
  console.error(
    [`${error.code}  ${error.message}`, ...error.details, error.where, error.next].filter(Boolean).join('\n  '),
  );
  console.error(usage);
  process.exitCode = 5;
});
