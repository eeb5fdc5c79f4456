import { capped } from '../model/capped.ts';
import { type Code, codes } from '../model/codes.ts';
import type { FileRun } from '../model/run.ts';
import type { Feed, Hours, Tenant } from '../model/tenant.ts';
import type { Clock, Ledger, Registry } from '../ports.ts';
import { type Dated, dateVersion, isSuperseded, type KeyHistory } from './history.ts';
import { nextDay, opensAt } from './hours.ts';
import { type Broken, type Claim, impossible, noUsage, release, reserve, takeOver, type Usage } from './usage.ts';
import type { WaitsFor } from './waiting.ts';

/** The answer to a file that its profile takes: go on, or a state that it gets instead, with the reason. */
export type Decision =
  | { readonly kind: 'go'; readonly run: FileRun }
  | {
      readonly kind: 'stop';
      readonly state: 'superseded' | 'skipped' | 'refused';
      readonly reason: { readonly code: Code; readonly message: string };
      /** The run with what has been found out about it, if anything has. */
      readonly run?: FileRun;
    }
  | {
      readonly kind: 'defer';
      readonly until: Date;
      readonly waitsFor: WaitsFor;
      readonly reason: { readonly code: Code; readonly message: string };
    };

export interface AdmissionWorld {
  readonly tenant: Tenant;
  readonly registry: Registry;
  readonly ledger: Pick<Ledger, 'find'>;
  readonly clock: Clock;
}

export const historyPart = ({ object }: FileRun): string => `key/${object.bucket}/${object.key}`;
export const contentPart = (feed: string, hash: string): string => `content/${feed}/${hash}`;
export const USAGE_PART = 'usage';

/** A file that waits for another's end is looked at again after this, in milliseconds, should nobody wake it. */
export const TURN = 60_000;

/**
 * A run for which an earlier attempt has reserved its share may have written rows already: it is loaded to its end, whatever has come in its way
 * since. Null for any other.
 */
export async function admitAgain(run: FileRun, { registry }: AdmissionWorld): Promise<FileRun | null> {
  if (run.usageDay === null) return null;
  const taken = await registry.change<Usage, boolean>(USAGE_PART, run.usageDay, (before) => {
    const usage = before && takeOver(before, run.id, run.attempt);
    return { value: usage ?? before, result: usage !== null };
  });
  return taken ? run : null;
}

/** Dates the version, so that every attempt writes with the same times, and finds one that comes too late. */
export async function admitVersion(run: FileRun, world: AdmissionWorld): Promise<Decision> {
  if (run.rejectsOf !== null) return admitRejects(run, run.rejectsOf, world);
  const version = versionOf(run);
  const { history, base } = await world.registry.change<KeyHistory, ReturnType<typeof dateVersion>>(
    historyPart(run),
    'history',
    (before) => {
      const dated = dateVersion(before, version);
      return { value: dated.history, result: dated };
    },
  );
  const late = tooLate(history, { ...version, base });
  return late ?? { kind: 'go', run: { ...run, writeTimeBase: Math.max(base, run.writeTimeBase) } };
}

/** A replay of rejects is dated as the run that rejected them, so that it writes over nothing that has come since. */
async function admitRejects(run: FileRun, rejectsOf: string, { ledger, registry }: AdmissionWorld): Promise<Decision> {
  const before = await ledger.find({ feed: run.feed, day: run.day, id: rejectsOf });
  if (!before) {
    const message = `the ledger has no run ${rejectsOf}, whose rejects were to be replayed`;
    return { kind: 'stop', state: 'refused', reason: { code: 'SLU-4002', message } };
  }
  const base = before.run.writeTimeBase;
  const history = await registry.read<KeyHistory>(historyPart(run), 'history');
  return tooLate(history, { ...versionOf(run), base }) ?? { kind: 'go', run: { ...run, writeTimeBase: base } };
}

/** The answer to a version of which a later one has been loaded; null when none has. */
export function tooLate(history: KeyHistory | null, version: Dated): Decision | null {
  if (!isSuperseded(history, version)) return null;
  const message = `version ${history?.loaded?.versionId} of the same key is later and has been loaded`;
  return { kind: 'stop', state: 'superseded', reason: { code: 'SLU-3012', message } };
}

