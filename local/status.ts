import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cassandraPart } from './cassandra.ts';
import { composeContainers, type Way } from './docker.ts';
import { localstackPart } from './localstack.ts';
import type { Part, PartName } from './part.ts';
import { isAlive, readRecord } from './processes.ts';
import { pathsOf, type Settings } from './settings.ts';

/** `unresponsive`: the process is there and does not answer. `crashed`: it was started, not stopped, and is gone. */
export type PartState = 'running' | 'unresponsive' | 'crashed' | 'stopped';

export interface PartStatus {
  readonly part: PartName;
  readonly state: PartState;
  readonly address: string;
  readonly pid: number | null;
  readonly container: string | null;
  readonly startedAt: string | null;
  readonly uptimeSeconds: number | null;
  readonly log: string;
  readonly statePath: string;
  readonly stateBytes: number;
  readonly persists: boolean;
  /** Why it does not answer, where it does not. */
  readonly reason: string | null;
}

export interface StackStatus {
  readonly way: Way | null;
  readonly stateDir: string;
  readonly running: boolean;
  readonly parts: readonly PartStatus[];
}

export const partsOf = (settings: Settings): Part[] => [cassandraPart(settings), localstackPart(settings)];

/** Which way the stack was started; null when it is down. */
export const recordedWay = (settings: Settings): Way | null => {
  try {
    const value = readFileSync(wayFile(settings), 'utf8').trim();
    return value === 'docker' || value === 'process' ? value : null;
  } catch {
    return null;
  }
};

export const wayFile = (settings: Settings): string => join(pathsOf(settings).run, 'way');

export const stackStatus = async (settings: Settings): Promise<StackStatus> => {
  const way = recordedWay(settings);
  const containers = way === 'docker' ? await composeContainers(settings) : [];
  const parts = await Promise.all(
    partsOf(settings).map(async (part): Promise<PartStatus> => {
      const found = way === 'docker' ? inContainer(part, containers) : await asProcess(part);
      const reason = found.state === 'running' ? await part.probe() : null;
      return {
        part: part.name,
        state: reason === null ? found.state : 'unresponsive',
        address: part.address,
        pid: found.pid,
        container: found.container,
        startedAt: found.startedAt,
        uptimeSeconds: found.startedAt
          ? Math.max(0, Math.round((Date.now() - Date.parse(found.startedAt)) / 1000))
          : null,
        log: part.logFile,
        statePath: part.statePath,
        stateBytes: await sizeOf(part.statePath),
        persists: part.persists,
        reason,
      };
    }),
  );
  return { way, stateDir: settings.stateDir, running: parts.every((part) => part.state === 'running'), parts };
};

interface Found {
  readonly state: 'running' | 'crashed' | 'stopped';
  readonly pid: number | null;
  readonly container: string | null;
  readonly startedAt: string | null;
}

export const asProcess = async (part: Part): Promise<Found> => {
  const record = readRecord(part.pidFile);
  if (record === undefined) return { state: 'stopped', pid: null, container: null, startedAt: null };
  return (await isAlive(record))
    ? { state: 'running', pid: record.pid, container: null, startedAt: record.startedAt }
    : { state: 'crashed', pid: null, container: null, startedAt: null };
};

const inContainer = (part: Part, containers: Awaited<ReturnType<typeof composeContainers>>): Found => {
  const container = containers.find((candidate) => candidate.part === part.name);
  if (container === undefined) return { state: 'stopped', pid: null, container: null, startedAt: null };
  const startedAt = container.startedAt ? parseDockerTime(container.startedAt) : null;
  return container.running
    ? { state: 'running', pid: null, container: container.id, startedAt }
    : { state: 'crashed', pid: null, container: container.id, startedAt: null };
};

/** Docker prints `2025-06-01 10:00:00 +0200 CEST`; the zone's name at the end is none that Date knows. */
const parseDockerTime = (text: string): string | null => {
  const time = Date.parse(text.replace(/ [A-Z]{2,5}$/, ''));
  return Number.isNaN(time) ? null : new Date(time).toISOString();
};

/** Bytes under a folder. What vanishes while we look, or may not be read, counts as nothing. */
export const sizeOf = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sizeOf(path);
    return entry.isFile()
      ? stat(path).then(
          (stats) => stats.size,
          () => 0,
        )
      : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
};
