import { dataFile } from '../data.ts';
import { dataFolder } from '../downloads.ts';
import type { Experiment } from '../experiment.ts';
import type { MemoryRound } from '../measurements.ts';
import { bundled } from '../ours.ts';
import { table, whole } from '../tables.ts';
import tenant from '../tenants/bench/tenant.ts';
import { loadByHandler } from './by-handler.ts';

/** Most memory that the whole function may hold, in MiB: 350 MB. */
const MOST = 350e6 / 1024 / 1024;

/** Whether memory grows with the file: its peak for a small and a large one, of each format. */
export const memory: Experiment<'memory'> = {
  name: 'memory',
  title: 'Memory',

  async measure(bench) {
    const { settings, database, plan } = bench;
    const bundle = await bundled(settings, tenant, 'ingestObject');
    const rounds: MemoryRound[] = [];
    for (const { format, rows } of plan.memory) {
      const file = await dataFile(dataFolder(settings), 'flights', format, rows);
      await database.fresh(tenant, 'flights');
      const { peakMiB, seconds } = await loadByHandler(bench, bundle, file, { name: `memory-${format}` });
      rounds.push({ format, rows, peakMiB, seconds });
      bench.tell(`memory: ${whole(rows)} rows as ${format}: ${whole(peakMiB)} MiB`);
    }
    return rounds;
  },

  targets: (rounds) => {
    const formats = [...new Set(rounds.map(({ format }) => format))];
    const flat = formats.flatMap((format) => {
      const [least, most] = [...rounds]
        .filter((each) => each.format === format)
        .sort((a, b) => a.rows - b.rows)
        .flatMap((each, at, all) => (at === 0 || at === all.length - 1 ? [each] : []));
      if (!least || !most) return [];
      const grown = most.peakMiB / least.peakMiB;
      return [
        {
          what: `${format}: peak of ${whole(most.rows)} rows beside that of ${whole(least.rows)}`,
          wanted: '± 10 %',
          reached: `${((grown - 1) * 100).toFixed(0)} %`,
          met: Math.abs(grown - 1) <= 0.1,
        },
      ];
    });
    const peak = Math.max(...rounds.map(({ peakMiB }) => peakMiB));
    return [
      ...flat,
      {
        what: 'peak of the whole function',
        wanted: '< 334 MiB (350 MB)',
        reached: `${whole(peak)} MiB`,
        met: peak < MOST,
      },
    ];
  },

  show: (rounds) => [
    'The most that the function’s process holds, from its start to its end, while it alone loads a file.',
    table(
      ['format', 'rows', 'peak MiB', 'seconds'],
      rounds.map(({ format, rows, peakMiB, seconds }) => [format, whole(rows), whole(peakMiB), seconds.toFixed(0)]),
    ),
  ],
};
