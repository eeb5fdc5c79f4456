import { expect, test } from 'vitest';
import type { FileRound } from '../../bench/measurements.ts';
import { fileTable } from '../../bench/tables.ts';
import { fileTargets } from '../../bench/targets.ts';

const round = (
  client: FileRound['client'],
  rowsPerSecond: number,
  cpu: number,
  about: Partial<FileRound> = {},
): FileRound => ({
  client,
  data: 'flights',
  format: 'csv',
  rows: 1_000_000,
  rounds: 1,
  round: 1,
  rowsPerSecond,
  seconds: 1_000_000 / rowsPerSecond,
  cpu,
  serverCpu: 10,
  peakMiB: 100,
  others: 0,
  stolen: 0,
  load: 0,
  ...about,
});

const find = (rounds: readonly FileRound[], what: string, wanted: string) =>
  fileTargets(rounds).find((target) => target.what === what && target.wanted === wanted);

test('a target is met by the median of the ratios', () => {
  const rounds = [80, 60, 40].flatMap((rate, index) => [
    round('sluice', rate, 20, { round: index + 1 }),
    round('ceiling, batches', 50, 15, { round: index + 1 }),
  ]);
  const what = 'flights as csv: rows/s beside ceiling, batches';
  expect(find(rounds, what, '≥ 0.95×')).toMatchObject({ met: true, reached: '1.20× (0.80–1.60)' });
  expect(find(rounds, what, '≥ 1.5×')?.met).toBe(false);
});

test('a target of which a part is missing is neither met nor missed', () => {
  const target = find([round('sluice', 80, 20)], 'flights as csv: rows/s beside dsbulk', '≥ 6×');
  expect(target).toMatchObject({ met: null, reached: null });
});

test('the client has to take less processor time than the most frugal of the others', () => {
  const rounds = [round('sluice', 80, 20), round('ceiling, batches', 50, 15), round('cqlsh COPY', 12, 90)];
  const cpu = (all: readonly FileRound[]) =>
    fileTargets(all).find(({ what }) => what.startsWith('flights as csv: client CPU'));
  expect(cpu(rounds)).toMatchObject({ met: false, wanted: 'less than all others: < 15.0 s (ceiling, batches)' });
  expect(cpu([round('sluice', 80, 14), ...rounds.slice(1)])?.met).toBe(true);
});

test('the table begins with the fastest, and shows how many times ours is each of the others', () => {
  const [, , first, second] = fileTable([round('cqlsh COPY', 20, 90), round('sluice', 80, 20)], 'flights').split('\n');
  expect(first).toMatch(/^\| sluice, csv +\| 1,000,000 \| +1 \| +80 \| +- \| +20\.0 \|/);
  expect(second).toMatch(/^\| cqlsh COPY, csv +\| .* 4\.00× /);
});
