import { TransientError } from '../model/errors.ts';
import type { FileRun } from '../model/run.ts';
import type { Clock, Lease, Ledger } from '../ports.ts';

/** Seconds that a run is safe from other attempts without a sign of life; renewed at half of it. */
export const LEASE_SECONDS = 20;

/** A run in the hands of an attempt, as the ledger has it. */
export interface HeldRun {
  lease(): Lease;
  run(): FileRun;
  /** Writes what is new about the run and prolongs the lease; throws when another attempt has taken the run. */
  note(run: FileRun): Promise<void>;
  /** The same, when half of the lease's time is over. */
  beat(run: FileRun): Promise<void>;
}

export function hold(first: Lease, { ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock }): HeldRun {
  let lease = first;
  const note = async (run: FileRun) => {
    const renewed = await ledger.renew(lease, run, LEASE_SECONDS);
    if (!renewed) throw takenAway(run);
    lease = renewed;
  };
  return {
    lease: () => lease,
    run: () => lease.run,
    note,
    beat: async (run) => {
      if (lease.until.getTime() - clock.now().getTime() <= (LEASE_SECONDS * 1000) / 2) await note(run);
    },
  };
}

export const takenAway = ({ id }: FileRun): TransientError =>
  new TransientError('SLU-5003', `another attempt has taken the run ${id}`);
