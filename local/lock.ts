import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from './problem.ts';
import { isAlive, type ProcessRecord, readRecord, startTimeOf } from './processes.ts';

/**
 * Runs `work` while holding a lock file, so that two commands never start or install the same thing at once.
 * A lock whose owner has died is taken over; `onWait` is told once when a live one is in the way.
 */
export const withLock = async <T>(
  file: string,
  waitMs: number,
  onWait: (owner: ProcessRecord) => void,
  work: () => Promise<T>,
): Promise<T> => {
  mkdirSync(dirname(file), { recursive: true });
  const mine: ProcessRecord = {
    pid: process.pid,
    startTime: (await startTimeOf(process.pid)) ?? '',
    startedAt: new Date().toISOString(),
  };
  const deadline = Date.now() + waitMs;
  for (let told = false; !take(file, mine); ) {
    const owner = readRecord(file);
    if (owner === undefined || !(await isAlive(owner))) {
      dropStale(file, owner);
      continue;
    }
    if (Date.now() > deadline) {
      throw new Problem(
        'SLU-1003',
        `another sluice command (pid ${owner.pid}) has been busy since ${owner.startedAt}`,
        {
          where: file,
          next: `wait for it, or stop it with \`kill ${owner.pid}\``,
        },
      );
    }
    if (!told) onWait(owner);
    told = true;
    await sleep(100);
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
};

/** Written under another name and linked into place, so that nobody ever reads half a lock. */
const take = (file: string, mine: ProcessRecord): boolean => {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
};

/** Removes a stale lock unless somebody else has replaced it since we looked. */
const dropStale = (file: string, seen: ProcessRecord | undefined): void => {
  try {
    const now = readFileSync(file, 'utf8');
    if (seen === undefined ? readRecord(file) === undefined : now.includes(`"startTime":"${seen.startTime}"`)) {
      rmSync(file, { force: true });
    }
  } catch {
    // Gone already: the next attempt takes it.
  }
};
