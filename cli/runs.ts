import { namesOf } from '../core/model/names.ts';
import { addCounts, noCounts } from '../core/model/row.ts';
import { type FileRun, NO_FEED, type StreamRun } from '../core/model/run.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { rejectsPrefix } from '../core/pipeline/rejects.ts';
import { loadSettings } from '../local/settings.ts';
import { tenants } from '../tenants/index.ts';
import { daysSince } from './days.ts';
import { CliError } from './errors.ts';
import { tenantsNamed } from './names.ts';
import { bytes, type Result, table } from './ui.ts';
import { type OperatorWorld, openWorld } from './world.ts';

export interface RunsOptions {
  readonly tenant?: string | undefined;
  readonly feed?: string | undefined;
  readonly since?: string | undefined;
  /** Only runs that were refused or failed, and those with rejections. */
  readonly failed?: boolean | undefined;
}

/** One run as the list shows it; a stream run has its stream and shard for an origin. */
export interface RunLine {
  readonly tenant: string;
  readonly run: string;
  readonly feed: string;
  readonly state: string;
  readonly origin: string;
  readonly read: number;
  readonly loaded: number;
  readonly dropped: number;
  readonly rejected: number;
  readonly startedAt: Date;
  readonly seconds: number | null;
  readonly reason: string | null;
}

/** `sluice runs`: the history of files and messages, the latest first. */
export const runRuns = async (options: RunsOptions): Promise<Result> => {
  const chosen = tenantsNamed(options.tenant);
  const days = daysSince(options.since);
  const world = await openWorld(loadSettings());
  try {
    const lines = (await Promise.all(chosen.map((tenant) => linesOf(world, tenant, days)))).flat();
    const wanted = lines
      .filter(({ feed }) => options.feed === undefined || feed === options.feed)
      .filter(
        ({ state, rejected }) => !options.failed || ['refused', 'failed', 'retrying'].includes(state) || rejected > 0,
      )
      .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
    return { data: wanted, lines: wanted.length === 0 ? ['no runs'] : rowsOf(wanted) };
  } finally {
    await world.close();
  }
};

const linesOf = async (world: OperatorWorld, tenant: Tenant, days: readonly string[]): Promise<RunLine[]> => {
  const ledger = world.ledger(tenant.id);
  const feeds = [...tenant.feeds.map(({ name }) => name), NO_FEED];
  const files = feeds.flatMap((feed) => days.map((day) => ledger.fileRuns(feed, day)));
  const streams = days.map((day) => ledger.streamRuns(day));
  return [
    ...(await Promise.all(files)).flat().map((run) => fileLine(tenant.id, run)),
    ...(await Promise.all(streams)).flat().map((run) => streamLine(tenant.id, run)),
  ];
};

const fileLine = (tenant: string, run: FileRun): RunLine => ({
  tenant,
  run: run.id,
  feed: run.feed,
  state: run.state,
  origin: `s3://${run.object.bucket}/${run.object.key}`,
  ...run.counts,
  startedAt: run.startedAt,
  seconds: run.endedAt ? (run.endedAt.getTime() - run.startedAt.getTime()) / 1000 : null,
  reason: run.reason ? `${run.reason.code} ${run.reason.message}` : null,
});

const streamLine = (tenant: string, run: StreamRun): RunLine => {
  const counts = noCounts();
  for (const tally of Object.values(run.feeds)) addCounts(counts, tally.counts);
  const seconds = (run.endedAt.getTime() - run.startedAt.getTime()) / 1000;
  return {
    tenant,
    run: run.id,
    feed: Object.keys(run.feeds).sort().join(','),
    state: counts.rejected > 0 ? 'partial' : 'loaded',
    origin: `${run.stream} ${run.shard}`,
    ...counts,
    startedAt: run.startedAt,
    seconds,
    reason: null,
  };
};

const rowsOf = (lines: readonly RunLine[]): string[] =>
  table([
    ['run', 'tenant', 'state', 'read', 'loaded', 'dropped', 'rejected', 's', 'started', 'origin, reason'],
    ...lines.map((line) => [
      line.run,
      line.tenant,
      line.state,
      ...[line.read, line.loaded, line.dropped, line.rejected].map(String),
      line.seconds?.toFixed(1) ?? '-',
      line.startedAt.toISOString().slice(0, 19),
      line.reason ?? line.origin,
    ]),
  ]);

export interface FoundRun {
  readonly tenant: Tenant;
  readonly run: FileRun | StreamRun;
}

/** A run by its id, which tells its day and, for a file, its feed. */
export const findRun = async (world: OperatorWorld, id: string): Promise<FoundRun> => {
  const [feed = '', stamp = ''] = id.split('.');
  const day = stamp.replace(/^(\d{4})(\d\d)(\d\d).*$/, '$1-$2-$3');
  if (/^\d{4}-\d\d-\d\d$/.test(day)) {
    for (const tenant of tenants) {
      const ledger = world.ledger(tenant.id);
      const runs = feed === 'stream' ? await ledger.streamRuns(day) : await ledger.fileRuns(feed, day);
      const run = runs.find((candidate) => candidate.id === id);
      if (run) return { tenant, run };
    }
  }
  throw new CliError('SLU-4002', `no run has the id "${id}"`, { next: 'sluice runs' });
};

/** `sluice runs show`: all that the ledger knows of one run. */
export const runRunsShow = async (id: string): Promise<Result> => {
  const world = await openWorld(loadSettings());
  try {
    const { tenant, run } = await findRun(world, id);
    const line = 'object' in run ? fileLine(tenant.id, run) : streamLine(tenant.id, run);
    const facts: [string, string][] = [
      ['run', line.run],
      ['tenant', line.tenant],
      ['feed', line.feed],
      ['state', line.state],
      ['origin', line.origin],
      ...('object' in run
        ? ([
            ['version', run.object.versionId],
            ['size', bytes(run.bytes)],
            ['attempt', `${run.attempt}, generation ${run.generation}`],
            ['write time', `${run.writeTimeBase} µs and the position`],
          ] as [string, string][])
        : []),
      ['counts', `${line.read} read = ${line.loaded} loaded + ${line.dropped} dropped + ${line.rejected} rejected`],
      ['started', line.startedAt.toISOString()],
      ['ended', run.endedAt?.toISOString() ?? '-'],
      ['reason', line.reason ?? '-'],
    ];
    const day = 'object' in run ? run.day : run.minute.toISOString().slice(0, 10);
    const where = `s3://${namesOf(tenant.id).rejects}/${rejectsPrefix(line.feed, day, run.id)}`;
    const rejects = line.rejected > 0 ? ['', `rejects in ${where}`, `Next: sluice rejects ${run.id}`] : [];
    return { data: { tenant: tenant.id, ...run }, lines: [...table(facts), ...rejects] };
  } finally {
    await world.close();
  }
};
