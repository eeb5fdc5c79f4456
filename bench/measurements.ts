import type { FileFormat } from './data.ts';
import type { Case } from './plan.ts';
import type { Taken } from './process.ts';

/** What the experiments measure, as it is kept in the results. */

export interface FileRound extends Case, Taken {
  readonly round: number;
  readonly rowsPerSecond: number;
}

/** One way of loading a file in a round that compares the whole local stack with the function alone. */
export interface StackRound {
  readonly round: number;
  readonly way: string;
  readonly rows: number;
  readonly seconds: number;
}

/** The handler fed with messages of one batch size, or (`batch` 0) with a file of the same records. */
export interface MessageRound {
  readonly round: number;
  readonly batch: number;
  readonly rows: number;
  readonly rowsPerSecond: number;
  readonly cpu: number;
  readonly peakMiB: number;
}

/** Where the time of a batch goes, in milliseconds, mean over batches. */
export interface MessageShares {
  readonly batch: number;
  readonly ms: number;
  /** That ledger or registry were at work. */
  readonly bookkeeping: number;
  /** What was parsed in the midst of that. */
  readonly parsing: number;
  readonly sink: number;
}

export interface Messages {
  readonly rounds: readonly MessageRound[];
  readonly shares: readonly MessageShares[];
}

export interface MemoryRound {
  readonly format: FileFormat;
  readonly rows: number;
  readonly peakMiB: number;
  readonly seconds: number;
}

export interface ColdStart {
  /** Bytes of each function's bundle. */
  readonly bundles: Readonly<Record<string, number>>;
  /** Milliseconds from the process's start to the first row that the database has acknowledged. */
  readonly firstRow: readonly number[];
}

/** Milliseconds of one step for a tenant with so many runs behind it, of several tries. */
export interface HistoryCost {
  readonly step: string;
  readonly tenant: string;
  readonly runsBehind: number;
  readonly samples: readonly number[];
}

export interface History {
  /** Of files and of minutes of a stream together. */
  readonly few: number;
  readonly many: number;
  readonly costs: readonly HistoryCost[];
}

/** A quarter of a second of a load. */
export interface Moment {
  /** Seconds since the load began. */
  readonly at: number;
  readonly rowsPerSecond: number;
  /** Most batches that were on their way. */
  readonly inFlight: number;
  /** Mean, in milliseconds, of the batches that were answered; 0 for none. */
  readonly latency: number;
  readonly refused: number;
}

export interface Phase {
  readonly label: string;
  readonly from: number;
  readonly to: number;
}

export interface Backpressure {
  readonly rows: number;
  readonly phases: readonly Phase[];
  readonly moments: readonly Moment[];
  /** Batches whose answer took longer than the driver waits. */
  readonly late: number;
}

export interface NeighbourPhase {
  readonly label: string;
  /** Milliseconds of each batch of the tenant whose stream is steady. */
  readonly steady: readonly number[];
  /** Messages a second that the flooding tenant got loaded meanwhile. */
  readonly floodPerSecond: number;
}

export interface Neighbours {
  readonly batch: number;
  readonly every: number;
  readonly phases: readonly NeighbourPhase[];
}
