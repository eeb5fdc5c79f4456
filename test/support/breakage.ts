import { killFunction as killDeployed } from '../../local/kill-function.ts';
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

/** Kills the deployed function wherever it runs; answers how many processes, or containers, there were. */
export const killFunction = (name: string): Promise<number> => killDeployed(loadSettings(), name);
