import type { RunQuality } from '../core/model/run-quality.ts';
import { type FeedQuality, qualityOf, type RuleReport, type RunSent, type Sent } from '../core/report/quality.ts';
import { daysSince } from './days.ts';
import { deployedNamed, feedNamed } from './deployed.ts';
import { percent, printable, type Result, table } from './ui.ts';
import { inWorld } from './world.ts';

export interface QualityOptions {
  readonly since?: string | undefined;
}

/** Runs that are listed for people when a feed is named; `--json` has them all. */
const SHOWN = 20;

/** `sluice quality <tenant> [feed]`: the quality of everything that was sent, by feed and day; of one feed by run, too. */
export const runQuality = async (id: string, name: string | undefined, options: QualityOptions): Promise<Result> => {
  const days = daysSince(options.since);
  return inWorld(async (world) => {
    const deployed = await deployedNamed(world, id);
    const feeds = name === undefined ? deployed.tenant.feeds : [feedNamed(deployed, name)];
    const ledger = world.ledger(id);
    const streams = (await Promise.all(days.map((day) => ledger.streamRuns(day)))).flat();
    const found = feeds.map(async (feed) => {
      const files = await Promise.all(days.map((day) => ledger.fileRuns(feed.name, day)));
      return qualityOf(feed, files.flat(), streams);
    });
    const all = (await Promise.all(found)).filter((feed) => feed !== null);
    const [from, to] = [days[0] as string, days.at(-1) as string];
    const period = from === to ? from : `${from} to ${to}`;
    const lines = all.flatMap((feed) => [
      `${id} ${feed.feed}  ${period}`,
      '',
      ...linesOf(feed, name !== undefined),
      '',
    ]);
    const data = { tenant: id, from, to, feeds: all };
    return { data, lines: all.length === 0 ? [`${id}  ${period}: nothing was sent`] : lines };
  });
};

function linesOf({ days, rules, runs, total }: FeedQuality, whole: boolean): string[] {
  const head = ['files', 'refused', 'messages', 'read', 'bad', 'share', 'broken rules'];
  const absent = Object.entries(total.absent).filter(([, count]) => count > 0);
  const drifted = runs.filter(({ drift }) => drift !== null);
  return [
    ...table([['day', ...head], ...days.map((day) => [day.day, ...cellsOf(day)])]),
    ...section('run', whole ? ['state', ...head.slice(2)] : null, runs.slice(0, SHOWN), (run) => [
      run.run,
      run.state,
      ...cellsOf(run).slice(2),
    ]),
    ...(whole && runs.length > SHOWN ? [`… and ${runs.length - SHOWN} more`] : []),
    ...section('rule', ['severity', 'broken', 'last', 'what it wants'], rules, ruleCells),
    ...section('column', ['absent', 'of rows', 'share'], absent, ([name, nulls]) => [
      name,
      count(nulls),
      count(total.rows),
      percent(nulls, total.rows),
    ]),
    ...section('drift', ['columns'], drifted, (run) => [run.run, driftText(run.drift)]),
  ];
}

function section<T>(title: string, head: string[] | null, members: readonly T[], cells: (member: T) => string[]) {
  return head === null || members.length === 0 ? [] : ['', ...table([[title, ...head], ...members.map(cells)])];
}

const cellsOf = ({ files, refused, messages, read, bad, broken }: Sent | RunSent): string[] => [
  ...[files, refused, messages, read, bad].map(count),
  percent(bad, read),
  brokenText(broken),
];

const ruleCells = ({ name, severity, description, broken, last }: RuleReport): string[] => [
  name,
  severity ?? '-',
  count(broken),
  last ?? '-',
  description ?? 'not in the profile any more',
];

/** The most broken first; those that are kept are left out. */
export const brokenText = (broken: RunQuality['rules']): string =>
  Object.entries(broken)
    .filter(([, times]) => times > 0)
    .toSorted((a, b) => b[1] - a[1])
    .map(([name, times]) => `${name} ${count(times)}`)
    .join(', ') || '-';

export function driftText(drift: RunQuality['drift']): string {
  if (!drift) return '-';
  const { against, added, missing, reordered } = drift;
  const parts = [
    added.length > 0 ? `new ${added.map(printable).join(', ')}` : '',
    missing.length > 0 ? `missing ${missing.map(printable).join(', ')}` : '',
    reordered ? 'in another order' : '',
  ];
  return `${parts.filter((part) => part !== '').join('; ')} (against ${against})`;
}

const count = (value: number): string => value.toLocaleString('en-US');
