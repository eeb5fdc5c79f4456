import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseWay, composeDown, composePurge, composeUp, type Way } from './docker.ts';
import type { Download } from './install.ts';
import { withLock } from './lock.ts';
import type { Part } from './part.ts';
import { portHolder, portIsFree } from './ports.ts';
import { Problem } from './problem.ts';
import { type ProcessRecord, startService, stopService } from './processes.ts';
import { type Lack, lacking } from './programs.ts';
import { heartbeatMs, type Progress, since, together, waitUntilReady } from './ready.ts';
import { pathsOf, type Settings } from './settings.ts';
import { asProcess, partsOf, recordedWay, type StackStatus, stackStatus, wayFile } from './status.ts';

const lockWaitMs = 20 * 60_000;

/** Brings up what is not up. Harmless when everything is; a part that crashed is started again. */
export const up = (settings: Settings, wanted: 'auto' | 'on' | 'off', progress: Progress): Promise<StackStatus> =>
  exclusively(settings, progress, async () => {
    const way = await wayForUp(settings, wanted);
    if (way === 'docker') await upInContainers(settings, progress);
    else await upAsProcesses(settings, progress);
    return stackStatus(settings);
  });

export interface DownResult {
  readonly stopped: readonly string[];
  readonly purged: readonly string[];
}

/** Stops what `up` started, and nothing else. With `purge` the state goes too; downloads stay. */
export const down = (settings: Settings, purge: boolean, progress: Progress): Promise<DownResult> =>
  exclusively(settings, progress, async () => {
    const way = recordedWay(settings);
    const stopped =
      way === 'docker' ? await downInContainers(settings, purge, progress) : await downProcesses(settings, progress);
    rmSync(wayFile(settings), { force: true });
    return { stopped, purged: purge ? removeState(settings) : [] };
  });

/** Throws unless every part answers: the guard of all commands that need the stack. */
export const requireStack = async (settings: Settings): Promise<StackStatus> => {
  const status = await stackStatus(settings);
  if (status.running) return status;
  const details = status.parts.map(({ part, state, reason }) => `${part}: ${state}${reason ? ` (${reason})` : ''}`);
  throw new Problem('SLU-1004', 'the local stack is not running', { details, next: 'sluice up' });
};

const upAsProcesses = async (settings: Settings, progress: Progress): Promise<void> => {
  const parts = await Promise.all(partsOf(settings).map(async (part) => ({ part, ...(await asProcess(part)) })));
  const missing = parts.filter(({ state }) => state !== 'running').map(({ part }) => part);
  for (const { part, state } of parts) if (state === 'crashed') progress(part.name, 'has crashed, starting it again');
  await Promise.all(missing.map(refuseTakenPorts));
  const downloads = missing.flatMap((part) => part.downloads).filter((download) => !download.isPresent());
  const lacks = (await Promise.all([...missing, ...downloads].map((each) => each.lacks()))).flat();
  if (lacks.length > 0) throw lacking(distinct(lacks));
  announce(downloads, progress);
  mkdirSync(pathsOf(settings).run, { recursive: true });
  writeFileSync(wayFile(settings), 'process');
  await together(parts, async ({ part, state }, signal) => {
    if (state !== 'running') await start(part, settings, progress, signal);
    else await waitUntilReady(part, progress, state, signal);
  });
};

const distinct = (lacks: readonly Lack[]): Lack[] => [...new Map(lacks.map((lack) => [lack.problem, lack])).values()];

const start = async (part: Part, settings: Settings, progress: Progress, signal: AbortSignal): Promise<void> => {
  const missing = part.downloads.filter((download) => !download.isPresent());
  if (missing.length > 0) {
    // The folder may be shared with other checkouts, whose `up` has a lock of its own.
    const lock = join(settings.downloadsDir, `download-${part.name}.lock`);
    const wait = (owner: ProcessRecord) => progress(part.name, `waiting for a download by pid ${owner.pid}`);
    await withLock(lock, lockWaitMs, wait, async () => {
      for (const download of missing) if (!download.isPresent()) await fetchIt(part, download, progress, signal);
    });
  }
  if (signal.aborted) return;
  await stopService(part.pidFile, part.stopGraceMs, part.orphanMark);
  await startService(await part.command(), part.logFile, part.pidFile);
  progress(part.name, `starting (log: ${part.logFile})`);
  await waitUntilReady(part, progress, 'starting', signal);
};

