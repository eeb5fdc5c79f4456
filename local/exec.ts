import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { Problem } from './problem.ts';
import { noteProcess, stopService } from './processes.ts';

export interface ExecOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly deadlineMs: number;
  /** Where the process is noted, so that one whose owner was killed is ended before the next of its kind begins. */
  readonly pidFile?: string;
  /** Ends the program early. */
  readonly signal?: AbortSignal | undefined;
  /** Told each line of output, to show progress. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a program to its end with its output in a log. Resolves with the exit code; the whole process group goes when
 * the deadline passes, so that nothing goes on in the background.
 */
export const exec = async (file: string, args: readonly string[], options: ExecOptions): Promise<number> => {
  mkdirSync(dirname(options.logFile), { recursive: true });
  if (options.pidFile !== undefined) await stopService(options.pidFile, 0);
  const log = createWriteStream(options.logFile, { flags: 'a' });
  log.write(`$ ${[file, ...args].join(' ')}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...options.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = () => {
      if (child.pid !== undefined && child.exitCode === null) {
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It ended by itself in the meantime.
        }
      }
    };
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end();
    }, options.deadlineMs);
    options.signal?.addEventListener('abort', end, { once: true });
    process.once('exit', end);
    const settle = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
      process.off('exit', end);
      if (options.pidFile !== undefined) rmSync(options.pidFile, { force: true });
    };
    if (options.pidFile !== undefined && child.pid !== undefined) void noteProcess(options.pidFile, child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      stream.pipe(log, { end: false });
      if (options.onLine) createInterface({ input: stream }).on('line', options.onLine);
    }
    child.once('error', (error) => {
      settle();
      log.end();
      reject(new Problem('SLU-1001', `${file} cannot be run: ${error.message}`, { cause: error }));
    });
    child.once('close', (code) => {
      settle();
      if (late) log.write(`(ended after ${options.deadlineMs / 1000} s)\n`);
      log.end(() => resolve(late ? 124 : (code ?? 1)));
    });
  });
};

/** The last lines of a file that say something; empty when there is none. */
export const tail = (file: string, count: number): string[] => {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split(/\r?\n/);
  return lines.filter((line) => line.trim() !== '').slice(-count);
};
