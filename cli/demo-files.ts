import { basename } from 'node:path';
import { noCounts } from '../core/model/row.ts';
import type { FileRun } from '../core/model/run.ts';
import { table } from './ui.ts';

/** A file that the demo has put into a tenant's staging bucket. */
export interface Uploaded {
  readonly tenant: string;
  readonly feed: string;
  readonly key: string;
}

/** What became of each file: a line with its counts, and why it is not loaded whole. */
export const filesTable = (uploads: readonly Uploaded[], runs: readonly (FileRun | undefined)[]): string[] =>
  table([
    ['tenant', 'file', 'state', 'read', 'loaded', 'dropped', 'rejected', 'reason'],
    ...uploads.map(({ tenant, key }, index) => {
      const run = runs[index];
      const { read, loaded, dropped, rejected } = run?.counts ?? noCounts();
      const [first] = run?.firstRejections ?? [];
      const why = run?.reason ?? first;
      const place = first && !run?.reason ? `, first in record ${first.position}` : '';
      const cells = [read, loaded, dropped, rejected].map(String);
      return [tenant, basename(key), run?.state ?? '-', ...cells, why ? `${why.code} ${why.message}${place}` : ''];
    }),
  ]);
