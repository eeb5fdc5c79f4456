import { type InRound, ratio, type Spread, spread } from './figures.ts';
import type { FileRound } from './measurements.ts';
import type { Case } from './plan.ts';

/** One figure that the project wants to reach. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  /** Null where it has not been measured. */
  readonly reached: string | null;
  readonly met: boolean | null;
}

/** Also with several functions at one time. */
export const isOurs = ({ client }: Pick<Case, 'client'>): boolean => client.startsWith('sluice');

type Figure = 'rowsPerSecond' | 'clientCpu';
type Which = Pick<Case, 'client' | 'data' | 'format'>;

/** Seconds of the client's processor time per million rows. */
export const clientCpu = ({ cpu, rows }: FileRound): number => (cpu / rows) * 1e6;

const figureOf = (round: FileRound, figure: Figure) =>
  figure === 'clientCpu' ? clientCpu(round) : round.rowsPerSecond;

export const inRounds = (rounds: readonly FileRound[], { client, data, format }: Which, figure: Figure): InRound[] =>
  rounds
    .filter((each) => each.client === client && each.data === data && each.format === format)
    .map((each) => ({ round: each.round, value: figureOf(each, figure) }));

const peer = (client: Case['client'], data: Case['data']): Which => ({ client, data, format: 'csv' });
const ours = (data: Case['data'], format: Case['format']): Which => ({ client: 'sluice', data, format });

/** How many times faster ours is on files than something else, and whether that is what was wanted. */
const faster = (rounds: readonly FileRound[], mine: Which, other: Which['client'], wanted: number): Target => {
  const found = ratio(
    inRounds(rounds, mine, 'rowsPerSecond'),
    inRounds(rounds, peer(other, mine.data), 'rowsPerSecond'),
  );
  return target(
    `${mine.data} as ${mine.format}: rows/s beside ${other}`,
    `≥ ${wanted}×`,
    found,
    (median) => median >= wanted,
  );
};

const target = (what: string, wanted: string, found: Spread | null, met: (median: number) => boolean): Target => ({
  what,
  wanted,
  reached: found && times(found),
  met: found && met(found.median),
});

export const times = ({ median, min, max, rounds }: Spread): string =>
  `${median.toFixed(2)}×${rounds > 1 ? ` (${min.toFixed(2)}–${max.toFixed(2)})` : ''}`;

/** The targets on files. */
export function fileTargets(rounds: readonly FileRound[]): Target[] {
  const clustered = (['csv', 'ndjson', 'parquet'] as const).flatMap((format) => [
    faster(rounds, ours('flights', format), 'cqlsh COPY', 3.5),
    faster(rounds, ours('flights', format), 'dsbulk', 6),
    faster(rounds, ours('flights', format), 'ceiling, batches', 0.95),
    faster(rounds, ours('flights', format), 'ceiling, batches', 1.5),
  ]);
  const spreadKeys = [
    faster(rounds, ours('comments', 'csv'), 'cqlsh COPY', 1.8),
    faster(rounds, ours('comments', 'csv'), 'dsbulk', 6),
    faster(rounds, ours('comments', 'csv'), 'ceiling, single rows', 1.4),
  ];
  return [...clustered, ...spreadKeys, lessCpu(rounds, 'flights'), lessCpu(rounds, 'comments')];
}

/** Less processor time per row than the most frugal of the others. */
function lessCpu(rounds: readonly FileRound[], data: Case['data']): Target {
  const others = new Set(rounds.filter((each) => each.data === data && !isOurs(each)).map(({ client }) => client));
  const medians = [...others].flatMap((client) => {
    const found = spread(inRounds(rounds, peer(client, data), 'clientCpu').map(({ value }) => value));
    return found ? [{ client, median: found.median }] : [];
  });
  const [best] = medians.sort((a, b) => a.median - b.median);
  const mine = spread(inRounds(rounds, ours(data, 'csv'), 'clientCpu').map(({ value }) => value));
  const what = `${data} as csv: client CPU per million rows`;
  if (!best || !mine) return { what, wanted: 'less than all others', reached: null, met: null };
  const wanted = `less than all others: < ${best.median.toFixed(1)} s (${best.client})`;
  return { what, wanted, reached: `${mine.median.toFixed(1)} s`, met: mine.median < best.median };
}
