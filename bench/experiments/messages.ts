import { join } from 'node:path';
import { namesOf } from '../../core/model/names.ts';
import { pathsOf } from '../../local/settings.ts';
import { barChart } from '../charts.ts';
import { dataFile } from '../data.ts';
import { dataFolder } from '../downloads.ts';
import type { Experiment } from '../experiment.ts';
import { type InRound, ratio, spread } from '../figures.ts';
import { kinesisEvents } from '../kinesis.ts';
import type { MessageRound, MessageShares, Messages } from '../measurements.ts';
import { type Bundle, bundled, invocation, readTimes, timers } from '../ours.ts';
import { measured } from '../process.ts';
import type { Bench } from '../results.ts';
import { table, whole, withBounds } from '../tables.ts';
import { type Target, times } from '../targets.ts';
import tenant from '../tenants/bench/tenant.ts';
import { loadByHandler } from './by-handler.ts';

/** Messages of one shard, in batches of several sizes, beside a file with the same records; and what the ledger takes of a batch. */
export const messages: Experiment<'messages'> = {
  name: 'messages',
  title: 'Messages',

  async measure(bench) {
    const { settings, plan, database } = bench;
    const [stream, object] = [
      await bundled(settings, tenant, 'ingestStream'),
      await bundled(settings, tenant, 'ingestObject'),
    ];
    const rounds: MessageRound[] = [];
    for (let round = 1; round <= plan.messages.rounds; round++) {
      for (const { batch, rows } of [{ batch: 0, rows: plan.messages.rows }, ...plan.messages.batches]) {
        await database.fresh(tenant, 'flights');
        const taken =
          batch === 0
            ? await loadByHandler(bench, object, await dataFile(dataFolder(settings), 'flights', 'ndjson', rows), {
                name: 'messages-file',
              })
            : await loadMessages(bench, stream, batch, rows);
        const { cpu, peakMiB, seconds } = taken;
        rounds.push({ round, batch, rows, rowsPerSecond: rows / seconds, cpu, peakMiB });
        bench.tell(`messages, round ${round}: ${labelOf(batch)}: ${whole(rows / seconds)} rows/s`);
      }
    }
    const timed = await bundled(settings, tenant, 'ingestStream', [timers]);
    const shares: MessageShares[] = [];
    for (const { batch, rows } of plan.messages.batches) shares.push(await sharesOf(bench, timed, batch, rows));
    return { rounds, shares };
  },

  targets(data) {
    return [beside(data, 10_000, 0.85), beside(data, 500, 0.6), ledgerShare(data, 10_000, 5)].filter(
      (each) => each !== null,
    );
  },

  show({ rounds, shares }) {
    const groups = [...Map.groupBy(rounds, ({ batch }) => batch)];
    const bars = groups.flatMap(([batch, group]) => {
      const found = spread(group.map(({ rowsPerSecond }) => rowsPerSecond));
      return found
        ? [{ label: labelOf(batch), value: found.median, min: found.min, max: found.max, ours: batch > 0 }]
        : [];
    });
    const rows = groups.map(([batch, group]) => {
      const of = (value: (each: MessageRound) => number, show: (value: number) => string) =>
        withBounds(spread(group.map(value)), show);
      const part = ratio(ratesOf(rounds, batch), ratesOf(rounds, 0));
      return [
        labelOf(batch),
        whole(group[0]?.rows ?? 0),
        of(({ rowsPerSecond }) => rowsPerSecond, whole),
        batch === 0 || !part ? '-' : times(part),
        of(
          ({ cpu, rows }) => (cpu / rows) * 1e6,
          (value) => value.toFixed(1),
        ),
        of(({ peakMiB }) => peakMiB, whole),
      ];
    });
    return [
      `The bundle of \`ingest-stream\`, given events of Kinesis as Lambda hands them over, with the messages of one full shard (1,000 a second by their arrival); from the process's
start to its exit, beside \`ingest-object\` with an NDJSON file of the same records in the same round.`,
      table(['batch', 'messages', 'rows/s', 'beside the file', 'client CPU s/M', 'peak MiB'], rows),
      barChart('messages', 'Messages by batch size, beside the file', 'rows/s, median', bars),
      `What becomes of the time of a batch, in milliseconds, by a bundle whose ports to the ledger and the registry (quota) and to the sink note how long they were at work. Messages are parsed while the ledger
is asked for them: that is left out of its share. The rest is transforming, judging and settling.`,
      table(
        ['batch', 'ms', 'ledger and quota', 'parsing meanwhile', 'sink', 'ledger and quota of all'],
        shares.map((share) => [
          whole(share.batch),
          ...[share.ms, share.bookkeeping, share.parsing, share.sink].map((value) => value.toFixed(1)),
          `${shareOf(share).toFixed(1)} %`,
        ]),
      ),
    ];
  },
};

