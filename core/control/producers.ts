import type { Telling } from '../model/telling.ts';
import type { Registry } from '../ports.ts';

const PART = 'producers';
/** Periods of a producer that are kept: an hour, when it tells once a minute. */
const PERIODS = 60;
/** Producers of a tenant that are kept: whoever writes to the stream chooses the names. */
const MOST = 1000;

/** What is known of a producer: its total as of the latest telling, and its latest periods, the latest first. */
export interface KnownProducer {
  readonly producer: string;
  readonly total: Telling['total'];
  readonly periods: readonly Telling['period'][];
}

/** Keeps what a producer tells. To do it again changes nothing, whatever else came meanwhile. */
export async function keepTelling(registry: Registry, telling: Telling): Promise<void> {
  const { producer } = telling;
  const isNew = await registry.change<KnownProducer, boolean>(PART, producer, (before) => {
    const value = withTelling(before, telling);
    return { value, result: before === null };
  });
  if (isNew) await forgetOldest(registry, producer);
}

function withTelling(before: KnownProducer | null, { producer, total, period }: Telling): KnownProducer {
  if (!before) return { producer, total, periods: [period] };
  if (before.periods.some(({ to }) => to === period.to)) return before;
  const periods = [...before.periods, period].toSorted((a, b) => (a.to < b.to ? 1 : -1)).slice(0, PERIODS);
  return { producer, total: before.total.to < total.to ? total : before.total, periods };
}

async function forgetOldest(registry: Registry, fresh: string): Promise<void> {
  const known = await listProducers(registry);
  const oldest = known.filter(({ producer }) => producer !== fresh).slice(MOST - 1);
  for (const { producer } of oldest) await registry.change(PART, producer, () => ({ value: null, result: undefined }));
}

/** The producers of a tenant, those that told something last first. */
export async function listProducers(registry: Pick<Registry, 'list'>): Promise<KnownProducer[]> {
  const known = await registry.list<KnownProducer>(PART);
  return known.map(({ value }) => value).toSorted((a, b) => (a.total.to < b.total.to ? 1 : -1));
}
