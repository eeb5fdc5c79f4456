import { listProducers } from '../core/control/producers.ts';
import { placeText } from '../core/model/row.ts';
import { NO_FEED } from '../core/model/run.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { shownRuns } from '../core/report/liveness.ts';
import type { MessageSpread } from '../core/report/messages.ts';
import { type FeedReport, type Runs, reportOf, type Spread, type TenantReport } from '../core/report/report.ts';
import { daysSince } from './days.ts';
import { deployedTenants } from './deployed.ts';
import { producerLines } from './report-producers.ts';
import { bytes, excerpt, type Result, table, type Ui } from './ui.ts';
import { inWorld, type ReadLedger } from './world.ts';

export interface ReportOptions {
  readonly tenant?: string | undefined;
  /** First day, `YYYY-MM-DD`, UTC; a week ago when absent. */
  readonly since?: string | undefined;
}

/** Rejections and reasons that are listed for people; `--json` has them all. */
const SHOWN = 8;

export const runReport = async (options: ReportOptions, _ui: Ui): Promise<Result> => {
  const days = daysSince(options.since);
  return inWorld(async (world) => {
    const chosen = await deployedTenants(world, options.tenant);
    const reports = await Promise.all(
      chosen.map(async ({ tenant }) => ({
        ...(await readReport(world.ledger(tenant.id), tenant, days)),
        producers: await listProducers(world.registry(tenant.id)),
      })),
    );
    const lines = reports.flatMap((report) => [...linesOf(report), ...producerLines(report.producers)]);
    return { data: reports, lines };
  });
};

export const readReport = async (
  ledger: ReadLedger,
  tenant: Tenant,
  days: readonly string[],
): Promise<TenantReport> => {
  const feeds = [...tenant.feeds.map(({ name }) => name), NO_FEED];
  const files = feeds.flatMap((feed) => days.map((day) => ledger.fileRuns(feed, day)));
  const streams = days.map((day) => ledger.streamRuns(day));
  const shown = await shownRuns((await Promise.all(files)).flat(), ledger, new Date());
  const runs: Runs = { files: shown, streams: (await Promise.all(streams)).flat() };
  return reportOf(tenant.id, { from: days[0] as string, to: days.at(-1) as string }, runs);
};

export const linesOf = ({ tenant, from, to, feeds, totals, complaints }: TenantReport): string[] => {
  const period = from === to ? from : `${from} to ${to}`;
  if (feeds.length === 0) return [`${tenant}  ${period}: no files and no messages`, ''];
  const balance = `${count(totals.read)} read = ${count(totals.loaded)} loaded + ${count(totals.dropped)} dropped + ${count(totals.rejected)} rejected`;
  const shown = complaints.slice(0, SHOWN);
  return [
    `${tenant}  ${period}: ${balance}`,
    '',
    ...table([
      ['feed', 'files', 'messages', 'size', 'read', 'loaded', 'dropped', 'rejected'],
      ...feeds.map((feed) => countsRow(feed)),
    ]),
    '',
    ...table([
      ['feed', 's per file: min', 'avg', 'max', 'rows/s', 'ms per message: min', 'avg', 'p95', 'max'],
      ...feeds.map(({ feed, fileSeconds, fileRowsPerSecond, messageMilliseconds }) => [
        nameOf(feed),
        ...spreadCells(fileSeconds, 2),
        fileRowsPerSecond === null ? '-' : count(Math.round(fileRowsPerSecond)),
        ...messageCells(messageMilliseconds),
      ]),
    ]),
    ...(shown.length === 0
      ? []
      : ['', `rejected, refused or waiting (the latest ${shown.length} of ${complaints.length}):`]),
    ...shown.flatMap(({ code, feed, origin, position, line, byte, message, raw }) => [
      `  ${code}  ${nameOf(feed)}  ${origin}${position === null ? '' : `, ${placeText({ position, line, byte })}`}`,
      `    ${message}`,
      ...(raw === null ? [] : [`    ${excerpt(raw)}`]),
    ]),
    '',
  ];
};

const countsRow = ({ feed, files, messages, bytes: size, counts, overQuota }: FeedReport): string[] => [
  nameOf(feed),
  Object.entries(files)
    .map(([state, number]) => `${number} ${state}`)
    .join(', ') || '-',
  count(messages),
  bytes(size),
  ...[counts.read, counts.loaded, counts.dropped].map(count),
  `${count(counts.rejected)}${overQuota > 0 ? ` (${count(overQuota)} over the quota)` : ''}`,
];

const nameOf = (feed: string): string => (feed === NO_FEED ? '(no feed)' : feed);

/** The 95th percentile is within 5 %; `-` stands for one of which not all messages' times are known. */
export const messageCells = (spread: MessageSpread | null): string[] =>
  spread === null
    ? ['-', '-', '-', '-']
    : [spread.min, spread.average, spread.p95, spread.max].map((value) => value?.toFixed(0) ?? '-');

const spreadCells = (spread: Spread | null, digits: number): string[] =>
  spread === null ? ['-', '-', '-'] : [spread.min, spread.average, spread.max].map((value) => value.toFixed(digits));

const count = (value: number): string => value.toLocaleString('en-US');
