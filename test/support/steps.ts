import { type ChildProcess, spawn } from 'node:child_process';
import { inspect } from 'node:util';

/** What a step of the test run came to; `note` is for people. */
export interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly note?: string;
}

export interface Finished {
  /** Null when the command was killed, by us or by somebody else. */
  readonly code: number | null;
  readonly output: string;
}

/** One step of the test run. A step that throws, is killed or counts nothing at all counts as failed. */
export interface Step {
  readonly name: string;
  /** Milliseconds after which the step's processes are killed. */
  readonly deadline: number;
  /** Runs commands through `run`, which keeps their output for the case that the step fails. */
  work(run: Run): Promise<Result>;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export type Run = (command: Command) => Promise<Finished>;

const running = new Set<ChildProcess>();

/** Kills what the steps have started, each with all its children. */
export function killAll(signal: NodeJS.Signals): void {
  for (const child of running) killGroup(child, signal);
}

/** Runs a step, prints what became of it with the whole output of a failure, and answers what it counted. */
export async function runStep(step: Step, cwd: string, print: (text: string) => void): Promise<Result> {
  const began = Date.now();
  const deadline = began + step.deadline;
  const outputs: string[] = [];
  const run: Run = async (command) => {
    const finished = await execute(command, cwd, Math.max(1, deadline - Date.now()));
    outputs.push(`$ ${[command.file, ...command.args].join(' ')}\n${finished.output}`);
    return finished;
  };
  let result: Result;
  try {
    result = await step.work(run);
    if (result.passed + result.failed === 0) result = { passed: 0, failed: 1, note: 'no test was run' };
  } catch (error) {
    outputs.push(inspect(error));
    result = { passed: 0, failed: 1, note: 'the step itself failed' };
  }
  const { passed, failed, note } = result;
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  if (failed > 0) print(`\n${outputs.join('\n').trimEnd()}\n`);
  print(
    `${failed > 0 ? 'FAILED' : 'ok    '}  ${step.name}: ${passed} passed, ${failed} failed${note ? ` (${note})` : ''}, ${seconds} s`,
  );
  return result;
}

/** Runs a command in a process group of its own, so that the deadline takes everything with it that it started. */
function execute({ file, args, env }: Command, cwd: string, timeout: number): Promise<Finished> {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const child = spawn(file, args, {
    cwd,
    env: { ...inherited, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  const grace = 10_000;
  const timers = [
    setTimeout(() => {
      chunks.push(Buffer.from(`\nkilled: not done within ${Math.round(timeout / 1000)} s\n`));
      killGroup(child, 'SIGTERM');
    }, timeout),
    setTimeout(() => killGroup(child, 'SIGKILL'), timeout + grace),
  ];
  return new Promise((resolve) => {
    const end = (code: number | null) => {
      for (const timer of timers) clearTimeout(timer);
      running.delete(child);
      resolve({ code, output: withoutColours(Buffer.concat(chunks).toString()) });
    };
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      end(null);
    });
    // `exit` and not `close`: a grandchild that outlives the command and holds its pipes must not hold us.
    child.on('exit', (code) => setTimeout(() => end(code), 50));
  });
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** Some tools colour whatever they are told. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours are written
const withoutColours = (text: string): string => text.replace(/\u001b\[[\d;]*[A-Za-z]/g, '');
