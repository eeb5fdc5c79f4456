import { tenantOf } from '../core/control/registration.ts';
import type { FileRun } from '../core/model/run.ts';
import { runIdOf } from '../core/pipeline/new-run.ts';
import { tenants } from '../tenants/index.ts';
import { reasonLines } from './check-report.ts';
import { checkoutOf, type Deployed, deployedNamed, feedNamed, versionNote } from './deployed.ts';
import { CliError } from './errors.ts';
import { follow } from './follow.ts';
import { type Forecast, forecast } from './forecast.ts';
import { quotaOf, quotaTable, usageOf } from './quota.ts';
import { bytes, type Result, table, type Ui } from './ui.ts';
import { filesOf, refuseTooMany } from './upload-files.ts';
import { type Sent, send } from './upload-send.ts';
import { inWorld } from './world.ts';

export interface UploadOptions {
  readonly check?: boolean | undefined;
  readonly wait?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  /** What comes between the feed and the names of the files. */
  readonly as?: string | undefined;
}

/** `sluice upload`: tells what the platform is going to say to each file, sends those that it takes, and follows them. */
export const runUpload = (
  id: string,
  feedName: string,
  paths: readonly string[],
  options: UploadOptions,
  ui: Ui,
): Promise<Result> =>
  inWorld(async (world) => {
    const deployed = await deployedNamed(world, id);
    const feed = feedNamed(deployed, feedName).name;
    const files = await filesOf(paths, feed, options.as);
    refuseTooMany(files, deployed.tenant);
    const note = versionNote(deployed);
    if (note) ui.note(note);
    const now = new Date();
    const usage = await usageOf(world, id, now.toISOString().slice(0, 10));
    const bucket = world.names(id).staging;
    const tenant = options.check ? withTransforms(deployed) : deployed.tenant;
    const registry = world.registry(id);
    const check = options.check === true;
    const judged = await forecast(files, { tenant, registry, bucket, usage, now, check, signal: ui.signal });
    for (const line of forecastLines(judged)) ui.note(line);

    const taken = options.dryRun ? [] : judged.filter(({ verdict }) => verdict !== 'refused');
    const sent = await send(taken, bucket, world, ui);
    const refs = sent.map(({ object, modified }) =>
      runIdOf(tenant, { object, generation: 0, requestedAt: null, rejectsOf: null }, modified),
    );
    const runs = options.wait && refs.length > 0 ? await follow(refs, world.ledger(id), ui) : [];
    const outcomes = judged.map((file) => {
      const index = taken.indexOf(file);
      return outcomeOf(file, sent[index], refs[index]?.id, runs[index]);
    });
    const quota = quotaOf(tenant.limits, await usageOf(world, id, now.toISOString().slice(0, 10)));
    const data = { tenant: id, feed, profileVersion: deployed.version, files: outcomes, quota };
    const lines = [...outcomeTable(outcomes), '', ...quotaTable(quota), ...nextLines(outcomes, id, options)];
    const exit = outcomes.every(({ state }) => fine.includes(state)) ? 'ok' : 'rejects';
    return { data, lines, exit: outcomes.some(({ state }) => state === 'failed') ? 'failed' : exit };
  });

/** The transforms are code, which the ledger does not hold: those of the checkout are tried. */
function withTransforms(deployed: Deployed) {
  const own = tenants.find(({ id }) => id === deployed.tenant.id);
  if (own && checkoutOf(deployed).same !== null)
    return tenantOf(deployed, (name) => own.feeds.find((feed) => feed.name === name));
  throw new CliError(
    'SLU-4002',
    `--check runs the transforms of tenant ${deployed.tenant.id}, which is not in this checkout`,
    {
      next: 'leave out --check, or run it in the checkout of the tenant',
    },
  );
}

/** What can be said without waiting is that a file is `sent`, or would be. */
const fine: readonly string[] = ['loaded', 'sent', 'taken'];

type Outcome = ReturnType<typeof outcomeOf>;

const outcomeOf = (file: Forecast, sent: Sent | undefined, run: string | undefined, ended: FileRun | undefined) => ({
  file: file.file,
  key: file.key,
  bytes: file.bytes,
  state: ended?.state ?? expected(file, sent !== undefined),
  reason: ended ? ended.reason : file.reason,
  until: ended ? ended.deferredUntil : file.until,
  counts: ended?.counts ?? file.trial?.counts ?? null,
  firstRejections: ended?.firstRejections ?? file.trial?.firstRejections ?? [],
  versionId: sent?.object.versionId ?? null,
  run: run ?? null,
});

const expected = ({ verdict, trial }: Forecast, sent: boolean): string =>
  verdict !== 'taken' ? verdict : trial && trial.counts.rejected > 0 ? 'partial' : sent ? 'sent' : 'taken';

function forecastLines(judged: readonly Forecast[]): string[] {
  const all = judged.reduce((sum, file) => sum + file.bytes, 0);
  const count = (verdict: string) => judged.filter((file) => file.verdict === verdict).length;
  const verdicts = (['taken', 'deferred', 'skipped', 'refused'] as const).filter((verdict) => count(verdict) > 0);
  const head = `${judged.length} ${judged.length === 1 ? 'file' : 'files'}, ${bytes(all)}: ${verdicts.map((verdict) => `${count(verdict)} ${verdict}`).join(', ')}`;
  return [head, ...judged.flatMap(wordsOf)];
}

function wordsOf({ file, verdict, reason, until, trial }: Forecast): string[] {
  const why = reason ? [`  ${verdict}  ${file}: ${reason.code} ${reason.message}${untilText({ reason, until })}`] : [];
  if (!trial || trial.counts.rejected === 0) return why;
  const { rejected, read } = trial.counts;
  const lines = reasonLines(file, trial.reasons, trial.layout).map((line) => (line === '' ? '' : `    ${line}`));
  return [...why, `  partial  ${file}: ${rejected} of ${read} records would be rejected`, ...lines];
}

/** The reason of a file that waits for its hours names the time itself. */
const untilText = ({ reason, until }: Pick<Outcome, 'reason' | 'until'>): string =>
  until && reason?.code !== 'SLU-3013' ? `; until ${until.toISOString().slice(0, 16)}Z` : '';

const outcomeTable = (outcomes: readonly Outcome[]): string[] =>
  table([
    ['file', 'state', 'size', 'read', 'loaded', 'dropped', 'rejected', 'run, reason'],
    ...outcomes.map(({ key, state, bytes: size, counts, reason, until, run }) => [
      key,
      state,
      bytes(size),
      ...(counts ? [counts.read, counts.loaded, counts.dropped, counts.rejected].map(String) : ['-', '-', '-', '-']),
      [run, reason && `${reason.code} ${reason.message}${untilText({ reason, until })}`].filter(Boolean).join('  '),
    ]),
  ]);

function nextLines(outcomes: readonly Outcome[], id: string, { wait, dryRun }: UploadOptions): string[] {
  const partial = outcomes.find(({ state, run }) => state === 'partial' && run);
  if (partial) return ['', `Next: sluice rejects ${partial.run}`];
  if (outcomes.some(({ state }) => state === 'deferred')) return ['', `Next: sluice quota ${id}`];
  return wait || dryRun ? [] : ['', `Next: sluice runs ${id}, or --wait to follow them`];
}
