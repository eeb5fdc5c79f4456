import { admitContent, admitHours } from '../core/control/admission.ts';
import { nextDay } from '../core/control/hours.ts';
import { impossible, totalOf, type Usage, type UsageLimits } from '../core/control/usage.ts';
import { capped } from '../core/model/capped.ts';
import type { Code } from '../core/model/codes.ts';
import type { FileRun } from '../core/model/run.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { admit } from '../core/pipeline/admit.ts';
import { newRun } from '../core/pipeline/new-run.ts';
import { type Trial, tryFile } from '../core/pipeline/trial.ts';
import type { Ledger, Registry } from '../core/ports.ts';
import { localFile } from './local-file.ts';
import type { LocalFile } from './upload-files.ts';

/** What the platform is going to say to a file. */
export interface Forecast extends LocalFile {
  readonly verdict: 'taken' | 'refused' | 'deferred' | 'skipped';
  readonly reason: { readonly code: Code; readonly message: string } | null;
  readonly until: Date | null;
  /** What reading and transforming it whole has given; null when that was not asked for, or not possible. */
  readonly trial: Trial | null;
}

export interface ForecastWorld {
  /** As deployed, with transforms if files are to be tried. */
  readonly tenant: Tenant;
  readonly registry: Pick<Registry, 'read'>;
  readonly bucket: string;
  /** Used and reserved of today. */
  readonly usage: Usage;
  readonly now: Date;
  /** Reads every file and transforms its records. */
  readonly check: boolean;
  readonly signal: AbortSignal;
}

/** Judges files by the deployed profile as the platform is going to, each after those before it have taken their share of the day. */
export async function forecast(files: readonly LocalFile[], world: ForecastWorld): Promise<Forecast[]> {
  const total = { ...totalOf(world.usage) };
  const judged: Forecast[] = [];
  for (const file of files) {
    const one = await judge(file, total, world);
    if (one.verdict === 'taken') {
      total.files += 1;
      total.bytes += file.bytes;
      total.rows += one.trial?.rows ?? 0;
    }
    judged.push(one);
  }
  return judged;
}

async function judge(file: LocalFile, total: { files: number; bytes: number; rows: number }, world: ForecastWorld) {
  const { tenant } = world;
  const say = (verdict: Forecast['verdict'], reason: Forecast['reason'], trial: Trial | null = null): Forecast => ({
    ...file,
    verdict,
    reason,
    until: null,
    trial,
  });
  const admitted = admit(tenant, file.key, file.bytes);
  if ('code' in admitted) return say('refused', admitted);
  const trial = world.check
    ? await tryFile(tenant, admitted, await localFile(file.file), file.key, world.signal)
    : null;
  if (trial && 'code' in trial) return say('refused', trial);
  if (trial?.refusal) return say('refused', trial.refusal, trial);
  const run = { ...runOf(file, world), contentHash: trial?.contentHash ?? null };
  const open = admitHours(run, admitted.feed, coreOf(world));
  if (open.kind === 'defer') return { ...say('deferred', open.reason, trial), until: open.until };
  const content = await admitContent(run, admitted.feed, coreOf(world));
  if (content.kind === 'stop') return say('skipped', content.reason, trial);
  return { ...say('taken', null, trial), ...ofQuota(file, trial, total, world) };
}

function ofQuota(
  { bytes }: LocalFile,
  trial: Trial | null,
  total: { files: number; bytes: number; rows: number },
  { tenant, now }: ForecastWorld,
): Partial<Forecast> {
  const { filesPerDay, bytesPerDay, rowsPerDay } = capped(tenant.limits);
  const claim = { bytes, rows: trial?.rows ?? 0 };
  const never = impossible({ filesPerDay, bytesPerDay, rowsPerDay }, claim);
  if (never)
    return { verdict: 'refused', reason: { code: 'SLU-3015', message: `no day takes it: ${limitText(never)}` } };
  const left: UsageLimits = {
    filesPerDay: filesPerDay - total.files,
    bytesPerDay: bytesPerDay - total.bytes,
    rowsPerDay: rowsPerDay - total.rows,
  };
  const broken = impossible(left, claim);
  if (!broken) return {};
  const message = `${limitText(broken)}, and ${Math.max(0, left[broken] ?? 0)} are left`;
  return { verdict: 'deferred', reason: { code: 'SLU-3016', message }, until: nextDay(now) };

  function limitText(limit: keyof UsageLimits): string {
    const of = { filesPerDay, bytesPerDay, rowsPerDay, filesAtOnce: 0 }[limit];
    return `the profile allows ${of} ${limit.replace('PerDay', '')} a day`;
  }
}

const runOf = ({ key, bytes }: LocalFile, { tenant, bucket, now }: ForecastWorld): FileRun =>
  newRun(
    { object: { bucket, key, versionId: '' }, generation: 0, requestedAt: null, rejectsOf: null },
    { modified: now, bytes },
    { tenant, clock: { now: () => now }, profileVersion: '' },
  );

/** The rules only ever read here. */
const coreOf = ({ tenant, registry, now }: ForecastWorld) => ({
  tenant,
  registry: registry as Registry,
  ledger: { find: async () => null } satisfies Pick<Ledger, 'find'>,
  clock: { now: () => now },
});
