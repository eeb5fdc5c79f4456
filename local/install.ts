import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type ExecOptions, exec, tail } from './exec.ts';
import { Problem } from './problem.ts';
import {
  type Found,
  findJava,
  findMaven,
  findNpm,
  findPython,
  findUv,
  type Lack,
  lacking,
  lackOf,
  remedies,
} from './programs.ts';
import { childEnv, pathsOf, type Settings, versions } from './settings.ts';

/** One thing that is downloaded once per version. */
export interface Download {
  readonly name: string;
  /** About how much comes over the wire and onto the disk, for the notice that comes before it. */
  readonly size: string;
  readonly isPresent: () => boolean;
  /** The programs that the download takes, as far as they are missing. */
  readonly lacks: () => Promise<Lack[]>;
  readonly install: (signal?: AbortSignal) => Promise<void>;
}

/** The name of the file that is written last: a folder without it is half finished and done again. */
const stampName = '.sluice-complete';

export const downloadsOf = (settings: Settings): { cassandra: Download[]; localstack: Download[] } => ({
  cassandra: [cassandraJars(settings)],
  localstack: [localstackVenv(settings), kinesisLocal(settings)],
});

const localstackVenv = (settings: Settings): Download => {
  const paths = pathsOf(settings);
  const lock = join(paths.executorDir, 'requirements.lock');
  const wanted = () => ({ lock: hashOf([lock]), executor: hashOf(sourcesOf(paths.executorDir)) });
  const stamp = () => readStamp(paths.venv);
  return {
    name: `LocalStack ${versions.localstack}`,
    size: '320 MB',
    isPresent: () => {
      const { lock: lockHash, executor } = wanted();
      return stamp() === `${lockHash} ${executor}`;
    },
    lacks: async () => lackOf(await findPython(settings.env), remedies.python),
    install: async (signal) => {
      const { lock: lockHash, executor } = wanted();
      const python = join(paths.venv, 'bin', 'python');
      const job = { settings, log: 'localstack-install', signal };
      const { uv, how } = stamp()?.startsWith(`${lockHash} `)
        ? await existingUv(settings, job)
        : await createVenv(settings, job, lock);
      rmSync(join(paths.venv, stampName), { force: true });
      // Built from a copy: a build leaves folders beside the sources.
      const copy = join(paths.tmp, `executor-${process.pid}`);
      cpSync(paths.executorDir, copy, { recursive: true, filter: (source) => !isLeftover(source) });
      const args = ['pip', 'install', '--python', python, '--no-deps', '--no-build-isolation', '--reinstall', copy];
      await must(job, uv, args, `the process executor cannot be installed (${how})`);
      rmSync(copy, { recursive: true, force: true });
      // LocalStack's plugin loader remembers entry points and would not see a changed one.
      rmSync(join(paths.cache, 'plux'), { recursive: true, force: true });
      writeFileSync(join(paths.venv, stampName), `${lockHash} ${executor}`);
    },
  };
};

/** A fresh environment from the lock, by uv: with pip alone it takes minutes. Where there is no uv, pip brings it. */
const createVenv = async (settings: Settings, job: Job, lock: string): Promise<{ uv: string; how: string }> => {
  const { venv } = pathsOf(settings);
  const python = fileOf(await findPython(settings.env), remedies.python);
  rmSync(venv, { recursive: true, force: true });
  const onPath = await findUv(settings.env, venv);
  const uv = onPath?.file ?? join(venv, 'bin', 'uv');
  if (onPath !== undefined) {
    await must(job, uv, ['venv', '-p', python, venv], 'the Python environment failed');
  } else {
    await must(job, python, ['-m', 'venv', venv], 'python -m venv failed', remedies.python);
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', 'uv'];
    await must(job, join(venv, 'bin', 'python'), pip, 'uv cannot be downloaded');
  }
  const install = ['pip', 'install', '--python', join(venv, 'bin', 'python'), '-r', lock];
  await must(job, uv, install, `LocalStack ${versions.localstack} cannot be downloaded`);
  return { uv, how: onPath ? 'uv on the path' : 'uv of the environment' };
};

const existingUv = async (settings: Settings, job: Job): Promise<{ uv: string; how: string }> => {
  const { venv } = pathsOf(settings);
  const found = await findUv(settings.env, venv);
  if (found !== undefined) return { uv: found.file, how: found.file };
  const python = join(venv, 'bin', 'python');
  await must(job, python, ['-m', 'ensurepip'], 'pip is not in the Python environment');
  await must(job, python, ['-m', 'pip', 'install', 'uv'], 'uv cannot be downloaded');
  return { uv: join(venv, 'bin', 'uv'), how: 'uv of the environment' };
};

