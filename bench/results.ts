import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Settings } from '../local/settings.ts';
import type { FileServer } from './aws.ts';
import type { Database } from './database.ts';
import type {
  Backpressure,
  ColdStart,
  FileRound,
  History,
  MemoryRound,
  Messages,
  Neighbours,
  StackRound,
} from './measurements.ts';
import type { Plan } from './plan.ts';

/** What an experiment finds to work with. */
export interface Bench {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly database: Database;
  readonly aws: FileServer;
  tell(message: string): void;
}

/** What each experiment has measured. */
export interface Data {
  readonly files: readonly FileRound[];
  readonly stack: readonly StackRound[];
  readonly messages: Messages;
  readonly memory: readonly MemoryRound[];
  readonly coldStart: ColdStart;
  readonly history: History;
  readonly backpressure: Backpressure;
  readonly neighbours: Neighbours;
}

export type ExperimentName = keyof Data;

/** Where, when and of which code something was measured. */
export interface Circumstances {
  readonly plan: Plan['name'];
  readonly when: string;
  readonly commit: string;
  readonly machine: readonly string[];
  /** Minutes that it took. */
  readonly minutes: number;
}

type Measured<D> = Circumstances & { readonly data: D };

/** An experiment that has not been made is absent. */
export type Results = { readonly [Name in ExperimentName]?: Measured<Data[Name]> };

/** The full run's results are part of the repository; all others lie beside the logs. */
export const resultsFile = ({ root, stateDir }: Settings, plan: Plan['name']): string =>
  plan === 'full' ? join(root, 'bench', 'results', 'full.json') : join(stateDir, `${plan}.json`);

export const readResults = (file: string): Results =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};

export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, rounded, 1)}\n`);
}

/** Nobody needs more than four digits behind the point. */
const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(4)) : value;

/** The commit that is checked out, and whether something has been changed since. */
export function commitOf(root: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!bench/results', ':!docs') !== '';
    return git('rev-parse', '--short=10', 'HEAD') + (changed ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}
