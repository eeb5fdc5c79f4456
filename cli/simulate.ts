import { readFileSync } from 'node:fs';
import { policyOf } from '../core/control/policy.ts';
import { type Load, type Minute, type Speeds, simulate } from '../core/control/simulation.ts';
import { type Cost, costOf, listPrices, type Prices } from '../core/control/stream-cost.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { plot } from './chart.ts';
import { deployedNamed } from './deployed.ts';
import { CliError } from './errors.ts';
import { tenantNamed } from './names.ts';
import { type Result, table } from './ui.ts';
import { inWorld } from './world.ts';

export interface SimulateOptions {
  /** By the deployed profile instead of the checkout's. */
  readonly deployed?: boolean | undefined;
  /** Columns for people, or tab-separated lines for programs; by default it depends on who reads. */
  readonly plot?: boolean | undefined;
  readonly invocation?: string | undefined;
  readonly message?: string | undefined;
  readonly reshard?: string | undefined;
  readonly shardHour?: string | undefined;
  readonly millionUnits?: string | undefined;
}

/** As measured and as documented: docs/scaling.md tells where and how, and how to find one's own. */
const usual: Speeds = { invocationMilliseconds: 65, messageMilliseconds: 0.05, reshardMinutes: 3 };

const WIDTH = 100;
const HEIGHT = 5;

/** `sluice simulate scaling`: replays a load against a tenant's policy, and shows what its manager would do, and what that costs. */
export const runSimulateScaling = async (id: string, file: string, options: SimulateOptions): Promise<Result> => {
  const loads = traceOf(file);
  const speeds: Speeds = {
    invocationMilliseconds: positive(options.invocation, '--invocation', usual.invocationMilliseconds),
    messageMilliseconds: positive(options.message, '--message', usual.messageMilliseconds),
    reshardMinutes: positive(options.reshard, '--reshard', usual.reshardMinutes),
  };
  const prices: Prices = {
    shardHour: positive(options.shardHour, '--shard-hour', listPrices.shardHour),
    millionUnits: positive(options.millionUnits, '--million-units', listPrices.millionUnits),
  };
  const tenant = options.deployed
    ? await inWorld(async (world) => (await deployedNamed(world, id)).tenant)
    : tenantNamed(id);
  const policy = policyOf(tenant.stream);
  if (policy.periodMinutes !== 1) {
    throw new CliError(
      'SLU-4003',
      `tenant ${id} has periods of ${policy.periodMinutes} minutes; only minutes are simulated`,
    );
  }
  const minutes = simulate(policy, loads, speeds);
  const cost = costOf(minutes, loads, policy.first.shards, prices);
  const lag = Math.max(...minutes.map(({ lagSeconds }) => lagSeconds));
  const data = { tenant: id, trace: file, policy, speeds, prices, ...cost, lagSeconds: lag, minutes };
  const people = options.plot ?? process.stdout.isTTY === true;
  return { data, lines: people ? chartsOf(tenant, file, loads, minutes, cost, lag, prices) : linesOf(minutes, prices) };
};

const COLUMNS = ['minute', 'arrived', 'refused', 'loaded', 'waiting', 'lagSeconds', 'throttles'] as const;

const linesOf = (minutes: readonly Minute[], { shardHour }: Prices): string[] => {
  let hours = 0;
  const head = [...COLUMNS, 'shards', 'parallel', 'batchSize', 'shardDollars', 'decision', 'reason'];
  const rows = minutes.map((minute) => {
    const { settings, decision } = minute;
    hours += settings.shards / 60;
    const { shards, parallel, batchSize } = settings;
    const dollars = (hours * shardHour).toFixed(4);
    return [
      ...COLUMNS.map((name) => minute[name]),
      shards,
      parallel,
      batchSize,
      dollars,
      decision.action,
      decision.reason,
    ];
  });
  return [head, ...rows].map((cells) => cells.join('\t'));
};

