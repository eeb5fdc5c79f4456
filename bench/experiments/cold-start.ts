import { namesOf } from '../../core/model/names.ts';
import { dataFile } from '../data.ts';
import { dataFolder } from '../downloads.ts';
import type { Experiment } from '../experiment.ts';
import { spread } from '../figures.ts';
import { bundled, invocation, notification } from '../ours.ts';
import { started } from '../process.ts';
import { table, whole } from '../tables.ts';
import tenant from '../tenants/bench/tenant.ts';
import { openWire } from '../wire.ts';

const ROWS = 1000;
const MOST_BYTES = 3_000_000;

/** How long a fresh process takes until the first row of a small file is stored, by a database that is warm. */
export const coldStart: Experiment<'coldStart'> = {
  name: 'coldStart',
  title: 'Cold start',

  async measure({ settings, database, aws, plan, tell }) {
    const bundle = await bundled(settings, tenant, 'ingestObject');
    const others = [await bundled(settings, tenant, 'ingestStream'), await bundled(settings, tenant, 'tick')];
    const { file } = await dataFile(dataFolder(settings), 'flights', 'csv', ROWS);
    const { staging, queue } = namesOf(tenant.id);
    const wire = await openWire(database.port);
    const firstRow: number[] = [];
    await database.fresh(tenant, 'flights');
    for (let round = 0; round < plan.coldStarts; round++) {
      const key = `flights/cold-${round}.csv`;
      aws.send(queue, notification(staging, key, aws.add(staging, key, file)));
      const command = invocation(bundle, {}, { cassandraPort: wire.port, aws: aws.url });
      const began = performance.now();
      const run = started(settings, 'cold-start', command);
      firstRow.push((await Promise.race([wire.firstAnswer(), run.ended.then(() => Number.NaN)])) - began);
      await run.ended;
    }
    await wire.close();
    tell(
      `cold start: ${whole(spread(firstRow)?.median ?? 0)} ms to the first row, bundle of ${whole(bundle.bytes / 1024)} KiB`,
    );
    const [stream, tick] = others.map(({ bytes }) => bytes) as [number, number];
    return { bundles: { 'ingest-object': bundle.bytes, 'ingest-stream': stream, tick }, firstRow };
  },

  targets({ bundles, firstRow }) {
    const largest = Math.max(...Object.values(bundles));
    const found = spread(firstRow);
    return [
      {
        what: 'largest bundle',
        wanted: '≤ 3 MB',
        reached: `${(largest / 1e6).toFixed(2)} MB`,
        met: largest <= MOST_BYTES,
      },
      {
        what: 'process start to first row acknowledged',
        wanted: '≤ 1,000 ms',
        reached: found && `${whole(found.median)} ms`,
        met: found && found.median <= 1000,
      },
    ];
  },

  show({ bundles, firstRow }) {
    const found = spread(firstRow);
    const range = found
      ? `${whole(found.median)} ms (${whole(found.min)}–${whole(found.max)}) in ${found.rounds} starts`
      : 'not measured';
    return [
      `From the start of the process to the first batch of rows that the database has acknowledged, of a file of ${whole(ROWS)} flights: ${range}. Within that time Node starts, loads
the bundle, reads the secret, connects, claims the run, reads the whole file once, reserves the quota and writes.`,
      table(
        ['bundle', 'bytes'],
        Object.entries(bundles).map(([name, bytes]) => [name, whole(bytes)]),
      ),
    ];
  },
};
