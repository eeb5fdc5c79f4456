import { readdir, readFile } from 'node:fs/promises';
import { loadSettings } from '../../local/settings.ts';
import { up } from '../../local/stack.ts';
import { stackStatus } from '../../local/status.ts';
import { run, until } from './user.ts';

/** Kills Cassandra as a crash would: no goodbye, nothing flushed. */
export async function crashCassandra(): Promise<void> {
  const settings = loadSettings();
  const cassandra = await partOf('cassandra');
  if (cassandra.container) await run('docker', ['kill', cassandra.container]);
  else if (cassandra.pid) process.kill(cassandra.pid, 'SIGKILL');
  await until('Cassandra is gone', async () =>
    (await stackStatus(settings)).parts.some(({ part, state }) => part === 'cassandra' && state !== 'running')
      ? true
      : undefined,
  );
}

/** `sluice up`: starts again what has crashed. */
export const bringBack = () => up(loadSettings(), 'auto', (part, message) => console.log(`${part}: ${message}`));

const partOf = async (name: string) => {
  const found = (await stackStatus(loadSettings())).parts.find(({ part }) => part === name);
  if (!found) throw new Error(`the stack has no part ${name}`);
  return found;
};

/** Kills the processes, or the container, in which a deployed function runs; answers how many there were. */
export async function killFunction(name: string): Promise<number> {
  const { container } = await partOf('localstack');
  if (container) {
    const { stdout } = await run('docker', ['ps', '--quiet', '--filter', `name=${name}`]);
    const containers = stdout.split('\n').filter((line) => line !== '');
    if (containers.length > 0) await run('docker', ['kill', ...containers]);
    return containers.length;
  }
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const owned = await Promise.all(pids.map((pid) => runsFunction(pid, name)));
  const mine = pids.filter((_, index) => owned[index]);
  for (const pid of mine) process.kill(pid, 'SIGKILL');
  return mine.length;
}

async function runsFunction(pid: number, name: string): Promise<boolean> {
  try {
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return environment.includes(`AWS_LAMBDA_FUNCTION_NAME=${name}`) && command.includes('bootstrap');
  } catch {
    // It belongs to somebody else, or has ended.
    return false;
  }
}
