import { basename, join } from 'node:path';
import { noCounts } from '../core/model/row.ts';
import type { FileRun } from '../core/model/run.ts';
import { exec, tail } from '../local/exec.ts';
import { localAwsEnv, pathsOf, type Settings } from '../local/settings.ts';
import { awsCli } from './aws.ts';
import { CliError } from './errors.ts';
import { table, type Ui } from './ui.ts';

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

/** Uploads a file with the AWS CLI. */
export async function copy(settings: Settings, from: string, to: string, ui: Ui): Promise<void> {
  const { file, args } = awsCli(settings, ['s3', 'cp', '--no-progress', from, to]);
  ui.progress('aws', `s3 cp ${basename(from)} ${to}`);
  const logFile = join(pathsOf(settings).logs, 'demo.log');
  const env = localAwsEnv(settings);
  if ((await exec(file, args, { cwd: settings.root, env, logFile, deadlineMs: 120_000 })) === 0) return;
  throw new CliError('SLU-1004', `the upload of ${basename(from)} failed`, {
    details: tail(logFile, 10),
    next: 'sluice status',
  });
}