const kinesisLocal = (settings: Settings): Download => {
  const { kinesisLib } = pathsOf(settings);
  return {
    name: `kinesis-local ${versions.kinesisLocal}`,
    size: '12 MB',
    isPresent: () => readStamp(kinesisLib) !== undefined,
    lacks: async () => lackOf(await findNpm(childEnv(settings)), remedies.npm),
    install: async (signal) => {
      const npm = fileOf(await findNpm(childEnv(settings)), remedies.npm);
      mkdirSync(kinesisLib, { recursive: true });
      const job = { settings, log: 'kinesis-install', signal };
      const spec = `kinesis-local@${versions.kinesisLocal}`;
      const args = ['install', '--prefix', kinesisLib, '--ignore-scripts', '--no-audit', '--no-fund', spec];
      await must(job, npm, args, `${spec} cannot be downloaded`);
      writeFileSync(join(kinesisLib, stampName), spec);
    },
  };
};

const cassandraJars = (settings: Settings): Download => {
  const paths = pathsOf(settings);
  return {
    name: `Cassandra ${versions.cassandra}`,
    size: '67 MB',
    isPresent: () => readStamp(paths.cassandraLib) !== undefined,
    lacks: async () => [
      ...lackOf(await findJava(settings.env), remedies.java),
      ...lackOf(await findMaven(settings.env), remedies.maven),
    ],
    install: async (signal) => {
      fileOf(await findJava(settings.env), remedies.java);
      const maven = fileOf(await findMaven(settings.env), remedies.maven);
      const job = { settings, log: 'cassandra-install', signal };
      const draft = `${paths.cassandraLib}.draft`;
      rmSync(draft, { recursive: true, force: true });
      const pom = join(settings.root, 'local', 'cassandra', 'pom.xml');
      const args = ['-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
      args.push(`-DoutputDirectory=${draft}`, `-Dcassandra.version=${versions.cassandra}`);
      await must(job, maven, args, `Cassandra ${versions.cassandra} cannot be downloaded`);
      writeFileSync(join(draft, stampName), versions.cassandra);
      rmSync(paths.cassandraLib, { recursive: true, force: true });
      renameSync(draft, paths.cassandraLib);
    },
  };
};

/** What the programs of one installation have in common. */
interface Job {
  readonly settings: Settings;
  readonly log: string;
  readonly signal: AbortSignal | undefined;
}

const must = async (
  { settings, log, signal }: Job,
  file: string,
  args: readonly string[],
  what: string,
  next?: string,
): Promise<void> => {
  const paths = pathsOf(settings);
  mkdirSync(paths.tmp, { recursive: true });
  const logFile = join(paths.logs, `${log}.log`);
  const options: ExecOptions = {
    cwd: settings.stateDir,
    env: installEnv(settings),
    logFile,
    signal,
    // Beside the downloads, as the lock is: another checkout may share them.
    pidFile: join(settings.downloadsDir, `${log}.json`),
    deadlineMs: 15 * 60_000,
  };
  if ((await exec(file, args, options)) !== 0) {
    throw new Problem('SLU-1005', what, {
      where: logFile,
      details: tail(logFile, 20),
      next: next ?? 'check the network, then run `sluice up` again',
    });
  }
};

/** uv does not read pip's settings: whoever has set an index for pip means it for uv as well. */
const installEnv = (settings: Settings): Record<string, string> => {
  const env = childEnv(settings);
  const index = env.UV_DEFAULT_INDEX ?? env.UV_INDEX_URL ?? env.PIP_INDEX_URL;
  return index === undefined ? env : { ...env, UV_DEFAULT_INDEX: index };
};

const fileOf = (found: Found, next: string): string => {
  if ('program' in found) return found.program.file;
  throw lacking([{ problem: found.problem, next }]);
};

const readStamp = (folder: string): string | undefined => {
  const file = join(folder, stampName);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};

/** What is no part of the executor itself, so that it neither gets installed nor asks for a reinstall. */
const isLeftover = (path: string): boolean =>
  /(__pycache__|\.egg-info|\.pytest_cache|(^|[\\/])(build|tests)|\.pyc)$/.test(path);

const sourcesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(folder, file).split(/[\\/]/).some(isLeftover) && !/requirements\.\w+$/.test(file))
    .sort();

const hashOf = (files: readonly string[]): string => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file.slice(file.lastIndexOf('/'))).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
};
