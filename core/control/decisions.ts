import type { Registry } from '../ports.ts';
import { endOf } from '../report/periods.ts';
import type { Decision, Measures, Outcome } from './stream-state.ts';

/** A decision as it is kept. Decisions one after the other that change nothing are one entry: the first period, and the figures of the last. */
export interface Kept extends Decision {
  /** End of the last period that it stands for, ISO 8601. */
  readonly until: string;
  /** For how many periods. */
  readonly times: number;
  /** What became of its change; null while nobody knows, and when there was none. */
  readonly outcome: string | null;
}

/** What was found in each period, for plots: by its start, `HH:MM`. */
export type Found = Readonly<Record<string, Pick<Measures, 'lagSeconds' | 'throttles'> & Measures['actual']>>;

export const DECISIONS_PART = 'decisions';
const FOUND_PART = 'periods';

/** Entries of a day; of more, the oldest that changed nothing go first. */
const MOST = 300;
const DAY = 86_400_000;
/** Days that decisions are kept, and what was found in each period. */
const KEPT_DAYS = { [DECISIONS_PART]: 90, [FOUND_PART]: 31 } as const;

/** Writes a decision down; once, however often it is asked. */
export async function keep(registry: Registry, decision: Decision): Promise<void> {
  const { period, figures } = decision;
  const fresh = await registry.change<Kept[], boolean>(DECISIONS_PART, period.slice(0, 10), (before) => {
    const entries = before ?? [];
    const last = entries.at(-1);
    if (last && last.until > period) return { value: before, result: false };
    const until = new Date(endOf(figures)).toISOString();
    const goesOn = last?.action === 'nothing' && decision.action === 'nothing';
    const entry: Kept = goesOn
      ? { ...decision, period: last.period, until, times: last.times + 1, outcome: null }
      : { ...decision, until, times: 1, outcome: null };
    return { value: bounded([...(goesOn ? entries.slice(0, -1) : entries), entry]), result: before === null };
  });
  await registry.change<Found, void>(FOUND_PART, period.slice(0, 13), (before) => {
    const name = period.slice(11, 16);
    if (before?.[name]) return { value: before, result: undefined };
    const { lagSeconds, throttles, actual } = figures;
    return { value: { ...before, [name]: { lagSeconds, throttles, ...actual } }, result: undefined };
  });
  if (fresh) await forgetOld(registry, Date.parse(period));
}

function bounded(entries: readonly Kept[]): Kept[] {
  if (entries.length <= MOST) return [...entries];
  const dull = entries.findIndex(({ action }) => action === 'nothing');
  return entries.toSpliced(Math.max(0, dull), 1);
}

/** Writes down what became of a decided change. */
export const keepOutcome = (registry: Registry, { period, outcome }: Outcome): Promise<void> =>
  registry.change<Kept[], void>(DECISIONS_PART, period.slice(0, 10), (before) => {
    const at = before?.findIndex((entry) => entry.period === period && entry.change !== null) ?? -1;
    const entry = before?.[at];
    if (!before || !entry || entry.outcome === outcome) return { value: before, result: undefined };
    return { value: before.with(at, { ...entry, outcome }), result: undefined };
  });

async function forgetOld(registry: Registry, now: number): Promise<void> {
  for (const [part, days] of Object.entries(KEPT_DAYS)) {
    const oldest = new Date(now - days * DAY).toISOString().slice(0, 10);
    const old = (await registry.list(part)).filter(({ name }) => name < oldest);
    for (const { name } of old) await registry.change(part, name, () => ({ value: null, result: undefined }));
  }
}

/** The decisions of some days, the earliest first. */
export const decisionsOf = async (registry: Pick<Registry, 'read'>, days: readonly string[]): Promise<Kept[]> =>
  (await Promise.all(days.map((day) => registry.read<Kept[]>(DECISIONS_PART, day)))).flatMap(
    (entries) => entries ?? [],
  );

/** What was found in the periods of an hour. */
export const foundIn = async (registry: Pick<Registry, 'read'>, hour: Date): Promise<Found> =>
  (await registry.read<Found>(FOUND_PART, hour.toISOString().slice(0, 13))) ?? {};
