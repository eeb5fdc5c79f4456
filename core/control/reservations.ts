import { type FileRun, isSettled, placeOf } from '../model/run.ts';
import type { Clock, Ledger, Registry } from '../ports.ts';
import { USAGE_PART } from './admission.ts';
import { release, type Usage } from './usage.ts';
import type { OpenRun } from './waiting.ts';

export interface ReservationsWorld {
  readonly registry: Registry;
  readonly ledger: Pick<Ledger, 'find'>;
  readonly clock: Clock;
}

interface Reserved {
  readonly day: string;
  readonly run: string;
  readonly attempt: number;
}

const DAY = 86_400_000;

/** What is reserved today and was yesterday: no attempt lives for longer than from one day to the next. */
export async function reservations({ registry, clock }: ReservationsWorld): Promise<readonly Reserved[]> {
  const now = clock.now().getTime();
  const days = [now - DAY, now].map((time) => new Date(time).toISOString().slice(0, 10));
  const usages = await Promise.all(days.map((day) => registry.read<Usage>(USAGE_PART, day)));
  return usages.flatMap((usage, index) =>
    Object.entries(usage?.reserved ?? {}).map(([run, { attempt }]) => ({ day: days[index] as string, run, attempt })),
  );
}

/**
 * Gives back what attempts have reserved that were left behind by a later one, or by the end of their run, without knowing it. `open` must have
 * been read after the reservations: what a run still holds then stands in both.
 */
export async function dropStale(
  reserved: readonly Reserved[],
  open: readonly OpenRun[],
  { registry, ledger }: ReservationsWorld,
): Promise<void> {
  const openIds = new Set(open.map(({ run }) => run.id));
  for (const { day, run: id, attempt } of reserved) {
    const stored = await ledger.find(placeOf(id));
    if (!stored || !isStale(stored.run)) continue;
    await registry.change<Usage, void>(USAGE_PART, day, (before) => ({
      value: before && release(before, id, attempt),
      result: undefined,
    }));

    function isStale(run: FileRun): boolean {
      if (isSettled(run.state)) return !openIds.has(id);
      return attempt < run.attempt && run.usageDay !== day;
    }
  }
}
