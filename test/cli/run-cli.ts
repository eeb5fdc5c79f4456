import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '../local/sandbox.ts';

export interface Ran {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ran>;
}

/** Starts the command as a user would, with nothing of our own environment but what is given. */
export const startCli = (args: readonly string[], env: Record<string, string>): Running => {
  const child = spawn(process.execPath, [join(repositoryRoot, 'cli', 'main.ts'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  return {
    pid: child.pid as number,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit) => resolve({ exit, stdout, stderr }));
    }),
  };
};

export const runCli = (args: readonly string[], env: Record<string, string>): Promise<Ran> => startCli(args, env).ended;