const fetchIt = async (part: Part, download: Download, progress: Progress, signal: AbortSignal): Promise<void> => {
  const began = Date.now();
  progress(part.name, `downloading ${download.name}`);
  const beat = setInterval(() => progress(part.name, `downloading ${download.name}, ${since(began)}`), heartbeatMs);
  try {
    await download.install(signal);
  } finally {
    clearInterval(beat);
  }
  progress(part.name, `downloaded ${download.name} in ${since(began)}`);
};

const refuseTakenPorts = async (part: Part): Promise<void> => {
  for (const { port, setting } of part.ports) {
    if (await portIsFree(port)) continue;
    const holder = await portHolder(port);
    throw new Problem('SLU-1002', `port ${port} of ${part.name} is taken${holder ? ` by ${holder}` : ''}`, {
      where: setting,
      next: `stop what holds it, or choose another port: echo '${setting}=${port + 1000}' >> .env`,
    });
  }
};

const announce = (downloads: readonly Download[], progress: Progress): void => {
  if (downloads.length === 0) return;
  const list = downloads.map(({ name, size }) => `${name} (about ${size})`).join(', ');
  progress('sluice', `to be downloaded once: ${list}`);
};

const upInContainers = async (settings: Settings, progress: Progress): Promise<void> => {
  progress(
    'docker',
    'starting the containers (a first time pulls localstack, about 500 MB, and cassandra, about 150 MB)',
  );
  mkdirSync(pathsOf(settings).run, { recursive: true });
  writeFileSync(wayFile(settings), 'docker');
  const began = Date.now();
  const beat = setInterval(() => progress('docker', `starting the containers, ${since(began)}`), heartbeatMs);
  await composeUp(settings).finally(() => clearInterval(beat));
  await together(partsOf(settings), (part, signal) => waitUntilReady(part, progress, 'container', signal));
};

const downProcesses = async (settings: Settings, progress: Progress): Promise<string[]> => {
  const stopped = await Promise.all(
    partsOf(settings).map(async (part) => {
      if ((await asProcess(part)).state === 'running') progress(part.name, 'stopping');
      if ((await stopService(part.pidFile, part.stopGraceMs, part.orphanMark)) !== 'stopped') return [];
      for (const { port } of part.ports) await untilFree(port);
      progress(part.name, 'stopped');
      return [part.name];
    }),
  );
  return stopped.flat();
};

const downInContainers = async (settings: Settings, purge: boolean, progress: Progress): Promise<string[]> => {
  progress('docker', 'stopping the containers');
  if (purge) await composePurge(settings);
  await composeDown(settings);
  return partsOf(settings).map((part) => part.name);
};

const removeState = (settings: Settings): string[] => {
  const paths = pathsOf(settings);
  const state = [paths.cassandraData, paths.localstackData, paths.logs, paths.tmp, paths.cache, paths.outputs];
  for (const path of state) rmSync(path, { recursive: true, force: true });
  return state;
};

/** A socket of the stopped service may linger for a moment. */
const untilFree = async (port: number): Promise<void> => {
  const deadline = Date.now() + 5000;
  while (!(await portIsFree(port)) && Date.now() < deadline) await sleep(50);
};

/** A stack that is up stays the way it is: the other way would start on the same ports and data. */
const wayForUp = async (settings: Settings, wanted: 'auto' | 'on' | 'off'): Promise<Way> => {
  const recorded = recordedWay(settings);
  if (recorded === null) return chooseWay(settings, wanted);
  const differs = (wanted === 'on' && recorded === 'process') || (wanted === 'off' && recorded === 'docker');
  if (!differs) return recorded;
  if ((await stackStatus(settings)).parts.every(({ state }) => state === 'stopped' || state === 'crashed')) {
    return chooseWay(settings, wanted);
  }
  throw new Problem('SLU-1002', `the stack already runs ${recorded === 'docker' ? 'in containers' : 'as processes'}`, {
    next: 'sluice down, then sluice up again',
  });
};

const exclusively = async <T>(settings: Settings, progress: Progress, work: () => Promise<T>): Promise<T> => {
  const wait = (owner: ProcessRecord) => progress('sluice', `waiting for another sluice command (pid ${owner.pid})`);
  try {
    return await withLock(join(pathsOf(settings).run, 'lock.json'), lockWaitMs, wait, work);
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    const isFiles = ['mkdir', 'open', 'write', 'rename', 'copyfile', 'symlink', 'unlink'].includes(cause.syscall ?? '');
    if (!isFiles || !['ENOSPC', 'EACCES', 'EROFS', 'ENOTDIR', 'EPERM'].includes(cause.code ?? '')) throw error;
    throw new Problem('SLU-1008', `${settings.stateDir} cannot be written: ${cause.message}`, { cause });
  }
};
