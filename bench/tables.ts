import { ratio, type Spread, spread } from './figures.ts';
import type { FileRound } from './measurements.ts';
import { clientCpu, inRounds, isOurs, type Target, times } from './targets.ts';

/** Tables as Markdown, which a terminal shows well enough. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) =>
    Math.max(3, ...[name, ...rows.map((row) => row[column] ?? '')].map((cell) => [...cell].length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column > 0 && isNumeric(rows, column))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column > 0 && isNumeric(rows, column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

const isNumeric = (rows: readonly (readonly string[])[], column: number): boolean =>
  rows.every((row) => /^(-|[\d.,]+[×%]?( .*)?)$/.test(row[column] ?? ''));

const pad = (cell: string, width: number, right: boolean): string => {
  const fill = ' '.repeat(Math.max(0, width - [...cell].length));
  return right ? fill + cell : cell + fill;
};

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** A median with its bounds. */
export const withBounds = (found: Spread | null, show: (value: number) => string): string => {
  if (!found) return '-';
  const { median, min, max, rounds } = found;
  return rounds > 1 ? `${show(median)} (${show(min)}–${show(max)})` : show(median);
};

/** One line for each client of some data. */
export function fileTable(rounds: readonly FileRound[], data: FileRound['data']): string {
  const groups = Map.groupBy(
    rounds.filter((each) => each.data === data),
    ({ client, format }) => `${client}, ${format}`,
  );
  const rows = [...groups.values()].map((group) => {
    const [first] = group as [FileRound];
    const of = (value: (round: FileRound) => number, show: (value: number) => string) =>
      withBounds(spread(group.map(value)), show);
    const mine = inRounds(rounds, { client: 'sluice', data, format: 'csv' }, 'rowsPerSecond');
    const beside = isOurs(first) ? null : ratio(mine, inRounds(rounds, first, 'rowsPerSecond'));
    const sort = of((each) => each.rowsPerSecond, whole);
    const cells = [
      `${first.client}, ${first.format}`,
      whole(first.rows),
      String(group.length),
      sort,
      beside ? times(beside) : '-',
      of(clientCpu, (value) => value.toFixed(1)),
      of(
        ({ serverCpu, rows }) => (serverCpu / rows) * 1e6,
        (value) => value.toFixed(1),
      ),
      of(({ peakMiB }) => peakMiB, whole),
    ];
    return { cells, rate: spread(group.map((each) => each.rowsPerSecond))?.median ?? 0 };
  });
  rows.sort((a, b) => b.rate - a.rate);
  const header = [
    'client, format',
    'rows',
    'rounds',
    'rows/s',
    'Sluice, csv, beside it',
    'client CPU s/M rows',
    'server CPU s/M rows',
    'peak MiB',
  ];
  return table(
    header,
    rows.map(({ cells }) => cells),
  );
}

export const targetTable = (targets: readonly Target[]): string =>
  table(
    ['target', 'wanted', 'reached', ''],
    targets.map(({ what, wanted, reached, met }) => [
      what,
      wanted,
      reached ?? 'not measured',
      met === null ? '' : met ? 'met' : 'NOT MET',
    ]),
  );

/** Processors that something else may keep busy before a run says more about that than about us. */
const QUIET = 0.2;

/** What else the machine did meanwhile. */
export function disturbance(rounds: readonly FileRound[]): string {
  const others = spread(rounds.map((each) => each.others));
  const of = (value: (round: FileRound) => number) => withBounds(spread(rounds.map(value)), (each) => each.toFixed(2));
  const known = `Processors busy with something else during a run: ${withBounds(others, (each) => each.toFixed(2))}; given away by the host: ${of(({ stolen }) => stolen)}; load of the minute before a run: ${of(({ load }) => load)}.`;
  return others && others.median > QUIET ? `${known} The machine was not quiet: rates are not to be relied on.` : known;
}
