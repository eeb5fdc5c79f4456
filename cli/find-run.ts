import type { FileRun, StreamRun } from '../core/model/run.ts';
import { type Deployed, deployedTenants } from './deployed.ts';
import { CliError } from './errors.ts';
import type { OperatorWorld } from './world.ts';

export interface FoundRun extends Deployed {
  readonly run: FileRun | StreamRun;
}

/** A run by its id, which tells its day and, for a file, its feed. */
export const findRun = async (world: OperatorWorld, id: string): Promise<FoundRun> => {
  const [feed = '', stamp = ''] = id.split('.');
  const day = stamp.replace(/^(\d{4})(\d\d)(\d\d).*$/, '$1-$2-$3');
  if (/^\d{4}-\d\d-\d\d$/.test(day)) {
    for (const deployed of await deployedTenants(world, undefined)) {
      const ledger = world.ledger(deployed.tenant.id);
      const stream = async () => (await ledger.streamRuns(day)).find((run) => run.id === id);
      const run = feed === 'stream' ? await stream() : (await ledger.find({ feed, day, id }))?.run;
      if (run) return { ...deployed, run };
    }
  }
  throw new CliError('SLU-4002', `no run has the id "${id}"`, { next: 'sluice runs' });
};
