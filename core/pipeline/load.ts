import { TransientError } from '../model/errors.ts';
import { placeOf, type Rejection, type Source } from '../model/row.ts';
import type { Table } from '../model/table.ts';
import type { Sink } from '../ports.ts';
import type { Output } from './output.ts';
import { pause } from './patience.ts';

/**
 * Writes the outputs of records to the sink until every one is stored or refused for good; answers the records that are refused.
 * A record is loaded only when all its outputs are. A failure that may pass is tried again, with pauses that grow while nothing
 * gets through, until the signal ends the patience: then it throws a `TransientError` and nothing counts as done.
 */
export async function load(
  outputs: readonly Output[],
  table: Table,
  sink: Sink,
  signal: AbortSignal,
): Promise<Rejection[]> {
  const rejected = new Map<Output['position'], Rejection>();
  let pending = outputs;
  let stuck = 0;
  while (pending.length > 0) {
    const failures = await sink.write(table, pending, signal);
    const again: Output[] = [];
    for (const { index, message, retryable } of failures) {
      const failed = pending[index] as Output;
      if (retryable) again.push(failed);
      else rejected.set(failed.position, refusal(failed, message));
    }
    // Where some get through, the sink is to catch its breath and no more.
    if (again.length < pending.length) stuck = 0;
    pending = again;
    const last = failures.findLast((failure) => failure.retryable);
    if (last && (await pause(stuck++, signal)) === 'out of time') {
      throw new TransientError('SLU-5001', `the sink does not take rows: ${last.message}`);
    }
  }
  return [...rejected.values()];
}

/** For records that are to be judged, and not stored. */
export const nowhere: Sink = { name: 'nowhere', write: async () => [], remove: async () => [], close: async () => {} };

const refusal = (source: Source, message: string): Rejection => ({
  ...placeOf(source),
  stage: 'load',
  code: 'SLU-2008',
  message,
  raw: source.raw,
});
