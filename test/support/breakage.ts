import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { functionProcesses, killFunction as killDeployed } from '../../local/kill-function.ts';
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

/** The processes in which the deployed function runs; none when it runs in containers. */
export const processesOf = (name: string): Promise<number[]> => functionProcesses(loadSettings(), name);

/**
 * Kills a process once it has used some of the processor's time, in hundredths of a second. One that is not at work until `over` stays, and one may be gone, because
 * LocalStack has no more use for it.
 */
export async function killAtWork(pid: number, hundredths: number, over: AbortSignal): Promise<void> {
  const before = await timeUsed(pid);
  for (let used = before; used !== null && before !== null && !over.aborted; used = await timeUsed(pid)) {
    if (used >= before + hundredths) return void process.kill(pid, 'SIGKILL');
    await wait(1);
  }
}

/** Null when the process is gone. */
async function timeUsed(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // The name in parentheses may hold blanks; user and system time are the 12th and 13th field behind it.
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return user + system;
}
