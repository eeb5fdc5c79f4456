import { judgedCounts, NO_FEED, type StreamRun } from '../core/model/run.ts';
import { countsOfRun } from '../core/model/tally.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { rejectsPrefix } from '../core/pipeline/rejects.ts';
import { type ShownRun, shownRun, shownRuns } from '../core/report/liveness.ts';
import { partsOf } from '../core/report/parts.ts';
import { daysSince } from './days.ts';
import { deployedTenants } from './deployed.ts';
import { findRun } from './find-run.ts';
import { partFacts, partLines, planFact } from './run-parts.ts';
import { brokenByMessages, qualityFacts, qualityLines } from './run-quality.ts';
import { bytes, type Result, table } from './ui.ts';
import { inWorld, type OperatorWorld } from './world.ts';

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
  /** When a deferred file is looked at again. */
  readonly deferredUntil: Date | null;
  /** When a retrying file is tried again; null for one that was given up, too. */
  readonly nextTryAt: Date | null;
  readonly attempt: number;
  readonly origin: string;
  readonly read: number;
  readonly loaded: number;
  readonly dropped: number;
  readonly rejected: number;
  readonly startedAt: Date;
  readonly seconds: number | null;
  readonly reason: string | null;
}

/** States that somebody may want to do something about, or to know of. */
const troubled: readonly string[] = ['refused', 'failed', 'retrying', 'stalled', 'cancelled'];

/** `sluice runs`: the history of files and messages, the latest first. */
export const runRuns = async (options: RunsOptions): Promise<Result> => {
  const days = daysSince(options.since);
  return inWorld(async (world) => {
    const chosen = await deployedTenants(world, options.tenant);
    const lines = (await Promise.all(chosen.map(({ tenant }) => linesOf(world, tenant, days)))).flat();
    const wanted = lines
      .filter(({ feed }) => options.feed === undefined || feed === options.feed)
      .filter(({ state, rejected }) => !options.failed || troubled.includes(state) || rejected > 0)
      .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
    return { data: wanted, lines: wanted.length === 0 ? ['no runs'] : rowsOf(wanted) };
  });
};

const linesOf = async (world: OperatorWorld, tenant: Tenant, days: readonly string[]): Promise<RunLine[]> => {
  const ledger = world.ledger(tenant.id);
  const feeds = [...tenant.feeds.map(({ name }) => name), NO_FEED];
  const files = feeds.flatMap((feed) => days.map((day) => ledger.fileRuns(feed, day)));
  const streams = days.map((day) => ledger.streamRuns(day));
  return [
    ...(await shownRuns((await Promise.all(files)).flat(), ledger, new Date())).map((run) => fileLine(tenant.id, run)),
    ...(await Promise.all(streams)).flat().map((run) => streamLine(tenant.id, run)),
  ];
};

const fileLine = (tenant: string, run: ShownRun): RunLine => ({
  tenant,
  run: run.id,
  feed: run.feed,
  state: run.state,
  deferredUntil: run.state === 'deferred' ? run.deferredUntil : null,
  nextTryAt: run.nextTryAt,
  attempt: run.attempt,
  origin: `s3://${run.object.bucket}/${run.object.key}`,
  ...run.counts,
  startedAt: run.startedAt,
  seconds: run.endedAt ? (run.endedAt.getTime() - run.startedAt.getTime()) / 1000 : null,
  reason: run.state === 'stalled' ? STALLED : run.reason ? `${run.reason.code} ${run.reason.message}` : null,
});

const STALLED = 'its attempt died; the next one begins within two minutes';

/** The state with what belongs to it: until when, or which attempt and when the next. */
const stateText = ({ state, deferredUntil, nextTryAt, attempt }: RunLine): string => {
  if (deferredUntil) return `deferred to ${deferredUntil.toISOString().slice(0, 16)}Z`;
  if (state !== 'retrying') return state;
  return nextTryAt
    ? `retrying after attempt ${attempt}, next at ${nextTryAt.toISOString().slice(11, 19)}Z`
    : `given up after attempt ${attempt}: sluice dlq`;
};

