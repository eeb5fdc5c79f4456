import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { namesOf } from '../../core/model/names.ts';
import { isSettled } from '../../core/model/run.ts';
import { deploy } from '../../local/deploy.ts';
import { exec } from '../../local/exec.ts';
import { localAwsEnv, pathsOf } from '../../local/settings.ts';
import { down, up } from '../../local/stack.ts';
import { deployGuest } from '../../test/support/guest.ts';
import { dataFile } from '../data.ts';
import { dataFolder } from '../downloads.ts';
import type { Experiment } from '../experiment.ts';
import { ratio, spread } from '../figures.ts';
import type { StackRound } from '../measurements.ts';
import { bundled, tenantsFolder } from '../ours.ts';
import { peerCommand } from '../peers.ts';
import { measured } from '../process.ts';
import type { Bench } from '../results.ts';
import { table, whole, withBounds } from '../tables.ts';
import { times } from '../targets.ts';
import bench from '../tenants/bench/tenant.ts';
import guest from '../tenants/neighbour/tenant.ts';
import { loadByHandler } from './by-handler.ts';

const WHOLE = 'whole local stack, aws s3 cp to run finished';
const ALONE = 'function alone, process start to exit';
const COPY = 'cqlsh COPY';

/** Through the whole local stack: LocalStack's S3, SQS, Lambda and event mapping, with its deployment. It ends the stack, and is the last of all. */
export const stack: Experiment<'stack'> = {
  name: 'stack',
  title: 'Through the whole local stack',

  async measure(given) {
    const { settings, plan, database, tell } = given;
    const told = (part: string, message: string) => tell(`${part}: ${message}`);
    await up(settings, 'off', told);
    await deploy(settings, told);
    const remove = await deployGuest(guest, tenantsFolder);
    try {
      const bundle = await bundled(settings, bench, 'ingestObject');
      const file = await dataFile(dataFolder(settings), 'flights', 'csv', plan.stack.rows);
      await throughStack(given, (await dataFile(dataFolder(settings), 'flights', 'csv', 1000)).file, 'warm-up');
      const rounds: StackRound[] = [];
      for (let round = 1; round <= plan.stack.rounds; round++) {
        await database.fresh(guest, 'flights');
        const seconds = await throughStack(given, file.file, `round-${round}`);
        const stored = await database.count(guest, 'flights');
        if (stored !== file.rows) throw new Error(`whole stack: ${stored} of ${file.rows} rows are stored`);
        await database.fresh(bench, 'flights');
        const alone = await loadByHandler(given, bundle, file, { name: 'stack-alone' });
        await database.fresh(bench, 'flights');
        const columns = Object.keys(bench.feeds[0]?.table.columns ?? {});
        const copy = await measured(
          settings,
          'stack-cqlsh',
          peerCommand(settings, 'cqlsh COPY', file, columns),
          database.cpu,
        );
        const all = { [WHOLE]: seconds, [ALONE]: alone.seconds, [COPY]: copy.seconds };
        for (const [way, seconds] of Object.entries(all)) rounds.push({ round, way, rows: file.rows, seconds });
        tell(
          `stack, round ${round}: ${Object.entries(all)
            .map(([way, seconds]) => `${way}: ${whole(file.rows / seconds)} rows/s`)
            .join('; ')}`,
        );
      }
      return rounds;
    } finally {
      await remove();
      await down(settings, false, told);
    }
  },

  targets: () => [],

  show: (rounds) => {
    const of = (way: string) =>
      rounds.filter((each) => each.way === way).map(({ round, rows, seconds }) => ({ round, value: rows / seconds }));
    return [
      `The same file through the deployed function: \`aws s3 cp\` into LocalStack's S3, its notification over SQS, Lambda's event mapping, the function as LocalStack runs it, until the run has ended in
the ledger. LocalStack is a single process of Python on the same two processors; on AWS none of this stands beside the function.`,
      table(
        ['', 'rows', 'rows/s', 'beside cqlsh COPY'],
        [WHOLE, ALONE, COPY].map((way) => {
          const beside = ratio(of(way), of(COPY));
          return [
            way,
            whole(rounds[0]?.rows ?? 0),
            withBounds(spread(of(way).map(({ value }) => value)), whole),
            beside ? times(beside) : '-',
          ];
        }),
      ),
    ];
  },
};

/** Copies a file into the guest's bucket; answers the seconds until its run has ended in the ledger. */
async function throughStack({ settings, database }: Bench, file: string, name: string): Promise<number> {
  const key = `flights/${name}.csv`;
  const aws = join(pathsOf(settings).venv, 'bin', 'aws');
  const began = Date.now();
  const code = await exec(aws, ['s3', 'cp', '--only-show-errors', file, `s3://${namesOf(guest.id).staging}/${key}`], {
    cwd: settings.stateDir,
    env: localAwsEnv(settings),
    logFile: join(pathsOf(settings).logs, 'stack-cp.log'),
    deadlineMs: 300_000,
  });
  if (code !== 0) throw new Error(`aws s3 cp ended with ${code}`);
  for (const end = Date.now() + 300_000; Date.now() < end; await wait(300)) {
    const run = (await database.runs(guest, 'flights')).find(({ object }) => object.key === key);
    if (!run || !isSettled(run.state)) continue;
    if (run.state !== 'loaded' || !run.endedAt)
      throw new Error(`whole stack: the run is ${run.state}: ${run.reason?.message}`);
    return (run.endedAt.getTime() - began) / 1000;
  }
  throw new Error(`whole stack: ${key} has not been loaded within five minutes`);
}
