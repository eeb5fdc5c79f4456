import { join } from 'node:path';
import type { Tenant } from '../core/model/tenant.ts';
import type { Difference } from '../core/pipeline/samples.ts';
import { loadSettings } from '../local/settings.ts';
import { tenants } from '../tenants/index.ts';
import { type PlacedProblem, profileProblems } from '../tenants/problems.ts';
import { type CheckedFile, checkFile } from './check-files.ts';
import { fileData, fileLines } from './check-report.ts';
import { deployedTenants, versionNote } from './deployed.ts';
import { CliError } from './errors.ts';
import { tenantNamed, tenantsNamed } from './names.ts';
import { checkSamples, type SampleResult } from './samples.ts';
import type { Result, Ui } from './ui.ts';
import { inWorld } from './world.ts';

/** What `--json` prints, one for each tenant. */
interface TenantCheck {
  readonly tenant: string;
  readonly ok: boolean;
  readonly problems: readonly Omit<PlacedProblem, 'tenant'>[];
  readonly samples: readonly { file: string; records: number; problem?: string; differences: readonly Difference[] }[];
}

export interface CheckOptions {
  /** The feed of files whose path does not tell it. */
  readonly feed?: string | undefined;
  /** How many rows and dropped records of a file are shown. */
  readonly rows?: string | undefined;
}

/** `sluice check`: files by the profile of the checkout, or, when none is named, the profiles and their samples. */
export async function runCheck(
  id: string | undefined,
  files: readonly string[],
  { feed, rows = '5' }: CheckOptions,
  ui: Ui,
): Promise<Result> {
  const samples = Number(rows);
  if (!Number.isInteger(samples) || samples < 0) {
    throw new CliError('SLU-4003', `--rows ${rows} is not a number of rows`);
  }
  if (id === undefined || files.length === 0) return checkTenants(id, ui);
  const tenant = tenantNamed(id);
  // A profile that is wrong would reject what is right.
  if (profileProblems(tenants).some((problem) => problem.tenant === id)) return checkTenants(id, ui);
  for (const note of await notesOn([tenant])) ui.note(note);
  const checked: CheckedFile[] = [];
  for (const file of files) checked.push(await checkFile(tenant, file, { feed, samples, signal: ui.signal }));
  const good = checked.every(({ refusal, trial }) => refusal === null && trial?.counts.rejected === 0);
  return {
    data: { tenant: id, files: checked.map(fileData) },
    lines: checked.flatMap((file, index) => [...(index > 0 ? [''] : []), ...fileLines(file)]),
    exit: good ? 'ok' : 'rejects',
  };
}

/** Checks profiles, then runs samples, without any service; tells all that is wrong at once. */
async function checkTenants(id: string | undefined, ui: Ui): Promise<Result> {
  const chosen = tenantsNamed(id);
  for (const note of await notesOn(chosen)) ui.note(note);
  const all = profileProblems(tenants);
  const folder = join(loadSettings().root, 'tenants');
  const checks: TenantCheck[] = [];
  for (const tenant of chosen) checks.push(await checkTenant(tenant, all, join(folder, tenant.id)));
  const mistakes = checks.reduce((sum, check) => sum + mistakesOf(check), 0);
  const lines = checks.flatMap(linesOf);
  const last =
    mistakes === 0 ? [] : ['', `SLU-4001  ${mistakes} mistakes`, '  Next: mend the places above, then sluice check'];
  return { data: checks, lines: [...lines, ...last], exit: mistakes === 0 ? 'ok' : 'failed' };
}

/** Says which of the tenants are deployed in another state; nothing where no stack runs: the check needs none. */
const notesOn = (chosen: readonly Tenant[]): Promise<string[]> =>
  inWorld(async (world) => {
    const deployed = await deployedTenants(world, undefined);
    const about = deployed.filter(({ tenant }) => chosen.some(({ id }) => id === tenant.id));
    return about.flatMap((each) => versionNote(each) ?? []);
  }).catch(() => []);

async function checkTenant(tenant: Tenant, all: readonly PlacedProblem[], folder: string): Promise<TenantCheck> {
  const problems = all.filter((problem) => problem.tenant === tenant.id).map(({ tenant: _, ...problem }) => problem);
  // Samples of a profile that is wrong would only repeat what is wrong with it.
  const results = problems.length > 0 ? [] : await checkSamples(tenant, folder);
  const samples = results.map(({ file, outcomes, problem, differences }: SampleResult) => ({
    file,
    records: outcomes.length,
    ...(problem !== undefined && { problem }),
    differences,
  }));
  const ok = problems.length === 0 && samples.every((sample) => !sample.problem && sample.differences.length === 0);
  return { tenant: tenant.id, ok, problems, samples };
}

const mistakesOf = ({ problems, samples }: TenantCheck): number =>
  problems.length + samples.reduce((sum, { problem, differences }) => sum + (problem ? 1 : differences.length), 0);

function linesOf({ tenant, ok, problems, samples }: TenantCheck): string[] {
  const records = samples.reduce((sum, sample) => sum + sample.records, 0);
  if (ok)
    return [
      `${tenant}: the profile is right, and ${records} records in ${samples.length} samples give what is expected`,
    ];
  const found = samples.flatMap(({ file, problem, differences }) => {
    const place = `  tenants/${tenant}/${file}`;
    if (problem !== undefined) return [`${place}: ${problem}`];
    return differences.flatMap(({ position, expected, actual }) => [
      `${place}, record ${position ?? 'none'}:`,
      `    expected  ${told(expected)}`,
      `    found     ${told(actual)}`,
    ]);
  });
  return [`${tenant}:`, ...problems.map(({ where, path, message }) => `  ${where}  ${path}: ${message}`), ...found];
}

const told = (outcome: unknown): string => (outcome === undefined ? 'no such record' : JSON.stringify(outcome));
