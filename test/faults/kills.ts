import { setTimeout as sleep } from 'node:timers/promises';
import { type FileRun, isSettled } from '../../core/model/run.ts';
import type { Ledger } from '../../core/ports.ts';
import { shownRun } from '../../core/report/liveness.ts';
import { killFunction } from '../support/breakage.ts';
import { until } from '../support/user.ts';

export interface Victims {
  /** Name of the deployed function. */
  readonly function: string;
  readonly ledger: Pick<Ledger, 'find'>;
  runs(): Promise<readonly FileRun[]>;
  /** Called while no file is left to be loaded. */
  more(runs: readonly FileRun[]): Promise<void>;
}

/** Seconds from each kill until the run was known as dead, and until it was taken up again. */
export interface Kills {
  readonly dead: readonly number[];
  readonly resumed: readonly number[];
}

/**
 * Kills all processes of a function, again and again, at any moment of their work, and watches what becomes of the files that each of them had. Every
 * process counts that had one.
 */
export async function killOften(times: number, victims: Victims): Promise<Kills> {
  const kills = { dead: [] as number[], resumed: [] as number[] };
  const seen = new Set<string>();
  const nameOf = ({ id, attempt }: FileRun) => `${id} ${attempt}`;
  const watched: Promise<void>[] = [];

  const find = async (run: FileRun) => {
    const found = await victims.ledger.find(run);
    if (!found) throw new Error(`the run ${run.id} is gone`);
    return found;
  };

  const watch = async (run: FileRun): Promise<void> => {
    const since = Date.now();
    const lasted = () => (Date.now() - since) / 1000;
    await until(`${run.id} is known as dead`, async () => {
      const now = await find(run);
      const shown = shownRun(now.run, now.until, new Date());
      return now.run.attempt > run.attempt || shown.state !== 'running' ? true : undefined;
    });
    kills.dead.push(lasted());
    await until(`${run.id} is taken up again`, async () => {
      const { run: now } = await find(run);
      return now.attempt > run.attempt || isSettled(now.state) ? true : undefined;
    });
    kills.resumed.push(lasted());
  };

  const fresh = async () => {
    const all = await victims.runs();
    if (all.every(({ state }) => isSettled(state))) await victims.more(all);
    return all.filter((each) => each.state === 'running' && !seen.has(nameOf(each)));
  };

  while (watched.length < times) {
    await until('a file is being loaded', async () => ((await fresh()).length > 0 ? true : undefined));
    // Others begin meanwhile, and this one gets anywhere in its work.
    await sleep(Math.random() * 900);
    const struck = await fresh();
    for (const run of struck) seen.add(nameOf(run));
    if ((await killFunction(victims.function)) === 0) continue;
    for (const run of struck) {
      const { run: now } = await find(run);
      // It may have come to its end at the last moment: then nothing was killed but an idle process.
      if (now.state === 'running' && now.attempt === run.attempt) watched.push(watch(now));
    }
  }
  await Promise.all(watched);
  return kills;
}
