import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec, tail } from '../local/exec.ts';
import { Problem } from '../local/problem.ts';
import { findMaven, findPython, lacking, lackOf, remedies } from '../local/programs.ts';
import { childEnv, pathsOf, type Settings } from '../local/settings.ts';

/** Versions of the peers. They are pinned, like those of the local stack. */
export const peers = { cqlsh: '6.2.2', pythonDriver: '3.30.1', dsbulk: '1.10.0' } as const;

const folderOf = ({ downloadsDir }: Settings) => join(downloadsDir, 'bench');
export const peerPython = (settings: Settings) => join(folderOf(settings), 'venv', 'bin', 'python');
export const peerCqlsh = (settings: Settings) => join(folderOf(settings), 'venv', 'bin', 'cqlsh');
export const dsbulkJars = (settings: Settings) => join(folderOf(settings), `dsbulk-${peers.dsbulk}`);
/** Files to load: they are the same for every checkout. */
export const dataFolder = (settings: Settings) => join(folderOf(settings), 'data');

/** Downloads the peers, once per version. */
export async function fetchPeers(settings: Settings, tell: (message: string) => void): Promise<void> {
  const [python, maven] = [await findPython(settings.env), await findMaven(settings.env)];
  const lacks = [...lackOf(python, remedies.python), ...lackOf(maven, remedies.maven)];
  if (!('program' in python) || !('program' in maven)) throw lacking(lacks);

  const packages = [`cqlsh==${peers.cqlsh}`, `cassandra-driver==${peers.pythonDriver}`];
  const venv = join(folderOf(settings), 'venv');
  await once(venv, packages.join(' '), async () => {
    tell(`downloading ${packages.join(', ')} (about 10 MB)`);
    rmSync(venv, { recursive: true, force: true });
    await must(settings, python.program.file, ['-m', 'venv', venv]);
    await must(settings, peerPython(settings), ['-m', 'pip', 'install', '--disable-pip-version-check', ...packages]);
  });
  const jars = dsbulkJars(settings);
  await once(jars, peers.dsbulk, async () => {
    tell(`downloading dsbulk ${peers.dsbulk} (about 35 MB)`);
    const pom = join(import.meta.dirname, 'dsbulk', 'pom.xml');
    const args = ['-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
    await must(settings, 'mvn', [...args, `-DoutputDirectory=${jars}`, `-Ddsbulk.version=${peers.dsbulk}`]);
  });
}

/** The stamp is written last: a folder without it is half finished and done again. */
async function once(folder: string, what: string, work: () => Promise<void>): Promise<void> {
  const stamp = join(folder, '.sluice-complete');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === what) return;
  await work();
  mkdirSync(folder, { recursive: true });
  writeFileSync(stamp, what);
}

async function must(settings: Settings, file: string, args: readonly string[]): Promise<void> {
  const logFile = join(pathsOf(settings).logs, 'bench-install.log');
  mkdirSync(settings.stateDir, { recursive: true });
  const options = { cwd: settings.stateDir, env: childEnv(settings), logFile, deadlineMs: 10 * 60_000 };
  if ((await exec(file, args, options)) === 0) return;
  const next = 'check the network, then run the benchmark again';
  throw new Problem('SLU-1005', `${file} failed`, { where: logFile, details: tail(logFile, 20), next });
}
