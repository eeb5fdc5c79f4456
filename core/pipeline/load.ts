import { TransientError } from '../model/errors.ts';
import { placeOf, type Rejection, type Row } from '../model/row.ts';
import type { Table } from '../model/table.ts';
import type { Sink, SinkRow } from '../ports.ts';
import { pause } from './patience.ts';
import type { Transformed } from './transform.ts';

interface Pending extends SinkRow {
  readonly row: Row;
}

/**
 * Writes the outputs of rows to the sink until every one is stored or refused for good; answers the rows that are refused.
 * A row is loaded only when all its outputs are. A failure that may pass is tried again, with pauses that grow while nothing
 * gets through, until the signal ends the patience: then it throws a `TransientError` and nothing counts as done.
 */
export async function load(
  transformed: readonly Pick<Transformed, 'row' | 'outputs'>[],
  table: Table,
  sink: Sink,
  writeTimeOf: (row: Row) => number,
  signal: AbortSignal,
): Promise<Rejection[]> {
  const rejected = new Map<Row, Rejection>();
  let pending: readonly Pending[] = transformed.flatMap(({ row, outputs }) => {
    const writeTime = writeTimeOf(row);
    return outputs.map((values) => ({ row, values, writeTime }));
  });
  let stuck = 0;
  while (pending.length > 0) {
    const failures = await sink.write(table, pending, signal);
    const again: Pending[] = [];
    for (const { index, message, retryable } of failures) {
      const failed = pending[index] as Pending;
      if (retryable) again.push(failed);
      else rejected.set(failed.row, refusal(failed.row, message));
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

const refusal = (row: Row, message: string): Rejection => ({
  ...placeOf(row),
  stage: 'load',
  code: 'SLU-2008',
  message,
  raw: row.raw,
});
