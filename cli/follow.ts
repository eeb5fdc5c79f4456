import { setTimeout as wait } from 'node:timers/promises';
import { type FileRun, isGivenUp, isSettled } from '../core/model/run.ts';
import { CliError } from './errors.ts';
import type { Ui } from './ui.ts';
import type { ReadLedger } from './world.ts';

export type RunRef = Pick<FileRun, 'feed' | 'day' | 'id'>;

/** Milliseconds without any news after which following is given up; a healthy function tells more every ten seconds. */
const PATIENCE = 5 * 60_000;
const PAUSE = 300;

/**
 * Follows runs in the ledger until each has ended, or waits for a time that nobody wants to sit out: its hours or the next day. A run that
 * only waits for its turn is followed on.
 */
export async function follow(refs: readonly RunRef[], ledger: ReadLedger, ui: Ui): Promise<FileRun[]> {
  const known = new Map<string, FileRun>();
  let told = '';
  let news = Date.now();
  for (;;) {
    const open = refs.filter(({ id }) => !isOver(known.get(id)));
    for (const ref of open) {
      const found = await ledger.find(ref);
      if (found) known.set(ref.id, found.run);
    }
    const line = progressOf([...known.values()], refs.length);
    if (line !== told) {
      ui.progress('ledger', line);
      told = line;
      news = Date.now();
    }
    if (refs.every(({ id }) => isOver(known.get(id)))) return refs.map(({ id }) => known.get(id) as FileRun);
    if (Date.now() - news > PATIENCE) throw silent(line, refs, known);
    await wait(PAUSE);
  }
}

/** True for a run that has ended or was given up, or that waits for a time which nobody sits out. */
export const isOver = (run: FileRun | undefined): boolean =>
  run !== undefined && (isSettled(run.state) || isGivenUp(run) || (run.state === 'deferred' && !isSoon(run)));

/** A file waits for its turn for long when the one before it does. */
const isSoon = ({ reason, deferredUntil }: FileRun): boolean =>
  reason?.code === 'SLU-3017' && Number(deferredUntil) - Date.now() < PATIENCE;

function progressOf(runs: readonly FileRun[], all: number): string {
  const ended = runs.filter(isOver);
  const rows = runs.reduce((sum, { counts }) => sum + counts.read, 0);
  const byState = Object.entries(Object.groupBy(ended, ({ state }) => state)).map(
    ([state, group]) => `${group?.length} ${state}`,
  );
  const states = byState.length === 0 ? '' : ` (${byState.join(', ')})`;
  return `${ended.length} of ${all} done${states}, ${rows.toLocaleString('en-US')} rows read`;
}

function silent(line: string, refs: readonly RunRef[], known: ReadonlyMap<string, FileRun>): CliError {
  const missing = refs.filter(({ id }) => !known.has(id)).map(({ id }) => `${id}: not in the ledger yet`);
  const running = [...known.values()].filter((run) => !isOver(run)).map(({ id, state }) => `${id}: ${state}`);
  return new CliError('SLU-1003', `nothing has happened for ${PATIENCE / 60_000} minutes: ${line}`, {
    details: [...running, ...missing],
    next: 'sluice dlq, and sluice logs <function>',
  });
}
