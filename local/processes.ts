import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What a pid file holds. The start time tells our process from a later one that got the same number. */
export interface ProcessRecord {
  readonly pid: number;
  readonly startTime: string;
  readonly startedAt: string;
}

export interface ServiceCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const run = promisify(execFile);

/** Starts a service that outlives us: its own process group, its output appended to the log, a pid file. */
export const startService = async (
  command: ServiceCommand,
  logFile: string,
  pidFile: string,
): Promise<ProcessRecord> => {
  mkdirSync(dirname(logFile), { recursive: true });
  // The log of a run that crashed is what its reader needs most, so the last one is kept.
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a');
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...command.env },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const spawned = new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  // Noted before anything else can happen: were we killed now, nobody else would know of the service.
  const noted = child.pid === undefined ? undefined : noteProcess(pidFile, child.pid);
  await spawned;
  child.unref();
  return noted ?? noteProcess(pidFile, child.pid as number);
};

/** Writes down a process that has just begun. */
export const noteProcess = async (pidFile: string, pid: number): Promise<ProcessRecord> => {
  const record = { pid, startTime: (await startTimeOf(pid)) ?? 'gone', startedAt: new Date().toISOString() };
  mkdirSync(dirname(pidFile), { recursive: true });
  writeFileSync(pidFile, JSON.stringify(record));
  return record;
};

export const readRecord = (pidFile: string): ProcessRecord | undefined => {
  try {
    const value: unknown = JSON.parse(readFileSync(pidFile, 'utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    // Absent, or cut short by a crash while it was written: either way it names no process of ours.
    return undefined;
  }
};

/** Whether the recorded process still runs: same pid, same start time, not a zombie that nobody has reaped. */
export const isAlive = async (record: ProcessRecord): Promise<boolean> =>
  (await startTimeOf(record.pid)) === record.startTime;

/**
 * The moment a process began, in whatever unit the system keeps it; undefined when there is none.
 * `/proc` is read where there is one: it is exact to a tick, and costs no process.
 */
export const startTimeOf = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The command name, in parentheses, may itself hold blanks and parentheses.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]);
    const [stat = 'Z', ...lstart] = stdout.trim().split(/\s+/);
    return stat.startsWith('Z') ? undefined : lstart.join(' ');
  } catch {
    return undefined;
  }
};

/**
 * Ends a service and everything that it started: SIGTERM to its group, SIGKILL to whatever is left after `graceMs`.
 * Descendants are noted first, because those with a group of their own are not reached by the group's signal.
 */
export const stopService = async (
  pidFile: string,
  graceMs: number,
  orphanMark: string | null = null,
): Promise<'stopped' | 'was not running'> => {
  const record = readRecord(pidFile);
  if (record === undefined || !(await isAlive(record))) {
    if (record !== undefined) await endOrphans(record, orphanMark);
    rmSync(pidFile, { force: true });
    return 'was not running';
  }
  const family = await familyOf(record.pid);
  signal(-record.pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while ((await isAlive(record)) && Date.now() < deadline) await sleep(50);
  for (const member of family) if (await isAlive(member)) signal(member.pid, 'SIGTERM');
  const last = Date.now() + Math.min(graceMs, 2000);
  while ((await anyAlive(family)) && Date.now() < last) await sleep(50);
  signal(-record.pid, 'SIGKILL');
  for (const member of family) if (await isAlive(member)) signal(member.pid, 'SIGKILL');
  while (await anyAlive(family)) await sleep(20);
  // A child that was made after the family was listed: it has been killed with its group, and goes in a moment.
  const gone = Date.now() + 2000;
  while (hasGroup(record.pid) && Date.now() < gone) await sleep(20);
  rmSync(pidFile, { force: true });
  return 'stopped';
};

/** Whether a process group has members; one that nobody has reaped yet counts as well. */
const hasGroup = (leader: number): boolean => {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
};

/**
 * Ends what a crashed service left behind: its group, and whatever carries the mark in its command line. As long as a
 * group has members its number is not given to another process, so a group without its leader is still ours.
 */
const endOrphans = async (record: ProcessRecord, mark: string | null): Promise<void> => {
  if ((await startTimeOf(record.pid)) === undefined) signal(-record.pid, 'SIGKILL');
  if (mark === null) return;
  for (const line of await listProcesses('pid=,args=')) {
    const pid = Number(line.match(/^\d+/)?.[0]);
    if (line.includes(mark) && pid !== process.pid) signal(pid, 'SIGKILL');
  }
};

const listProcesses = async (columns: string): Promise<string[]> => {
  const { stdout } = await run('ps', ['-axwwo', columns], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').map((line) => line.trim());
};

/** The process and all its descendants. */
const familyOf = async (pid: number): Promise<ProcessRecord[]> => {
  const children = new Map<number, number[]>();
  for (const line of await listProcesses('pid=,ppid=')) {
    const [child = 0, parent = 0] = line.split(/\s+/).map(Number);
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const pids = [pid];
  for (const member of pids) pids.push(...(children.get(member) ?? []));
  const records: ProcessRecord[] = [];
  for (const member of pids) {
    const startTime = await startTimeOf(member);
    if (startTime !== undefined) records.push({ pid: member, startTime, startedAt: '' });
  }
  return records;
};

const anyAlive = async (records: readonly ProcessRecord[]): Promise<boolean> => {
  for (const record of records) if (await isAlive(record)) return true;
  return false;
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const isRecord = (value: unknown): value is ProcessRecord =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  Number.isInteger(value.pid) &&
  'startTime' in value &&
  typeof value.startTime === 'string' &&
  'startedAt' in value &&
  typeof value.startedAt === 'string';
