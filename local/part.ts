import type { Download } from './install.ts';
import type { ServiceCommand } from './processes.ts';
import type { Lack } from './programs.ts';

export type PartName = 'cassandra' | 'localstack';

/** One service of the local stack, however it is run. */
export interface Part {
  readonly name: PartName;
  /** For people and programs: where it answers. */
  readonly address: string;
  readonly ports: readonly { readonly port: number; readonly setting: string }[];
  readonly logFile: string;
  readonly pidFile: string;
  readonly statePath: string;
  /** What outlives `sluice down` and a crash. */
  readonly persists: boolean;
  readonly startDeadlineMs: number;
  readonly stopGraceMs: number;
  /** What the command lines of helpers contain that outlive a crash in a process group of their own; null: none do. */
  readonly orphanMark: string | null;
  readonly downloads: readonly Download[];
  /** The programs that running it takes, as far as they are missing. What a download takes, the download knows. */
  readonly lacks: () => Promise<Lack[]>;
  /** Asks for something that only a working service can answer. Resolves with null, or with why it does not yet. */
  readonly probe: () => Promise<string | null>;
  /** How to run it as a process of this machine. Prepares the folders that it needs. */
  readonly command: () => Promise<ServiceCommand>;
}
