import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type OperatorWorld, openWorld } from '../../cli/world.ts';
import { type FileRun, isSettled } from '../../core/model/run.ts';
import { loadSettings } from '../../local/settings.ts';

/** What a user has: the command line, files, and patience. */

export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export const run = (file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ exit: code ?? -1, stdout, stderr: signal ? `${stderr}${signal}` : stderr }),
    );
  });

/** `sluice <args>`, as typed. */
export const sluice = (...args: string[]): Promise<Ended> =>
  run(process.execPath, [join(loadSettings().root, 'cli', 'sluice.js'), ...args]);

/** `sluice aws <args>`: the real AWS CLI; fails the test when it fails. */
export async function aws(...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await sluice('aws', ...args);
  if (exit !== 0) throw new Error(`aws ${args.join(' ')}: exit ${exit}: ${stderr}`);
  return stdout;
}

/** What a deployed function has logged since a time as an object; the emulator does not filter by patterns of JSON. */
export async function loggedSince(functionName: string, since: number): Promise<LogLine[]> {
  const group = ['--log-group-name', `/aws/lambda/${functionName}`, '--start-time', String(since)];
  const { events } = JSON.parse(await aws('logs', 'filter-log-events', ...group)) as { events: { message: string }[] };
  return events.flatMap(({ message }) => (message.startsWith('{') ? [JSON.parse(message) as LogLine] : []));
}

/** As far as tests look at it. */
interface LogLine {
  readonly message?: string;
  readonly records?: number;
  readonly counts?: { readonly read: number };
}

/** A folder that goes when the callback is done. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Uploads a content as a file with `aws s3 cp`. */
export const upload = (content: string | Uint8Array, to: string): Promise<string> =>
  withFolder(async (folder) => {
    const file = join(folder, 'upload');
    await writeFile(file, content);
    return await aws('s3', 'cp', '--no-progress', file, to);
  });

/** Looks again and again until there is an answer; fails with what was seen last. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, milliseconds = 120_000): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds / 1000} s in vain: ${what}`);
    await wait(200);
  }
}

/** A name that no other test and no earlier run has used. */
export const unique = (prefix: string): string => `${prefix}-${randomBytes(5).toString('hex')}`;

const days = (): string[] => [0, 86_400_000].map((ago) => new Date(Date.now() - ago).toISOString().slice(0, 10));

/** The operator's view of the deployed platform. */
export async function openOperator(): Promise<OperatorWorld & Watcher> {
  const world = await openWorld(loadSettings());
  const runsOf = async (tenant: string, feed: string) =>
    (await Promise.all(days().map((day) => world.ledger(tenant).fileRuns(feed, day)))).flat();
  return {
    ...world,
    runsOf,
    settledRun: (tenant, feed, key, number = 1) =>
      until(`run ${number} of ${key} in ${tenant}/${feed}`, async () => {
        const runs = (await runsOf(tenant, feed)).filter(({ object, state }) => object.key === key && isSettled(state));
        return runs.length >= number ? runs.at(-1) : undefined;
      }),
    tallies: async (tenant) => {
      const runs = (await Promise.all(days().map((day) => world.ledger(tenant).streamRuns(day)))).flat();
      const totals: Record<string, Tally> = {};
      for (const { feeds } of runs) {
        for (const [feed, { counts }] of Object.entries(feeds)) {
          const total = totals[feed] ?? { read: 0, loaded: 0, dropped: 0, rejected: 0 };
          for (const name of Object.keys(total) as (keyof Tally)[]) total[name] += counts[name];
          totals[feed] = total;
        }
      }
      return totals;
    },
  };
}

type Tally = { read: number; loaded: number; dropped: number; rejected: number };

interface Watcher {
  runsOf(tenant: string, feed: string): Promise<FileRun[]>;
  /** The run of a key once it has ended; `number` waits for as many runs of the key. */
  settledRun(tenant: string, feed: string, key: string, number?: number): Promise<FileRun>;
  /** Counts of all messages by feed, yesterday's and today's. */
  tallies(tenant: string): Promise<Record<string, Tally>>;
}

/** What the rejects bucket holds below a prefix: rejections, in order of their place. */
export async function rejectsUnder(bucket: string, prefix: string): Promise<Record<string, unknown>[]> {
  return withFolder(async (folder) => {
    await aws('s3', 'cp', '--recursive', '--quiet', `s3://${bucket}/${prefix}`, folder);
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ndjson')).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    return texts.flatMap((text) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
  });
}
