import { isCancelled } from '../control/parts.ts';
import { TransientError } from '../model/errors.ts';
import type { FileRun } from '../model/run.ts';
import type { Clock, Lease, Ledger, Registry } from '../ports.ts';

/** Seconds that a run is safe from other attempts without a sign of life; renewed at half of it. */
export const LEASE_SECONDS = 20;

/** Seconds that a delivery may wait in the queue behind others before `tick` sends it anew. */
const QUEUE_SECONDS = 600;

/** A run in the hands of an attempt, as the ledger has it. */
export interface HeldRun {
  lease(): Lease;
  run(): FileRun;
  /** Writes what is new about the run and prolongs the lease; throws when another attempt has taken the run. */
  note(run: FileRun): Promise<void>;
  /** The same, when half of the lease's time is over; true when it was. */
  beat(run: FileRun | (() => Promise<FileRun>)): Promise<boolean>;
  /** Leaves the run to whoever the delivery reaches that waits in the queue: until then, and for ten minutes at most, nobody need look after it. */
  leave(run: FileRun): Promise<void>;
  /** Gives the run into other hands, and holds it as theirs; false when another attempt has taken it. */
  hand(owner: string): Promise<boolean>;
}

export function hold(first: Lease, { ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock }): HeldRun {
  let lease = first;
  const note = async (run: FileRun, seconds = LEASE_SECONDS) => {
    const renewed = await ledger.renew(lease, run, seconds);
    if (!renewed) throw takenAway(run);
    lease = renewed;
  };
  return {
    lease: () => lease,
    run: () => lease.run,
    note: (run) => note(run),
    leave: (run) => note(run, QUEUE_SECONDS),
    hand: async (owner) => {
      const handed = await ledger.hand(lease, owner, LEASE_SECONDS);
      lease = handed ?? lease;
      return handed !== null;
    },
    beat: async (run) => {
      if (lease.until.getTime() - clock.now().getTime() > (LEASE_SECONDS * 1000) / 2) return false;
      await note(typeof run === 'function' ? await run() : run);
      return true;
    },
  };
}

export const takenAway = ({ id }: FileRun): TransientError =>
  new TransientError('SLU-5003', `another attempt has taken the run ${id}`);

/** Thrown to end a run that a person has stopped. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  /** As it stands. */
  readonly run: FileRun;
  constructor(run: FileRun) {
    super(`the run ${run.id} was cancelled`);
    this.run = run;
  }
}

/** Holds a run that one attempt has for itself, and looks now and then whether it is to be stopped. */
export async function holdOn(held: HeldRun, run: FileRun, registry: Registry): Promise<void> {
  if ((await held.beat(run)) && (await isCancelled(registry, run))) throw new Cancelled(run);
}
