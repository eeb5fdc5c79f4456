import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { functionsOf, platformFunctions } from '../core/model/bundle.ts';
import { applySchema } from '../local/deploy.ts';
import { functionSources, replaceCode } from '../local/replace-code.ts';
import { childEnv, loadSettings, type Settings } from '../local/settings.ts';
import { requireStack } from '../local/stack.ts';
import { tenants } from '../tenants/index.ts';
import { versionsIn } from '../tenants/version.ts';
import type { Result, Ui } from './ui.ts';

/** Editors write a file in several steps; milliseconds of quiet that end a change. */
const QUIET = 150;

/**
 * Watches the sources of the functions. After each change it checks types, profiles and samples; when all is well it puts the new code
 * into the deployed functions, and otherwise shows what is wrong and leaves the old code running. Ends with Ctrl-C.
 */
export const runDev = async (ui: Ui): Promise<Result> => {
  const settings = loadSettings();
  await requireStack(settings);
  const changes = watchSources(settings, ui.signal);
  ui.note(`watching ${functionSources.join(', ')}; Ctrl-C ends it`);
  await serve(settings, ui, 'as they are now');
  for await (const files of changes) await serve(settings, ui, files.join(', '));
  return { data: null, lines: [] };
};

async function serve(settings: Settings, ui: Ui, what: string): Promise<void> {
  const began = Date.now();
  ui.progress('dev', `${what}: checking`);
  const complaint = await firstComplaint(settings);
  if (complaint) {
    ui.note(complaint);
    ui.progress('dev', 'the old code stays; waiting for the next change');
    return;
  }
  try {
    const versions = versionsIn(undefined, join(settings.root, 'tenants'));
    await replaceCode(settings, [...platformFunctions, ...tenants.flatMap(({ id }) => functionsOf(id))], versions);
    await applySchema(settings);
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    ui.progress('dev', `serving the edited code from the next file or message on, after ${seconds} s`);
  } catch (error) {
    ui.note((error as Error).message);
    ui.progress('dev', 'the functions could not all be replaced; waiting for the next change');
  }
}

/** What the compiler or the samples say; undefined when they find nothing. */
async function firstComplaint(settings: Settings): Promise<string | undefined> {
  const modules = join(settings.root, 'node_modules');
  const checks = [
    [join(modules, '.bin', 'tsc'), '-p', settings.root, '--pretty', 'false'],
    [process.execPath, join(settings.root, 'cli', 'main.ts'), 'check'],
  ] as const;
  const results = await Promise.all(checks.map(([file, ...args]) => run(settings, file, args)));
  return results.find((result) => result !== undefined);
}

const run = (settings: Settings, file: string, args: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: settings.root, env: childEnv(settings), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0 ? undefined : output.trimEnd()));
  });

/** Yields the changed files of each burst of changes; what changes while one is served comes together in the next. */
async function* watchSources({ root }: Settings, signal: AbortSignal): AsyncGenerator<string[]> {
  const changed = new Set<string>();
  let wake = () => {};
  for (const folder of functionSources) {
    watch(join(root, folder), { recursive: true, signal }, (_event, file) => {
      if (!file || !/\.(ts|csv|ndjson|jsonl)$/.test(file)) return;
      changed.add(join(folder, file));
      wake();
    });
  }
  while (!signal.aborted) {
    if (changed.size === 0) await new Promise<void>((resolve) => (wake = resolve));
    await quiet(changed);
    const files = [...changed].sort();
    changed.clear();
    yield files;
  }
}

async function quiet(changed: ReadonlySet<string>): Promise<void> {
  for (let before = -1; before !== changed.size; ) {
    before = changed.size;
    await new Promise((resolve) => setTimeout(resolve, QUIET));
  }
}
