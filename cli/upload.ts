import { tenantOf } from '../core/control/registration.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { runIdOf } from '../core/pipeline/new-run.ts';
import { tenants } from '../tenants/index.ts';
import { reasonLines } from './check-report.ts';
import { checkoutOf, type Deployed, deployedNamed, feedNamed, versionNote } from './deployed.ts';
import { CliError } from './errors.ts';
import { follow } from './follow.ts';
import { type Forecast, forecast } from './forecast.ts';
import { quotaOf, quotaTable, usageOf } from './quota.ts';
import { bytes, type Result, type Ui } from './ui.ts';
import { filesOf, refuseTooMany } from './upload-files.ts';
import { exitOf, nextLines, outcomeOf, outcomeTable, untilText } from './upload-outcome.ts';
import { send } from './upload-send.ts';
import type { Staged } from './upload-staging.ts';
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
    const atOnce = ui.endInOrder();
    const sent = await send(taken, bucket, world, ui);
    atOnce();
    const refs = sent.map(({ staged }) => staged && runOf(tenant, staged));
    const whole = refs.filter((ref) => ref !== null);
    const followed = options.wait && whole.length > 0 && !ui.signal.aborted;
    const runs = followed ? await follow(whole, world.ledger(id), ui) : [];
    const outcomes = judged.map((file) => {
      const index = taken.indexOf(file);
      const run = refs[index]?.id;
      return outcomeOf(
        file,
        sent[index],
        run,
        runs.find((each) => each.id === run),
      );
    });
    const quota = quotaOf(tenant.limits, await usageOf(world, id, now.toISOString().slice(0, 10)));
    const data = { tenant: id, feed, profileVersion: deployed.version, files: outcomes, quota };
    const lines = [...outcomeTable(outcomes), '', ...quotaTable(quota), ...nextLines(outcomes, id, options)];
    return { data, lines, exit: ui.signal.aborted ? 'interrupted' : exitOf(outcomes) };
  });

const runOf = (tenant: Tenant, { object, modified }: Staged) =>
  runIdOf(tenant, { object, generation: 0, requestedAt: null, rejectsOf: null }, modified);

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