const streamLine = (tenant: string, run: StreamRun): RunLine => {
  const counts = countsOfRun(run.feeds);
  const seconds = (run.endedAt.getTime() - run.startedAt.getTime()) / 1000;
  return {
    tenant,
    run: run.id,
    feed: Object.keys(run.feeds).sort().join(','),
    state: counts.rejected > 0 ? 'partial' : 'loaded',
    deferredUntil: null,
    nextTryAt: null,
    attempt: 1,
    origin: run.replay ? `replay of ${run.replay.of}` : `${run.stream} ${run.shard}`,
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
      stateText(line),
      ...[line.read, line.loaded, line.dropped, line.rejected].map(String),
      line.seconds?.toFixed(1) ?? '-',
      line.startedAt.toISOString().slice(0, 19),
      line.reason ? `${line.origin}: ${line.reason}` : line.origin,
    ]),
  ]);

/** `sluice runs show`: all that the ledger knows of one run. */
export const runRunsShow = (id: string): Promise<Result> =>
  inWorld(async (world) => {
    const { tenant, run: stored } = await findRun(world, id);
    const until = 'object' in stored ? ((await world.ledger(tenant.id).find(stored))?.until ?? null) : null;
    const run = 'object' in stored ? shownRun(stored, until, new Date()) : stored;
    const parts =
      'object' in stored && stored.plan ? await partsOf(world.registry(tenant.id), stored, new Date()) : null;
    const line = 'object' in run ? fileLine(tenant.id, run) : streamLine(tenant.id, run);
    const facts: [string, string][] = [
      ['run', line.run],
      ['tenant', line.tenant],
      ['feed', line.feed],
      ['state', stateText(line)],
      ['reason', line.reason ?? '-'],
      ['origin', line.origin],
      ...('object' in run ? fileFacts(run) : []),
      ...(parts ? partFacts(parts) : []),
      ...('object' in run ? (run.quality ? qualityFacts(run.quality) : []) : [brokenByMessages(run)]),
      ['counts', `${line.read} read = ${line.loaded} loaded + ${line.dropped} dropped + ${line.rejected} rejected`],
      ['started', line.startedAt.toISOString()],
      ['ended', run.endedAt?.toISOString() ?? '-'],
    ];
    const day = 'object' in run ? run.day : run.minute.toISOString().slice(0, 10);
    const where = `s3://${world.names(tenant.id).rejects}/${rejectsPrefix('object' in run ? run.feed : '<feed>', day, run.id)}`;
    const quality = 'object' in run ? run.quality : null;
    const rejected = 'object' in run ? judgedCounts(run).rejected : line.rejected;
    const rejects =
      rejected > 0 || quality?.findings.some(({ severity }) => severity === 'refuse')
        ? ['', `rejects in ${where}`, `Next: sluice rejects ${run.id}`]
        : [];
    const lines = [
      ...table(facts),
      ...(parts ? partLines(parts) : []),
      ...(quality ? qualityLines(quality) : []),
      ...rejects,
    ];
    return { data: { tenant: tenant.id, ...run, leaseUntil: until, parts }, lines };
  });

const fileFacts = (run: ShownRun): [string, string][] => [
  ['version', run.object.versionId],
  ['size', bytes(run.bytes)],
  [
    'attempt',
    `${run.attempt}, generation ${run.generation}${run.rejectsOf ? `, the rejects of ${run.rejectsOf}` : ''}`,
  ],
  ...(run.plan ? [planFact(run.plan)] : []),
  ['write time', `${run.writeTimeBase} µs and the position`],
  ['profile', run.profileVersion || '-'],
  ['content', run.contentHash ? `sha256 ${run.contentHash}` : '-'],
  ['digest of rows', run.digest || '-'],
  ['quota of', run.usageDay ?? '-'],
];
