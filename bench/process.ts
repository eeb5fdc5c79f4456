import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { exec, tail } from '../local/exec.ts';
import { findJava } from '../local/programs.ts';
import { childEnv, pathsOf, type Settings, versions } from '../local/settings.ts';
import { peerPython } from './downloads.ts';

/** What one run of a program took. */
export interface Taken {
  /** From the program's start to its end. */
  readonly seconds: number;
  /** Seconds of processor time of the program and its descendants. */
  readonly cpu: number;
  readonly serverCpu: number;
  readonly peakMiB: number;
  /** Processors that were kept busy by neither program, server nor the benchmark itself, on average: what else the machine did. */
  readonly others: number;
  /** Processors that the host of a virtual machine gave to somebody else, on average. */
  readonly stolen: number;
  /** Load of the last minute before the run. */
  readonly load: number;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end in a fresh process and measures it; throws with the end of its output when it fails. */
export async function measured(
  settings: Settings,
  name: string,
  { file, args, env = {} }: Command,
  serverCpu: () => number,
): Promise<Taken> {
  const { logs, tmp } = pathsOf(settings);
  const report = join(tmp, 'measured.json');
  const logFile = join(logs, `${name}.log`);
  rmSync(logFile, { force: true });
  const load = loadavg()[0] as number;
  const before = { machine: machineCpu(), server: serverCpu(), own: process.cpuUsage() };
  const began = performance.now();
  const code = await exec(peerPython(settings), [join(import.meta.dirname, 'measure.py'), report, file, ...args], {
    cwd: tmp,
    env: { ...environmentFor(settings), ...env },
    logFile,
    deadlineMs: 60 * 60_000,
  });
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${tail(logFile, 20).join('\n')}\n(${logFile})`);
  const seconds = (performance.now() - began) / 1000;
  const after = { machine: machineCpu(), server: serverCpu(), own: process.cpuUsage(before.own) };
  const taken = JSON.parse(readFileSync(report, 'utf8')) as { seconds: number; cpu: number; peak_kib: number };
  const server = after.server - before.server;
  const own = (after.own.user + after.own.system) / 1e6;
  const busy = after.machine.busy - before.machine.busy;
  return {
    seconds: taken.seconds,
    cpu: taken.cpu,
    serverCpu: server,
    peakMiB: taken.peak_kib / 1024,
    others: Math.max(0, (busy - taken.cpu - server - own) / seconds),
    stolen: (after.machine.stolen - before.machine.stolen) / seconds,
    load,
  };
}

export interface Started {
  /** Resolves with the exit code; null for one that was stopped. */
  readonly ended: Promise<number | null>;
  stop(): void;
}

/** Starts a program beside us, with its output in a log. */
export function started(settings: Settings, name: string, { file, args, env = {} }: Command): Started {
  const { logs, tmp } = pathsOf(settings);
  mkdirSync(logs, { recursive: true });
  const log = openSync(join(logs, `${name}.log`), 'w');
  const child = spawn(file, args, {
    cwd: tmp,
    env: { ...environmentFor(settings), ...env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  return { ended: ended.finally(() => process.off('exit', end)), stop: () => void child.kill() };
}

/** Of the environment nothing that a program could be tuned by. */
const environmentFor = (settings: Settings) => ({
  PATH: childEnv(settings).PATH ?? '',
  HOME: pathsOf(settings).tmp,
  LANG: 'C.UTF-8',
});

/** Seconds of processor time of the whole machine since its start. */
function machineCpu(): { busy: number; stolen: number } {
  const [, user, nice, system, , , irq, softirq, steal] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] as string)
    .split(/\s+/)
    .map((ticks) => Number(ticks) / 100);
  const sum = (...parts: (number | undefined)[]) => parts.reduce<number>((all, part) => all + (part ?? 0), 0);
  return { busy: sum(user, nice, system, irq, softirq), stolen: steal ?? 0 };
}

/** The machine, in words; nothing that would name it. */
export async function machine({ env, cassandraHeap }: Settings): Promise<readonly string[]> {
  const [cpu] = cpus();
  const memory = /MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? '0';
  const system = /PRETTY_NAME="([^"]+)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;
  const java = await findJava(env);
  return [
    `${cpus().length} processors (${cpu?.model.trim() || process.arch}), ${Math.round(Number(memory) / 1024 / 1024)} GiB of memory`,
    `${system}, Linux ${readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()}`,
    `Node ${process.version}, Java ${'program' in java ? java.program.version : '?'}, Cassandra ${versions.cassandra} with a heap of ${cassandraHeap}`,
  ];
}