export const versionOf = (run: FileRun): Omit<Dated, 'base'> => ({
  run: run.id,
  versionId: run.object.versionId,
  generation: run.generation,
  modified: run.modified.getTime(),
  requested: run.requestedAt,
});

/** Whether the hours of the feed, or else the tenant's, let a file in now. */
export function admitHours(run: FileRun, feed: Feed, { tenant, clock }: AdmissionWorld): Decision {
  const hours = feed.hours ?? tenant.hours;
  const until = opensAt(hours, clock.now());
  if (!hours || !until) return { kind: 'go', run };
  const message = `the profile loads files ${hoursText(hours)}; the next time is ${until.toISOString()}`;
  return { kind: 'defer', until, waitsFor: 'hours', reason: { code: 'SLU-3013', message } };
}

export const hoursText = (hours: Hours): string =>
  'cron' in hours ? `at "${hours.cron}"` : `from ${hours.from} to ${hours.to} UTC`;

/** Whether a run is skipped when its content has been loaded; one that was asked for by a replay is not. */
export const skipsContent = (run: FileRun, feed: Feed): run is FileRun & { readonly contentHash: string } =>
  feed.sameContent === 'skip' && run.generation === 0 && run.contentHash !== null;

/** Skips a file whose very content the feed has loaded, if the profile says so. */
export async function admitContent(run: FileRun, feed: Feed, { registry }: AdmissionWorld): Promise<Decision> {
  if (!skipsContent(run, feed)) return { kind: 'go', run };
  const loaded = await registry.read<{ run: string; object: string }>(
    contentPart(feed.name, run.contentHash),
    'loaded',
  );
  if (!loaded || loaded.run === run.id) return { kind: 'go', run };
  const message = `the run ${loaded.run} has loaded the same content from "${loaded.object}"`;
  return { kind: 'stop', state: 'skipped', reason: { code: 'SLU-3014', message } };
}

/** Ends what a run, or an earlier attempt at it, has reserved: what it has used counts, or else all is given back. */
export const endQuota = (run: FileRun, used: Claim | undefined, registry: Registry): Promise<void> =>
  run.usageDay === null
    ? Promise.resolve()
    : registry.change<Usage, void>(USAGE_PART, run.usageDay, (before) => ({
        value: before && release(before, run.id, run.attempt, used),
        result: undefined,
      }));

/**
 * Reserves the file's share of the day's quota: of files that ask at one time none goes beyond it. What an attempt has reserved that dies before
 * the ledger knows of it is given back by `tick`.
 */
export async function admitQuota(
  run: FileRun,
  rows: number,
  { tenant, registry, clock }: AdmissionWorld,
): Promise<Decision> {
  const limits = capped(tenant.limits);
  const claim = { bytes: run.bytes, rows };
  const never = impossible(limits, claim);
  if (never) {
    const message = `${brokenText(never, limits[never], claim)}; no day could take the file`;
    return { kind: 'stop', state: 'refused', reason: { code: 'SLU-3015', message } };
  }
  const usageDay = clock.now().toISOString().slice(0, 10);
  const broken = await registry.change<Usage, Broken>(USAGE_PART, usageDay, (before) => {
    const asked = reserve(before ?? noUsage, limits, run.id, { ...claim, attempt: run.attempt });
    return { value: asked.broken ? before : asked.usage, result: asked.broken };
  });
  if (!broken) return { kind: 'go', run: { ...run, usageDay } };
  const turn = broken === 'filesAtOnce';
  const until = turn ? new Date(clock.now().getTime() + TURN) : nextDay(clock.now());
  const reason = { code: turn ? 'SLU-3017' : 'SLU-3016', message: brokenText(broken, limits[broken], claim) } as const;
  return { kind: 'defer', until, waitsFor: turn ? 'turn' : 'quota', reason };
}

function brokenText(
  broken: NonNullable<Broken>,
  limit: number | undefined,
  claim: { bytes: number; rows: number },
): string {
  if (broken === 'bytesPerDay') return `with its ${claim.bytes} bytes the day would have more than ${limit} bytes`;
  if (broken === 'rowsPerDay') return `with its ${claim.rows} rows the day would have more than ${limit} rows`;
  if (broken === 'filesPerDay') return `the day has had its ${limit} files`;
  return `${limit} files are being loaded already: ${codes['SLU-3017'][0]}`;
}
