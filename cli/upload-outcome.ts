import type { FileRun } from '../core/model/run.ts';
import type { Forecast } from './forecast.ts';
import { bytes, type Result, table } from './ui.ts';
import type { Sending } from './upload-send.ts';

/** What became of a file: as its run tells, or as far as it is known without waiting. */
export type Outcome = ReturnType<typeof outcomeOf>;

export const outcomeOf = (
  file: Forecast,
  sent: Sending | undefined,
  run: string | undefined,
  ended: FileRun | undefined,
) => ({
  file: file.file,
  key: file.key,
  bytes: file.bytes,
  ...(ended ? endOf(ended) : expected(file, sent)),
  counts: ended?.counts ?? file.trial?.counts ?? null,
  firstRejections: ended?.firstRejections ?? file.trial?.firstRejections ?? [],
  sentBytes: sent?.sentBytes ?? 0,
  /** Those that an earlier command had sent. */
  foundBytes: sent?.foundBytes ?? 0,
  versionId: sent?.staged?.object.versionId ?? null,
  run: run ?? null,
});

const endOf = ({ state, reason, deferredUntil: until }: FileRun) => ({ state: state as string, reason, until });

function expected({ verdict, trial, reason, until }: Forecast, sent: Sending | undefined) {
  if (sent && !sent.staged) return { state: 'interrupted', reason: null, until: null };
  const taken = trial && trial.counts.rejected > 0 ? 'partial' : sent ? 'sent' : 'taken';
  return { state: verdict === 'taken' ? taken : verdict, reason, until };
}

/** What can be said without waiting is that a file is `sent`, or would be. */
const fine: readonly string[] = ['loaded', 'sent', 'taken'];

export function exitOf(outcomes: readonly Outcome[]): NonNullable<Result['exit']> {
  if (outcomes.some(({ state }) => state === 'failed')) return 'failed';
  return outcomes.every(({ state }) => fine.includes(state)) ? 'ok' : 'rejects';
}

/** The reason of a file that waits for its hours names the time itself. */
export const untilText = ({ reason, until }: Pick<Outcome, 'reason' | 'until'>): string =>
  until && reason?.code !== 'SLU-3013' ? `; until ${until.toISOString().slice(0, 16)}Z` : '';

export const outcomeTable = (outcomes: readonly Outcome[]): string[] =>
  table([
    ['file', 'state', 'size', 'read', 'loaded', 'dropped', 'rejected', 'run, reason'],
    ...outcomes.map((outcome) => [
      outcome.key,
      outcome.state,
      bytes(outcome.bytes),
      ...countsOf(outcome),
      [outcome.run, whyOf(outcome)].filter(Boolean).join('  '),
    ]),
  ]);

const countsOf = ({ counts }: Outcome): string[] =>
  counts ? [counts.read, counts.loaded, counts.dropped, counts.rejected].map(String) : ['-', '-', '-', '-'];

function whyOf({ state, reason, until, sentBytes, foundBytes }: Outcome): string {
  if (state === 'interrupted') return `${bytes(sentBytes + foundBytes)} are there`;
  return reason ? `${reason.code} ${reason.message}${untilText({ reason, until })}` : '';
}

export function nextLines(
  outcomes: readonly Outcome[],
  id: string,
  { wait, dryRun }: { readonly wait?: boolean | undefined; readonly dryRun?: boolean | undefined },
): string[] {
  const broken = outcomes.filter(({ state }) => state === 'interrupted');
  if (broken.length > 0) {
    const missing = broken.reduce((sum, file) => sum + file.bytes - file.sentBytes - file.foundBytes, 0);
    return ['', `Next: the same command again, which sends only what is missing: ${bytes(missing)}`];
  }
  const partial = outcomes.find(({ state, run }) => state === 'partial' && run);
  if (partial) return ['', `Next: sluice rejects ${partial.run}`];
  if (outcomes.some(({ state }) => state === 'deferred')) return ['', `Next: sluice quota ${id}`];
  const followed = wait && outcomes.every(({ state }) => state !== 'sent');
  return followed || dryRun ? [] : ['', `Next: sluice runs ${id}, or --wait to follow them`];
}