function chartsOf(
  { id }: Tenant,
  file: string,
  loads: readonly Load[],
  minutes: readonly Minute[],
  cost: Cost,
  lag: number,
  prices: Prices,
): string[] {
  const series: [title: string, values: number[], unit?: string][] = [
    ['messages a minute', loads.map(({ messages }) => messages)],
    ['open shards', minutes.map(({ settings }) => settings.shards)],
    ['parallel batches of a shard', minutes.map(({ settings }) => settings.parallel)],
    ['lag', minutes.map(({ lagSeconds }) => lagSeconds), ' s'],
    ['writes put off by the database', minutes.map(({ throttles }) => throttles)],
  ];
  const shown = series.filter(([, values]) => values.some((value) => value > 0));
  const changes = minutes.filter(({ decision }) => decision.action !== 'nothing');
  const refused = Math.max(...minutes.map((minute) => minute.refused));
  const dollars = (value: number) => `$${value.toFixed(2)}`;
  return [
    `${id}  ${file}, ${minutes.length} minutes`,
    ...shown.flatMap(([title, values, unit]) => ['', ...plot({ title, values, ...(unit && { unit }) }, WIDTH, HEIGHT)]),
    '',
    ...table([
      ['lag', `at most ${lag} s`],
      ...(refused > 0
        ? [['full shards', `at most ${refused.toLocaleString('en-US')} messages had to be put again`]]
        : []),
      [
        'cost',
        `${dollars(cost.dollars)}: ${cost.shardHours.toFixed(1)} shard hours at $${prices.shardHour}, ${(cost.units / 1e6).toFixed(2)} million PUT payload units at $${prices.millionUnits} a million`,
      ],
      ['unscaled', `${dollars(cost.unscaledDollars)}, on the shards that the profile begins with`],
    ]),
    '',
    ...(changes.length === 0
      ? ['nothing to change, and nobody to alert']
      : table([
          ['minute', 'decision', 'change', 'reason'],
          ...changes.map(({ minute, decision: { action, alert, change, reason } }) => [
            String(minute),
            alert ?? action,
            change ? `${change.lever} ${change.from} → ${change.to}` : '-',
            reason,
          ]),
        ])),
  ];
}

const NEEDED = ['minute', 'messages', 'bytes'] as const;

/** Reads a load trace: CSV of whole numbers with a header, one line a minute; minutes that are left out have no load. */
function traceOf(file: string): Load[] {
  const refuse = (line: number, what: string) => new CliError('SLU-4008', `${file}, line ${line}: ${what}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CliError('SLU-4003', `${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const [header = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const names = header.split(',').map((name) => name.trim());
  const missing = NEEDED.filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw refuse(1, `the header lacks ${missing.join(', ')}; expected is ${NEEDED.join(',')}[,database]`);
  if (lines.length === 0) throw refuse(2, 'there is no minute');
  const loads: Load[] = [];
  for (const [index, line] of lines.entries()) {
    const cells = line.split(',').map((cell) => cell.trim());
    const number = (name: string): number => {
      const cell = cells[names.indexOf(name)] ?? '';
      if (!/^\d{1,12}$/.test(cell)) throw refuse(index + 2, `${name}: "${cell}" is not a whole number`);
      return Number(cell);
    };
    const minute = number('minute');
    const next = (loads.at(-1)?.minute ?? minute - 1) + 1;
    if (minute < next) throw refuse(index + 2, `minute ${minute} does not come after minute ${next - 1}`);
    if (minute - next > MOST_MINUTES || loads.length > MOST_MINUTES) throw refuse(index + 2, 'more than a month');
    for (let empty = next; empty < minute; empty++)
      loads.push({ minute: empty, messages: 0, bytes: 0, database: null });
    const database = names.includes('database') && cells[names.indexOf('database')] !== '' ? number('database') : null;
    loads.push({ minute, messages: number('messages'), bytes: number('bytes'), database });
  }
  return loads;
}

const MOST_MINUTES = 31 * 24 * 60;

function positive(text: string | undefined, option: string, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new CliError('SLU-4003', `${option} takes a number above 0, not "${text}"`);
}
