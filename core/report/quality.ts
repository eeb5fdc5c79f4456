import type { RuleCounts, Severity } from '../model/quality.ts';
import { type FileRun, hasLoaded, judgedCounts, type StreamRun } from '../model/run.ts';
import type { Drift } from '../model/run-quality.ts';
import type { Feed } from '../model/tenant.ts';

/** The quality of what a feed was sent, in one run or in several. */
export interface Sent {
  readonly files: number;
  /** Files of which nothing is loaded. */
  readonly refused: number;
  readonly messages: number;
  /** Records that were read; of a refused file, those that a pass over it has read. */
  readonly read: number;
  /** Records that are rejected, or would have been. */
  readonly bad: number;
  /** By name, how many records (of rules on files: rows, or files) broke a rule. */
  readonly broken: RuleCounts;
  /** Rows of files, whose columns are known, and those of them in which a column is absent. Messages have no such figures. */
  readonly rows: number;
  readonly absent: Readonly<Record<string, number>>;
}

/** The quality of one run. */
export interface RunSent extends Sent {
  readonly run: string;
  readonly day: string;
  readonly startedAt: Date;
  readonly state: string;
  readonly drift: Drift | null;
}

export interface RuleReport {
  readonly name: string;
  /** Null for a rule that the profile does not have any more. */
  readonly severity: Severity | null;
  readonly description: string | null;
  readonly broken: number;
  /** The last day on which it was broken; null when it never was. */
  readonly last: string | null;
}

/** The quality of everything that a feed was sent in a time. */
export interface FeedQuality {
  readonly feed: string;
  readonly total: Sent;
  /** The latest day first. */
  readonly days: readonly (Sent & { readonly day: string })[];
  readonly rules: readonly RuleReport[];
  /** The latest first. */
  readonly runs: readonly RunSent[];
}

const nothing: Sent = { files: 0, refused: 0, messages: 0, read: 0, bad: 0, broken: {}, rows: 0, absent: {} };

/** Folds the runs of a feed into what is known of its quality; without runs there is nothing to say. */
export function qualityOf(
  { name: feed, quality = [] }: Feed,
  files: readonly FileRun[],
  streams: readonly StreamRun[],
): FeedQuality | null {
  const runs = [
    ...files.filter((run) => run.feed === feed && isJudged(run)).map(sentInFile),
    ...streams.flatMap((run) => sentInMessages(run, feed)),
  ].toSorted((a, b) => b.day.localeCompare(a.day) || b.startedAt.getTime() - a.startedAt.getTime());
  if (runs.length === 0) return null;
  const byDay = Map.groupBy(runs, ({ day }) => day);
  const total = sum(runs);
  const names = new Set([...quality.map(({ name }) => name), ...Object.keys(total.broken)]);
  const rules = [...names].map((name): RuleReport => {
    const rule = quality.find((each) => each.name === name);
    const last = runs.find(({ broken }) => (broken[name] ?? 0) > 0)?.day ?? null;
    const { severity = null, description = null } = rule ?? {};
    return { name, severity, description, broken: total.broken[name] ?? 0, last };
  });
  return { feed, total, days: [...byDay].map(([day, each]) => ({ day, ...sum(each) })), rules, runs };
}

/** A replay of rejects brings nothing that was not sent before. */
const isJudged = ({ state, rejectsOf }: FileRun): boolean =>
  rejectsOf === null && (hasLoaded(state) || state === 'refused');

function sentInFile({ id, day, startedAt, state, counts, quality }: FileRun): RunSent {
  const { read, rejected } = judgedCounts({ counts, quality });
  const columns = Object.entries(quality?.columns ?? {}).map(([name, { nulls }]) => [name, nulls] as const);
  return {
    ...nothing,
    run: id,
    day,
    startedAt,
    state,
    drift: quality?.drift ?? null,
    files: 1,
    refused: state === 'refused' ? 1 : 0,
    read,
    bad: rejected,
    broken: quality?.rules ?? {},
    rows: quality?.rows ?? 0,
    absent: Object.fromEntries(columns),
  };
}

function sentInMessages(run: StreamRun, feed: string): RunSent[] {
  const tally = run.feeds[feed];
  if (!tally) return [];
  const { counts, rules = {} } = tally;
  const state = counts.rejected > 0 ? 'partial' : 'loaded';
  const day = run.minute.toISOString().slice(0, 10);
  const about = {
    run: run.id,
    day,
    startedAt: run.startedAt,
    state,
    drift: null,
    messages: counts.read,
    read: counts.read,
  };
  return [{ ...nothing, ...about, bad: counts.rejected, broken: rules }];
}

function sum(parts: readonly Sent[]): Sent {
  const of = (key: 'files' | 'refused' | 'messages' | 'read' | 'bad' | 'rows') =>
    parts.reduce((total, part) => total + part[key], 0);
  return {
    files: of('files'),
    refused: of('refused'),
    messages: of('messages'),
    read: of('read'),
    bad: of('bad'),
    broken: added(parts.map(({ broken }) => broken)),
    rows: of('rows'),
    absent: added(parts.map(({ absent }) => absent)),
  };
}

function added(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const part of parts) for (const [name, count] of Object.entries(part)) total[name] = (total[name] ?? 0) + count;
  return total;
}
