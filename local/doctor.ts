import { accessSync, constants, existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { dockerAnswers, type Way } from './docker.ts';
import { downloadsOf } from './install.ts';
import { portHolder, portIsFree } from './ports.ts';
import { type Found, findJava, findMaven, findPython, remedies } from './programs.ts';
import type { Settings } from './settings.ts';
import { asProcess, partsOf, recordedWay } from './status.ts';

/** `lacking` stands in the way of `sluice up`; a `warning` may make it slow or fail later. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'lacking';
  /** What was found. */
  readonly found: string;
  /** What mends it; null when there is nothing to mend. */
  readonly remedy: string | null;
}

export interface Diagnosis {
  readonly ok: boolean;
  /** Which way `sluice up` would take. */
  readonly way: Way;
  readonly checks: readonly Check[];
}

/** What an engine that hangs may take of the two seconds that the whole examination has. */
const dockerPatienceMs = 1200;
const gigabyte = 1e9;
const neededMemory = 2.5 * gigabyte;

/** Looks at the machine, without a network and without changing anything. */
export const diagnose = async (settings: Settings): Promise<Diagnosis> => {
  const downloads = downloadsOf(settings);
  const jarsAreThere = downloads.cassandra.every((download) => download.isPresent());
  const venvIsThere = downloads.localstack.every((download) => download.isPresent());
  const [docker, python, java, maven, ports] = await Promise.all([
    settings.docker === 'off' ? false : dockerAnswers(settings, dockerPatienceMs),
    findPython(settings.env),
    findJava(settings.env),
    findMaven(settings.env),
    portChecks(settings),
  ]);
  const way: Way = recordedWay(settings) ?? (docker || settings.docker === 'on' ? 'docker' : 'process');
  // In containers nothing of these is needed, and what only serves a download is not missed after it.
  const needed = (here: boolean) => (way === 'process' && !here ? 'lacking' : 'warning');
  const checks: Check[] = [
    { name: 'node', state: 'ok', found: process.versions.node, remedy: null },
    packagesCheck(settings),
    dockerCheck(settings, docker),
    program('python', python, needed(venvIsThere), remedies.python),
    program('java', java, needed(false), remedies.java),
    program('maven', maven, needed(jarsAreThere), remedies.maven),
    ...ports,
    memoryCheck(recordedWay(settings) !== null),
    await diskCheck(settings, jarsAreThere && venvIsThere),
  ];
  return { ok: checks.every(({ state }) => state !== 'lacking'), way, checks };
};

const packagesCheck = (settings: Settings): Check => {
  const complete = existsSync(join(settings.root, 'node_modules', '.bin', 'cdklocal'));
  return complete
    ? { name: 'packages', state: 'ok', found: 'node_modules', remedy: null }
    : { name: 'packages', state: 'lacking', found: 'node_modules is incomplete', remedy: 'npm ci' };
};

const dockerCheck = (settings: Settings, answers: boolean): Check => {
  if (answers) return { name: 'docker', state: 'ok', found: 'an engine with compose answers', remedy: null };
  if (settings.docker === 'off')
    return { name: 'docker', state: 'ok', found: 'switched off by SLUICE_DOCKER', remedy: null };
  return settings.docker === 'on'
    ? { name: 'docker', state: 'lacking', found: 'no engine answers', remedy: 'start Docker, or set SLUICE_DOCKER=off' }
    : {
        name: 'docker',
        state: 'ok',
        found: 'no engine with compose answers: processes are used instead',
        remedy: null,
      };
};

const program = (name: string, found: Found, otherwise: 'lacking' | 'warning', remedy: string): Check =>
  'program' in found
    ? { name, state: 'ok', found: `${found.program.version} (${found.program.file})`, remedy: null }
    : { name, state: otherwise, found: found.problem, remedy };

const portChecks = async (settings: Settings): Promise<Check[]> => {
  const perPart = await Promise.all(
    partsOf(settings).map(async (part) => {
      const ours = recordedWay(settings) === 'docker' || (await asProcess(part)).state === 'running';
      return Promise.all(
        part.ports.map(async ({ port, setting }): Promise<Check> => {
          const name = `port ${port}`;
          if (ours) return { name, state: 'ok', found: `held by our own ${part.name}`, remedy: null };
          if (await portIsFree(port)) return { name, state: 'ok', found: `free for ${part.name}`, remedy: null };
          const holder = (await portHolder(port)) ?? 'another program';
          const remedy = `stop it, or choose another port: echo '${setting}=${port + 1000}' >> .env`;
          return { name, state: 'lacking', found: `taken by ${holder}`, remedy };
        }),
      );
    }),
  );
  return perPart.flat();
};

/** Only a warning: systems count differently what they could free. */
const memoryCheck = (stackIsUp: boolean): Check => {
  const found = `${inGigabytes(freemem())} free of ${inGigabytes(totalmem())}`;
  return stackIsUp || freemem() >= neededMemory
    ? { name: 'memory', state: 'ok', found, remedy: null }
    : {
        name: 'memory',
        state: 'warning',
        found,
        remedy: `close something: the stack takes about ${inGigabytes(neededMemory)}. SLUICE_CASSANDRA_HEAP=512M saves some`,
      };
};

const diskCheck = async (settings: Settings, downloaded: boolean): Promise<Check> => {
  const folder = nearestExisting(settings.stateDir);
  const needed = downloaded ? 0.5 * gigabyte : 1.5 * gigabyte;
  const { bavail, bsize } = await statfs(folder);
  const found = `${inGigabytes(bavail * bsize)} free at ${folder}`;
  if (!isWritable(folder)) {
    return {
      name: 'disk',
      state: 'lacking',
      found: `${folder} cannot be written`,
      remedy: 'permit writing, or set SLUICE_STATE_DIR',
    };
  }
  return bavail * bsize >= needed
    ? { name: 'disk', state: 'ok', found, remedy: null }
    : { name: 'disk', state: 'lacking', found, remedy: `free ${inGigabytes(needed)}, or set SLUICE_STATE_DIR` };
};

const nearestExisting = (folder: string): string => (existsSync(folder) ? folder : nearestExisting(dirname(folder)));

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

const inGigabytes = (bytes: number): string => `${(bytes / gigabyte).toFixed(1)} GB`;
