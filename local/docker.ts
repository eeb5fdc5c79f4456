import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { exec, tail } from './exec.ts';
import type { PartName } from './part.ts';
import { Problem } from './problem.ts';
import { childEnv, pathsOf, type Settings } from './settings.ts';

export type Way = 'docker' | 'process';

/** What `docker compose ps` tells of one container. */
export interface Container {
  readonly part: PartName;
  readonly running: boolean;
  readonly id: string;
  readonly startedAt: string | undefined;
}

/**
 * Whether a Docker engine answers and has compose. A client without an engine is common (a desktop that is not
 * started, a CI image), and a hung engine must not hang us, hence the time limit.
 */
export const dockerAnswers = async (settings: Settings, timeoutMs = 3000): Promise<boolean> => {
  const env = childEnv(settings);
  const engine = await succeeds('docker', ['info', '--format', '{{.ServerVersion}}'], env, timeoutMs);
  return engine && (await succeeds('docker', ['compose', 'version'], env, timeoutMs));
};

/** Docker where it works, else processes; a flag or SLUICE_DOCKER decides otherwise. */
export const chooseWay = async (settings: Settings, wanted: 'auto' | 'on' | 'off'): Promise<Way> => {
  if (wanted === 'off') return 'process';
  if (await dockerAnswers(settings)) return 'docker';
  if (wanted === 'auto') return 'process';
  throw new Problem('SLU-1001', 'no Docker engine with compose answers', {
    details: ['`docker info` and `docker compose version` must both succeed'],
    next: 'start Docker, or run `sluice up --no-docker`',
  });
};

/** One compose project per state folder, so that checkouts stay apart. */
export const composeProject = (settings: Settings): string =>
  `sluice-${createHash('sha256').update(settings.stateDir).digest('hex').slice(0, 8)}`;

export const composeUp = async (settings: Settings): Promise<void> => {
  const paths = pathsOf(settings);
  // Docker would create missing folders itself, as root.
  for (const folder of [paths.cassandraData, paths.localstackData]) mkdirSync(folder, { recursive: true });
  await compose(settings, ['up', '--detach'], 'the containers do not start');
};

export const composeDown = (settings: Settings): Promise<void> =>
  compose(settings, ['down', '--remove-orphans'], 'the containers do not stop');

/** The containers write as their own users, so only a container may delete what they wrote. */
export const composePurge = async (settings: Settings): Promise<void> => {
  const run = ['run', '--rm', '--no-deps', '-T', '--user', 'root', '--entrypoint', 'sh'];
  const empty = (part: PartName, folder: string) =>
    compose(settings, [...run, part, '-c', `rm -rf ${folder}/* ${folder}/.[!.]*`], `the state of ${part} stays`);
  await empty('cassandra', '/var/lib/cassandra');
  await empty('localstack', '/var/lib/localstack');
};

export const composeContainers = async (settings: Settings): Promise<Container[]> => {
  const args = [...composePrefix(settings), 'ps', '--all', '--format', 'json'];
  const stdout = await new Promise<string>((resolve) => {
    execFile('docker', args, { env: composeEnv(settings), timeout: 5000 }, (_error, out) => resolve(out ?? ''));
  });
  return parseContainers(stdout);
};

/** Either one document per line or, in older releases, one list. */
export const parseContainers = (stdout: string): Container[] => {
  const text = stdout.trim();
  if (text === '') return [];
  const entries: unknown = text.startsWith('[') ? JSON.parse(text) : text.split('\n').map((line) => JSON.parse(line));
  return (entries as Record<string, string>[]).flatMap((entry) =>
    entry.Service === 'cassandra' || entry.Service === 'localstack'
      ? [
          {
            part: entry.Service,
            running: entry.State === 'running',
            id: (entry.ID ?? '').slice(0, 12),
            startedAt: entry.CreatedAt,
          },
        ]
      : [],
  );
};

export const composeLogs = (settings: Settings, part: PartName, lines: number, follow: boolean): string[] => [
  ...composePrefix(settings),
  'logs',
  '--no-log-prefix',
  '--tail',
  String(lines),
  ...(follow ? ['--follow'] : []),
  part,
];

export const composeEnv = (settings: Settings): Record<string, string> => ({
  ...childEnv(settings),
  SLUICE_COMPOSE_PROJECT: composeProject(settings),
  SLUICE_STATE_DIR: settings.stateDir,
  SLUICE_LOCALSTACK_PORT: String(settings.localstackPort),
  SLUICE_CASSANDRA_PORT: String(settings.cassandraPort),
  SLUICE_CASSANDRA_HEAP: settings.cassandraHeap,
});

const composePrefix = (settings: Settings): string[] => [
  'compose',
  '--project-name',
  composeProject(settings),
  '--file',
  join(settings.root, 'local', 'compose.yaml'),
];

const compose = async (settings: Settings, args: readonly string[], what: string): Promise<void> => {
  const logFile = join(pathsOf(settings).logs, 'docker.log');
  const options = { cwd: settings.root, env: composeEnv(settings), logFile, deadlineMs: 15 * 60_000 };
  if ((await exec('docker', [...composePrefix(settings), ...args], options)) !== 0) {
    throw new Problem('SLU-1003', what, { where: logFile, details: tail(logFile, 20) });
  }
};

const succeeds = (file: string, args: string[], env: Record<string, string>, timeout: number): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(file, args, { env, timeout, killSignal: 'SIGKILL' }, (error) => resolve(error === null));
  });
