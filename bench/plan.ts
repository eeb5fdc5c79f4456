import type { DataName, FileFormat } from './data.ts';
import { ceilingNames, type PeerName, peerNames } from './peers.ts';

/** One client on one file. */
export interface Case {
  readonly client: 'sluice' | 'sluice, two functions' | PeerName;
  readonly data: DataName;
  readonly format: FileFormat;
  readonly rows: number;
  /** Fewer than the others where a client is so slow that all would take an hour; its rows are fewer too, then. */
  readonly rounds: number;
}

export type PlanName = 'smoke' | 'quick' | 'full';

export interface Plan {
  readonly name: PlanName;
  readonly cases: readonly Case[];
  readonly coldStarts: number;
  readonly messages: {
    readonly rounds: number;
    /** Of the file beside which batches are measured. */
    readonly rows: number;
    readonly batches: readonly { readonly batch: number; readonly rows: number }[];
  };
  readonly memory: readonly { readonly format: FileFormat; readonly rows: number }[];
  readonly history: { readonly runs: number };
  /** Rows of the file, and the length of each phase. */
  readonly backpressure: { readonly rows: number; readonly seconds: number };
  readonly neighbours: { readonly seconds: number; readonly floodRows: number };
  readonly stack: { readonly rows: number; readonly rounds: number };
}

/** Rows and rounds of each client on some files; of those that are slow fewer than of the others. */
type Sizes = Readonly<Partial<Record<Case['client'], readonly [rows: number, rounds: number]>>>;

const of = (data: DataName, format: FileFormat, sizes: Sizes): Case[] =>
  Object.entries(sizes).map(([client, [rows, rounds]]) => ({
    client: client as Case['client'],
    data,
    format,
    rows,
    rounds,
  }));

const every = (size: readonly [rows: number, rounds: number]): Sizes =>
  Object.fromEntries(['sluice', ...ceilingNames, ...peerNames].map((client) => [client, size]));

const cases: Readonly<Record<PlanName, readonly Case[]>> = {
  smoke: [
    ...of('flights', 'csv', every([3000, 1])),
    ...of('flights', 'ndjson', { sluice: [3000, 1], 'sluice, two functions': [3000, 1] }),
    ...of('flights', 'parquet', { sluice: [3000, 1] }),
    ...of('comments', 'csv', every([1000, 1])).filter(({ client }) => client !== 'ceiling, batches'),
  ],
  quick: [
    ...of('flights', 'csv', { sluice: [300_000, 3], 'ceiling, batches': [300_000, 3], 'cqlsh COPY': [300_000, 1] }),
    ...of('flights', 'ndjson', { sluice: [300_000, 1] }),
    ...of('flights', 'csv', { 'ceiling, single rows': [100_000, 1], dsbulk: [150_000, 1] }),
    ...of('flights', 'parquet', { sluice: [300_000, 1] }),
    ...of('flights', 'csv', { 'Node csv-parse stream': [100_000, 1], 'Python execute_concurrent': [30_000, 1] }),
    ...of('comments', 'csv', {
      sluice: [100_000, 3],
      'ceiling, single rows': [100_000, 2],
      'cqlsh COPY': [100_000, 1],
      dsbulk: [50_000, 1],
      'Node csv-parse stream': [50_000, 1],
      'Python execute_concurrent': [10_000, 1],
    }),
  ],
  full: [
    ...of('flights', 'csv', {
      sluice: [3_000_000, 3],
      'ceiling, batches': [3_000_000, 3],
      'cqlsh COPY': [600_000, 3],
    }),
    ...of('flights', 'ndjson', { sluice: [3_000_000, 3], 'sluice, two functions': [3_000_000, 1] }),
    ...of('flights', 'csv', { 'ceiling, single rows': [300_000, 3], dsbulk: [300_000, 3] }),
    ...of('flights', 'parquet', { sluice: [3_000_000, 3], 'sluice, two functions': [3_000_000, 1] }),
    ...of('flights', 'csv', { 'Node csv-parse stream': [300_000, 3], 'Python execute_concurrent': [60_000, 3] }),
    ...of('comments', 'csv', {
      sluice: [600_000, 3],
      'ceiling, single rows': [600_000, 3],
      'cqlsh COPY': [600_000, 3],
      dsbulk: [100_000, 3],
      'Node csv-parse stream': [200_000, 3],
      'Python execute_concurrent': [50_000, 3],
    }),
  ],
};

type Others = Omit<Plan, 'name' | 'cases'>;

const small: Others = {
  coldStarts: 3,
  messages: { rounds: 1, rows: 3000, batches: [{ batch: 500, rows: 3000 }] },
  memory: [
    { format: 'csv', rows: 1000 },
    { format: 'csv', rows: 3000 },
  ],
  history: { runs: 400 },
  backpressure: { rows: 30_000, seconds: 1 },
  neighbours: { seconds: 5, floodRows: 30_000 },
  stack: { rows: 3000, rounds: 1 },
};

/** For an experiment that is named with `--quick`. */
const medium: Others = {
  coldStarts: 5,
  messages: {
    rounds: 2,
    rows: 100_000,
    batches: [
      { batch: 10_000, rows: 100_000 },
      { batch: 500, rows: 100_000 },
    ],
  },
  memory: [
    { format: 'csv', rows: 300_000 },
    { format: 'csv', rows: 1_000_000 },
  ],
  history: { runs: 20_000 },
  backpressure: { rows: 1_000_000, seconds: 5 },
  neighbours: { seconds: 10, floodRows: 300_000 },
  stack: { rows: 100_000, rounds: 1 },
};

const formats = ['csv', 'ndjson', 'parquet'] as const;

const large: Others = {
  coldStarts: 20,
  messages: {
    rounds: 3,
    rows: 300_000,
    batches: [
      { batch: 10_000, rows: 300_000 },
      { batch: 1000, rows: 300_000 },
      { batch: 500, rows: 300_000 },
      // Each batch has its own conditional writes: more of them would only take longer.
      { batch: 100, rows: 60_000 },
    ],
  },
  memory: [
    ...formats.flatMap((format) => [300_000, 3_000_000].map((rows) => ({ format, rows }))),
    { format: 'csv', rows: 9_000_000 },
  ],
  history: { runs: 1_000_000 },
  backpressure: { rows: 3_000_000, seconds: 10 },
  neighbours: { seconds: 30, floodRows: 1_000_000 },
  stack: { rows: 300_000, rounds: 3 },
};

const others: Readonly<Record<PlanName, Others>> = { smoke: small, quick: medium, full: large };

/** `only`: parts of `client data format`; of the plan those cases are left of which one of them is a part. None: all. */
export function planOf(name: PlanName, only: readonly string[] = []): Plan {
  const chosen = ({ client, data, format }: Case) => only.some((part) => `${client} ${data} ${format}`.includes(part));
  return { name, ...others[name], cases: only.length === 0 ? cases[name] : cases[name].filter(chosen) };
}
