import { addCounts, type Counts, noCounts, type Place, placeOf, type Rejection } from '../model/row.ts';
import type { StreamRun } from '../model/run.ts';
import type { ShownRun, ShownState } from './liveness.ts';
import { figuresOf, type MessageSpread } from './messages.ts';

export interface Spread {
  readonly min: number;
  readonly average: number;
  readonly max: number;
}

/** What a tenant sent to one feed and what became of it. Counts are sums over files and messages. */
export interface FeedReport {
  readonly feed: string;
  /** Files by the state of their runs; a state that no file has is absent. */
  readonly files: Readonly<Partial<Record<ShownState, number>>>;
  readonly messages: number;
  readonly bytes: number;
  readonly counts: Counts;
  /** Seconds from a file's admission to its end; null when no file has ended. */
  readonly fileSeconds: Spread | null;
  /** Rows loaded by second of that time, over all files; null when no file has loaded. */
  readonly fileRowsPerSecond: number | null;
  /** Milliseconds from a message's arrival on the stream to the database's answer; null when there was none. */
  readonly messageMilliseconds: MessageSpread | null;
  /** How often the database put rows of messages off. */
  readonly throttles: number;
  /** Of the rejected records the messages that found no room in the tenant's quota. */
  readonly overQuota: number;
}

/** A rejected row, or a file that was refused or failed (then `position` is null). */
export interface Complaint {
  readonly feed: string;
  readonly run: string;
  readonly origin: string;
  /** Null for what befell a whole file. */
  readonly position: Place['position'] | null;
  readonly line?: number | undefined;
  readonly byte?: number | undefined;
  readonly code: string;
  readonly message: string;
  readonly raw: string | null;
}

export interface TenantReport {
  readonly tenant: string;
  /** First and last day of the report, `YYYY-MM-DD`, UTC. */
  readonly from: string;
  readonly to: string;
  readonly feeds: readonly FeedReport[];
  readonly totals: Counts;
  /** The latest first. */
  readonly complaints: readonly Complaint[];
}

export interface Runs {
  readonly files: readonly ShownRun[];
  readonly streams: readonly StreamRun[];
}

/** Folds a tenant's runs into its report: the ledger is its only source. */
export function reportOf(tenant: string, days: { from: string; to: string }, { files, streams }: Runs): TenantReport {
  const names = new Set([...files.map(({ feed }) => feed), ...streams.flatMap(({ feeds }) => Object.keys(feeds))]);
  const feeds = [...names].sort().map((feed) => feedReport(feed, files, streams));
  const totals = noCounts();
  for (const { counts } of feeds) addCounts(totals, counts);
  return { tenant, ...days, feeds, totals, complaints: complaintsOf(files, streams) };
}

function feedReport(feed: string, allFiles: readonly ShownRun[], streams: readonly StreamRun[]): FeedReport {
  const files = allFiles.filter((run) => run.feed === feed);
  const messages = figuresOf(streams.map(({ feeds }) => feeds[feed]).filter((tally) => tally !== undefined));
  const counts = noCounts();
  for (const part of [...files, messages]) addCounts(counts, part.counts);
  const ended = files.filter((run) => run.state === 'loaded' || run.state === 'partial');
  const seconds = ended.map(
    ({ startedAt, endedAt }) => ((endedAt ?? startedAt).getTime() - startedAt.getTime()) / 1000,
  );
  const total = sum(seconds);

  return {
    feed,
    files: countBy(files.map(({ state }) => state)),
    messages: messages.counts.read,
    bytes: sum([...files, messages].map(({ bytes }) => bytes)),
    counts,
    fileSeconds: spread(seconds, total, seconds.length),
    fileRowsPerSecond: total > 0 ? sum(ended.map((run) => run.counts.loaded)) / total : null,
    messageMilliseconds: messages.milliseconds,
    throttles: messages.throttles,
    overQuota: messages.overQuota,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const spread = (extremes: readonly number[], total: number, count: number): Spread | null =>
  count === 0 ? null : { min: Math.min(...extremes), average: total / count, max: Math.max(...extremes) };

function countBy<K extends string>(names: readonly K[]): Partial<Record<K, number>> {
  const counts: Partial<Record<K, number>> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function complaintsOf(files: readonly ShownRun[], streams: readonly StreamRun[]): Complaint[] {
  const dated = [
    ...files.flatMap((run) => {
      const origin = `s3://${run.object.bucket}/${run.object.key}`;
      const about = { feed: run.feed, run: run.id, origin };
      const whole = run.reason ? [{ ...about, position: null, raw: null, ...run.reason }] : [];
      return [...whole, ...run.firstRejections.map((rejection) => ({ ...about, ...rowOf(rejection) }))].map(
        (complaint) => ({ at: run.startedAt, complaint }),
      );
    }),
    ...streams.flatMap((run) =>
      run.firstRejections.map((rejection) => ({
        at: run.startedAt,
        complaint: { feed: rejection.feed, run: run.id, origin: `${run.stream} ${run.shard}`, ...rowOf(rejection) },
      })),
    ),
  ];
  return dated.toSorted((a, b) => b.at.getTime() - a.at.getTime()).map(({ complaint }) => complaint);
}

const rowOf = (rejection: Rejection) => {
  const { code, message, raw } = rejection;
  return { ...placeOf(rejection), code, message, raw };
};
