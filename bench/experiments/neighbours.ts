import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { namesOf } from '../../core/model/names.ts';
import { pathsOf } from '../../local/settings.ts';
import { dataFile } from '../data.ts';
import { dataFolder } from '../downloads.ts';
import type { Experiment } from '../experiment.ts';
import { percentile } from '../figures.ts';
import { kinesisEvents } from '../kinesis.ts';
import type { NeighbourPhase } from '../measurements.ts';
import { bundled, invocation, readTimes } from '../ours.ts';
import { started } from '../process.ts';
import { table, whole } from '../tables.ts';
import bench from '../tenants/bench/tenant.ts';
import neighbour from '../tenants/neighbour/tenant.ts';

const BATCH = 100;
const EVERY = 500;
const FLOOD = 10_000;

/** A tenant whose stream is steady, beside another that floods: each has functions of its own, and both share Cassandra and this machine. */
export const neighbours: Experiment<'neighbours'> = {
  name: 'neighbours',
  title: 'Two tenants side by side',

  async measure({ settings, database, aws, plan, tell }) {
    const { seconds, floodRows } = plan.neighbours;
    const { tmp } = pathsOf(settings);
    const [steady, flood] = [
      await bundled(settings, bench, 'ingestStream'),
      await bundled(settings, neighbour, 'ingestStream'),
    ];
    const from = Math.floor((Date.now() - 1_800_000) / 60_000) * 60_000;
    const rows = Math.ceil((3 * seconds * 1000) / EVERY + 20) * BATCH;
    const paths = {
      steady: join(tmp, 'events-steady.ndjson'),
      flood: join(tmp, 'events-flood.ndjson'),
      times: join(tmp, 'times-steady.ndjson'),
      floodTimes: join(tmp, 'times-flood.ndjson'),
    };
    const fileOf = async (rows: number) => (await dataFile(dataFolder(settings), 'flights', 'ndjson', rows)).file;
    await kinesisEvents(paths.steady, {
      file: await fileOf(rows),
      size: BATCH,
      stream: namesOf(bench.id).stream,
      from,
      at: 10_000_000,
    });
    await kinesisEvents(paths.flood, {
      file: await fileOf(floodRows),
      size: FLOOD,
      stream: namesOf(neighbour.id).stream,
      from,
    });
    for (const file of [paths.times, paths.floodTimes]) rmSync(file, { force: true });
    await database.fresh(bench, 'flights');
    await database.serve(neighbour);
    await database.fresh(neighbour, 'flights');

    const world = { cassandraPort: database.port, aws: aws.url };
    const steadyRun = started(
      settings,
      'neighbours-steady',
      invocation(steady, { events: paths.steady, times: paths.times, every: EVERY }, world),
    );
    const marks = [Date.now() + 5000];
    // The first invocations connect, and their code is not compiled yet.
    await wait(5000 + seconds * 1000);
    marks.push(Date.now());
    const floodRun = started(
      settings,
      'neighbours-flood',
      invocation(flood, { events: paths.flood, times: paths.floodTimes }, world),
    );
    await Promise.race([wait(seconds * 1000), floodRun.ended]);
    marks.push(Date.now());
    floodRun.stop();
    await floodRun.ended;
    await Promise.race([wait(seconds * 1000), steadyRun.ended]);
    marks.push(Date.now());
    steadyRun.stop();
    await steadyRun.ended;

    const [times, floodTimes] = [readTimes(paths.times), readTimes(paths.floodTimes)];
    const phases = ['alone', 'beside the flood', 'alone again'].map((label, index): NeighbourPhase => {
      const [begin, end] = [marks[index] as number, marks[index + 1] as number];
      const within = <T extends { readonly endedAt: number }>(all: readonly T[]) =>
        all.filter(({ endedAt }) => endedAt >= begin && endedAt < end);
      return {
        label,
        steady: within(times).map(({ ms }) => ms),
        floodPerSecond: (within(floodTimes).length * FLOOD * 1000) / (end - begin),
      };
    });
    for (const { label, steady } of phases)
      tell(
        `neighbours: ${label}: ${whole(percentile(steady, 0.5))} ms, 95 % within ${whole(percentile(steady, 0.95))} ms`,
      );
    return { batch: BATCH, every: EVERY, phases };
  },

  targets: () => [],

  show: ({ batch, every, phases }) => [
    `One tenant gets a batch of ${batch} messages every ${every} ms, as a trickling stream would; for a third of the time another tenant's function loads batches of ${whole(FLOOD)} as fast as
it can. Each has functions and a ledger of its own; what they share is Cassandra, and here, unlike on AWS, the processors too. Milliseconds of an invocation:`,
    table(
      ['', 'invocations', 'median', '95 %', '99 %', 'the other’s messages/s'],
      phases.map(({ label, steady, floodPerSecond }) => [
        label,
        whole(steady.length),
        ...[0.5, 0.95, 0.99].map((share) => whole(percentile(steady, share))),
        whole(floodPerSecond),
      ]),
    ),
  ],
};
