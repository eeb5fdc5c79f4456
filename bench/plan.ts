import type { DataName, FileFormat } from './data.ts';
import type { PeerName } from './peers.ts';

/** One client on one file. */
export interface Case {
  readonly client: 'sluice' | PeerName;
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
  readonly memory: readonly { readonly format: FileFormat; readonly rows: number; readonly files: number }[];
  readonly history: { readonly runs: number };
  /** Rows of the file, and the length of each phase. */
  readonly backpressure: { readonly rows: number; readonly seconds: number };
  readonly neighbours: { readonly seconds: number; readonly floodRows: number };
  readonly stack: { readonly rows: number; readonly rounds: number };
}

/** Rows and rounds of each client; `ours` and the ceilings have those of the first line. */
interface Sizes {
  readonly flights: { readonly rows: number; readonly rounds: number };
  readonly comments: { readonly rows: number; readonly rounds: number };
  readonly slow: Readonly<Partial<Record<PeerName, { readonly share: number; readonly rounds: number }>>>;
  /** Rounds of NDJSON and Parquet, which have no peer of their own. */
  readonly otherFormats: number;
}

const sizes: Readonly<Record<PlanName, Sizes>> = {
  smoke: {
    flights: { rows: 3000, rounds: 1 },
    comments: { rows: 1000, rounds: 1 },
    slow: {},
    otherFormats: 1,
  },
  quick: {
    flights: { rows: 300_000, rounds: 3 },
    comments: { rows: 100_000, rounds: 3 },
    slow: {
      'cqlsh COPY': { share: 1, rounds: 1 },
      dsbulk: { share: 0.5, rounds: 1 },
      'Python execute_concurrent': { share: 0.1, rounds: 1 },
      'Node csv-parse stream': { share: 0.5, rounds: 1 },
      'ceiling, single rows': { share: 0.5, rounds: 2 },
    },
    otherFormats: 2,
  },
  full: {
    flights: { rows: 3_000_000, rounds: 3 },
    comments: { rows: 1_000_000, rounds: 3 },
    slow: {
      dsbulk: { share: 0.2, rounds: 3 },
      'Python execute_concurrent': { share: 0.05, rounds: 3 },
      'Node csv-parse stream': { share: 0.2, rounds: 3 },
      'ceiling, single rows': { share: 0.2, rounds: 3 },
    },
    otherFormats: 3,
  },
};

type Others = Omit<Plan, 'name' | 'cases'>;

const small: Others = {
  coldStarts: 3,
  messages: { rounds: 1, rows: 3000, batches: [{ batch: 500, rows: 3000 }] },
  memory: [
    { format: 'csv', rows: 1000, files: 1 },
    { format: 'csv', rows: 3000, files: 2 },
  ],
  history: { runs: 400 },
  backpressure: { rows: 30_000, seconds: 1 },
  neighbours: { seconds: 5, floodRows: 30_000 },
  stack: { rows: 3000, rounds: 1 },
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
    ...formats.flatMap((format) => [300_000, 3_000_000].map((rows) => ({ format, rows, files: 1 }))),
    { format: 'csv', rows: 10_000_000, files: 1 },
    { format: 'csv', rows: 10_000_000, files: 3 },
  ],
  history: { runs: 1_000_000 },
  backpressure: { rows: 3_000_000, seconds: 10 },
  neighbours: { seconds: 30, floodRows: 1_000_000 },
  stack: { rows: 300_000, rounds: 3 },
};

const others: Readonly<Record<PlanName, Others>> = { smoke: small, quick: { ...small, coldStarts: 5 }, full: large };

/** `only`: parts of `client data format`; of the plan those cases are left of which one of them is a part. None: all. */
export function planOf(name: PlanName, only: readonly string[] = []): Plan {
  const { flights, comments, slow, otherFormats } = sizes[name];
  const peer = (client: PeerName, data: DataName): Case => {
    const { rows, rounds } = data === 'flights' ? flights : comments;
    const { share, rounds: fewer } = slow[client] ?? { share: 1, rounds };
    return { client, data, format: 'csv', rows: rows * share, rounds: fewer };
  };
  const ours = (data: DataName, format: FileFormat): Case => {
    const { rows, rounds } = data === 'flights' ? flights : comments;
    return { client: 'sluice', data, format, rows, rounds: format === 'csv' ? rounds : otherFormats };
  };
  const cases = [
    ours('flights', 'csv'),
    peer('ceiling, batches', 'flights'),
    peer('cqlsh COPY', 'flights'),
    ours('flights', 'ndjson'),
    peer('ceiling, single rows', 'flights'),
    peer('dsbulk', 'flights'),
    ours('flights', 'parquet'),
    peer('Node csv-parse stream', 'flights'),
    peer('Python execute_concurrent', 'flights'),
    ours('comments', 'csv'),
    peer('ceiling, single rows', 'comments'),
    peer('cqlsh COPY', 'comments'),
    peer('dsbulk', 'comments'),
    peer('Node csv-parse stream', 'comments'),
    peer('Python execute_concurrent', 'comments'),
  ];
  const chosen = ({ client, data, format }: Case) => only.some((part) => `${client} ${data} ${format}`.includes(part));
  return { name, ...others[name], cases: only.length === 0 ? cases : cases.filter(chosen) };
}