const labelOf = (batch: number): string => (batch === 0 ? 'file, NDJSON' : `batches of ${whole(batch)}`);

const ratesOf = (rounds: readonly MessageRound[], batch: number): InRound[] =>
  rounds.filter((each) => each.batch === batch).map(({ round, rowsPerSecond }) => ({ round, value: rowsPerSecond }));

function beside({ rounds }: Messages, batch: number, wanted: number): Target | null {
  const found = ratio(ratesOf(rounds, batch), ratesOf(rounds, 0));
  return (
    found && {
      what: `messages in batches of ${whole(batch)}: rows/s beside a file`,
      wanted: `≥ ${wanted * 100} %`,
      reached: times(found),
      met: found.median >= wanted,
    }
  );
}

/** What ledger and quota take of a batch, in per cent. */
const shareOf = ({ ms, bookkeeping, parsing }: MessageShares): number => ((bookkeeping - parsing) / ms) * 100;

function ledgerShare({ shares }: Messages, batch: number, wanted: number): Target | null {
  const share = shares.find((each) => each.batch === batch);
  if (!share) return null;
  const part = shareOf(share);
  return {
    what: `ledger and quota of a batch of ${whole(batch)}`,
    wanted: `≤ ${wanted} %`,
    reached: `${part.toFixed(1)} %`,
    met: part <= wanted,
  };
}

/** Where in the stream the next messages are: none may be one that has been counted before. */
let position = 0;

async function loadMessages(
  { settings, database, aws }: Bench,
  bundle: Bundle,
  batch: number,
  rows: number,
  times?: string,
) {
  const { file } = await dataFile(dataFolder(settings), 'flights', 'ndjson', rows);
  const events = join(pathsOf(settings).tmp, 'events-messages.ndjson');
  // An hour ago and onwards: a message of the future would be one of a wrong clock.
  const from = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000;
  await kinesisEvents(events, { file, size: batch, stream: namesOf(bundle.tenant.id).stream, from, at: position });
  position += rows;
  const command = invocation(
    bundle,
    { events, ...(times && { times }) },
    { cassandraPort: database.port, aws: aws.url },
  );
  const taken = await measured(settings, `messages-${batch}`, command, database.cpu);
  const stored = await database.count(tenant, 'flights');
  if (stored !== rows) throw new Error(`batches of ${batch}: ${stored} of ${rows} rows are stored`);
  return taken;
}

/** The first fifth of the batches is left out: code that is not compiled yet says nothing about shares. */
async function sharesOf(bench: Bench, bundle: Bundle, batch: number, rows: number): Promise<MessageShares> {
  await bench.database.fresh(tenant, 'flights');
  const file = join(pathsOf(bench.settings).tmp, 'times-messages.ndjson');
  await loadMessages(bench, bundle, batch, rows, file);
  const all = readTimes(file);
  const warm = all.slice(Math.ceil(all.length / 5));
  const mean = (of: (each: (typeof warm)[number]) => number | undefined) =>
    warm.reduce((sum, each) => sum + (of(each) ?? 0), 0) / warm.length;
  return {
    batch,
    ms: mean(({ ms }) => ms),
    bookkeeping: mean(({ bookkeeping }) => bookkeeping),
    parsing: mean(({ parsing }) => parsing),
    sink: mean(({ sink }) => sink),
  };
}
