import type { FileRun, RunState } from '../model/run.ts';

/** `stalled` is a run whose attempt has given no sign of life: nobody holds it, and the next attempt has not begun. */
export type ShownState = RunState | 'stalled';

/** A run as reports show it. */
export type ShownRun = Omit<FileRun, 'state'> & { readonly state: ShownState };

/** Milliseconds after the end of a lease during which its holder may only be late: a dead run is shown as such within 30 s. */
const GRACE = 8_000;

/** A run with the state that it truly has; `until` is the end of its lease, null when nobody holds it. */
export function shownRun(run: FileRun, until: Date | null, now: Date): ShownRun {
  const dead = run.state === 'running' && (until === null || until.getTime() + GRACE <= now.getTime());
  return dead ? { ...run, state: 'stalled' } : run;
}

/** Runs as reports show them; only those that claim to be running are looked up again, for their leases. */
export const shownRuns = (
  runs: readonly FileRun[],
  ledger: { find(run: FileRun): Promise<{ readonly run: FileRun; readonly until: Date | null } | null> },
  now: Date,
): Promise<ShownRun[]> =>
  Promise.all(
    runs.map(async (run) => {
      if (run.state !== 'running') return run;
      const found = await ledger.find(run);
      return found ? shownRun(found.run, found.until, now) : run;
    }),
  );
