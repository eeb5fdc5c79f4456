import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CliError } from './errors.ts';

/** Runs a program in our place: same terminal, its exit code is ours. */
export const passThrough = (
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  missing: { readonly message: string; readonly next: string },
): Promise<number> =>
  new Promise((resolve, reject) => {
    // Ctrl-C reaches the program by the terminal; what it means there is the program's affair.
    process.on('SIGINT', () => undefined);
    const child = spawn(file, args, { stdio: 'inherit', env: { ...env } });
    child.once('error', (cause) => reject(new CliError('SLU-1001', missing.message, { next: missing.next, cause })));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 1)));
  });
