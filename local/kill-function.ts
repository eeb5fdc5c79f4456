import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Settings } from './settings.ts';
import { stackStatus } from './status.ts';

const run = promisify(execFile);

/**
 * Kills the processes, or the containers, in which a deployed function runs, as a crash would; answers how many there were. Processes are found below /proc: where there is none,
 * none is.
 */
export async function killFunction(settings: Settings, name: string): Promise<number> {
  const { parts } = await stackStatus(settings);
  if (parts.some(({ part, container }) => part === 'localstack' && container)) {
    const { stdout } = await run('docker', ['ps', '--quiet', '--filter', `name=${name}`]);
    const containers = stdout.split('\n').filter((line) => line !== '');
    if (containers.length > 0) await run('docker', ['kill', ...containers]);
    return containers.length;
  }
  const mine = await functionProcesses(settings, name);
  for (const pid of mine) process.kill(pid, 'SIGKILL');
  return mine.length;
}

/** The processes in which a deployed function runs. */
export async function functionProcesses(settings: Settings, name: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const owned = await Promise.all(pids.map((pid) => runsFunction(pid, name, settings)));
  return pids.filter((_, index) => owned[index]);
}

/** A second stack on the same machine has functions of the same names: its processes have another endpoint. */
async function runsFunction(pid: number, name: string, { localstackPort }: Settings): Promise<boolean> {
  try {
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    const isOurs = environment.some(
      (entry) => entry.startsWith('AWS_ENDPOINT_URL=') && entry.endsWith(`:${localstackPort}`),
    );
    return isOurs && environment.includes(`AWS_LAMBDA_FUNCTION_NAME=${name}`) && command.includes('bootstrap');
  } catch {
    // It belongs to somebody else, or has ended.
    return false;
  }
}
