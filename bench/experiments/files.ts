import { barChart } from '../charts.ts';
import { dataFile } from '../data.ts';
import { dataFolder, peers } from '../downloads.ts';
import type { Experiment } from '../experiment.ts';
import { spread } from '../figures.ts';
import type { FileRound } from '../measurements.ts';
import { type Bundle, bundled } from '../ours.ts';
import { peerCommand } from '../peers.ts';
import type { Case } from '../plan.ts';
import { measured, type Taken } from '../process.ts';
import type { Bench } from '../results.ts';
import { disturbance, fileTable } from '../tables.ts';
import { fileTargets } from '../targets.ts';
import tenant from '../tenants/bench/tenant.ts';
import { loadByHandler } from './by-handler.ts';

/** Files, by all clients in turn: each run is a fresh process on a fresh table, and what it has stored is counted afterwards. */
export const files: Experiment<'files'> = {
  name: 'files',
  title: 'Files, beside other tools and beside the driver’s own ceiling',

  async measure(bench) {
    const { cases } = bench.plan;
    const bundle = await bundled(bench.settings, tenant, 'ingestObject');
    await warmUp(bench);
    const rounds: FileRound[] = [];
    for (let round = 1; round <= Math.max(...cases.map((each) => each.rounds)); round++) {
      const due = cases.filter((each) => round <= each.rounds);
      // Each round begins with another client, so that none always comes after the same one.
      const turn = ((round - 1) * 2) % due.length;
      for (const each of [...due.slice(turn), ...due.slice(0, turn)]) {
        const taken = await runCase(bench, each, bundle);
        const rowsPerSecond = each.rows / taken.seconds;
        rounds.push({ ...each, ...taken, round, rowsPerSecond });
        const rate = Math.round(rowsPerSecond).toLocaleString('en-US');
        bench.tell(`round ${round}: ${each.client}, ${fileText(each)}: ${rate} rows/s`);
      }
    }
    return rounds;
  },

  targets: fileTargets,

  show(rounds) {
    const parts = [...new Set(rounds.map(({ data }) => data))].flatMap((data) => {
      const groups = Object.groupBy(
        rounds.filter((each) => each.data === data),
        ({ client, format }) => `${client}, ${format}`,
      );
      const bars = Object.entries(groups).flatMap(([label, group = []]) => {
        const found = spread(group.map(({ rowsPerSecond }) => rowsPerSecond));
        return found
          ? [{ label, value: found.median, min: found.min, max: found.max, ours: label.startsWith('sluice') }]
          : [];
      });
      bars.sort((a, b) => b.value - a.value);
      const [{ title, text }] = [about[data]];
      return [
        `### ${title}\n\n${text}`,
        fileTable(rounds, data),
        barChart(`files-${data}`, title, 'rows/s, median, from the process’s start to its end', bars),
      ];
    });
    return [intro, ...parts, disturbance(rounds)];
  },
};

const intro = `Each run is a fresh process on a freshly created table, from its start to its exit, and what it has stored is counted afterwards. The clients take turns, so
that all meet the same machine; ratios are taken within a round, and shown as median (least–greatest). All read the same file, whose columns are those of the
table. *sluice* is the bundle that is deployed, given the event of an object that has come: ledger, quota, quality rules, statistics, digest and receipt are on,
and after each run they are looked for. With *two functions* two processes take parts of the file, which has been cut. The object comes from a small file server of the benchmark's own in the place of S3; ledger and database are real. The
*ceilings* are the same driver with all rows in memory, 256 single rows or 48 unlogged batches of up to 30 rows of one partition on their way.
The others run on their defaults: cqlsh ${peers.cqlsh} \`COPY … FROM\`, dsbulk ${peers.dsbulk} \`load\`, Python's driver ${peers.pythonDriver} with \`execute_concurrent_with_args\`, and a stream of csv-parse
into \`executeConcurrent\` of the Node driver. Those that are slow have fewer rows, as the table says: for a file of 300,000 rows or more, rates hardly depend on its size.`;

const about = {
  flights: {
    title: 'Flights: clustered keys',
    text: 'Real flights of US carriers (vega-datasets, `flights-3m.parquet`) with the key ((origin, day), departed_at, flight_id): 7 columns, about 49 bytes a row as CSV.',
  },
  comments: {
    title: 'Comments: every row a partition',
    text: 'Made-up comments with the key (id), and a text whose length is log-normal with a median of 110 characters (bench/comments.ts).',
  },
} as const;

const fileText = ({ data, format, rows }: Case) => `${rows.toLocaleString('en-US')} ${data} as ${format}`;

/**
 * Rows by which a server that has just begun has compiled most of its code: the first client would pay for all others, by a third of its rate. A full run takes its largest
 * file for that, for behind a million rows the next client still pays for a tenth.
 */
const WARM = { 'ceiling, batches': 1_000_000, 'ceiling, single rows': 300_000 } as const;

async function warmUp(bench: Bench): Promise<void> {
  for (const data of new Set(bench.plan.cases.map((each) => each.data))) {
    const most = Math.max(...bench.plan.cases.filter((each) => each.data === data).map((each) => each.rows));
    const client = data === 'flights' ? 'ceiling, batches' : 'ceiling, single rows';
    const rows = bench.plan.name === 'quick' ? WARM[client] : most;
    bench.tell(`warming Cassandra up with ${rows.toLocaleString('en-US')} ${data}`);
    await runCase(bench, { client, data, format: 'csv', rows, rounds: 1 });
  }
}

/** Without a bundle only for others than Sluice. */
async function runCase(bench: Bench, { client, data, format, rows }: Case, bundle?: Bundle): Promise<Taken> {
  const { settings, database } = bench;
  const file = await dataFile(dataFolder(settings), data, format, rows);
  await database.fresh(tenant, data);
  const name = `${client}-${data}-${format}`.replaceAll(/[^a-z-]+/gi, '-');
  if (client === 'sluice' || client === 'sluice, two functions') {
    return loadByHandler(bench, bundle as Bundle, file, { name, functions: client === 'sluice' ? 1 : 2 });
  }
  const taken = await measured(settings, name, peerCommand(settings, client, file, columnsOf(data)), database.cpu);
  const stored = await database.count(tenant, data);
  if (stored !== rows) throw new Error(`${name}: ${stored} of ${rows} rows are stored`);
  return taken;
}

const columnsOf = (data: string): string[] =>
  Object.keys(tenant.feeds.find(({ name }) => name === data)?.table.columns ?? {});
