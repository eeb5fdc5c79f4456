import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { localstackPart } from '../local/localstack.ts';
import { loadSettings, pathsOf } from '../local/settings.ts';
import { down, up } from '../local/stack.ts';
import { stackStatus } from '../local/status.ts';
import { oneTest, unittestCounts, vitestCounts } from './support/counts.ts';
import { killAll, type Result, runStep, type Step } from './support/steps.ts';

/**
 * `npm run check`: what needs no service. `npm test`: that, then the tests on the local stack. All steps are run, whatever
 * became of those before; the last line is `N passed, N failed`.
 */
const root = resolve(import.meta.dirname, '..');
const modules = join(root, 'node_modules');
const temporary = mkdtempSync(join(tmpdir(), 'sluice-run-'));
const minutes = (count: number) => count * 60_000;
const print = (text: string) => process.stdout.write(`${text}\n`);

const node = (name: string, script: string, ...args: string[]): Step => ({
  name,
  deadline: minutes(5),
  work: async (run) => oneTest(await run({ file: process.execPath, args: [join(modules, script), ...args] })),
});

const native = (name: string, program: string, ...args: string[]): Step => ({
  name,
  deadline: minutes(5),
  work: async (run) => oneTest(await run({ file: join(modules, '.bin', program), args })),
});

const vitest = (project: string): Step => ({
  name: `vitest ${project}`,
  deadline: minutes(40),
  work: async (run) => {
    const report = join(temporary, `${project}.json`);
    const args = ['run', '--project', project, '--reporter', 'default', '--reporter', 'json', `--outputFile=${report}`];
    return vitestCounts(
      await run({ file: process.execPath, args: [join(modules, 'vitest/vitest.mjs'), ...args] }),
      report,
    );
  },
});

const check: readonly Step[] = [
  native('biome', 'biome', 'check', '.', '--colors=off'),
  native('types', 'tsc', '-p', '.', '--pretty', 'false'),
  node('knip', 'knip/bin/knip.js', '--no-progress'),
  vitest('unit'),
  native('cdk synth', 'cdk', 'synth', '--quiet', '-c', 'target=local', '--output', join(temporary, 'cdk.out')),
];

const settings = loadSettings();

/** Setting up is no test: it counts only when it fails. */
const stackIsUp: Step = {
  name: 'local stack',
  deadline: minutes(20),
  work: async () => {
    await up(settings, 'auto', (part, message) => print(`        ${part}: ${message}`));
    // In containers LocalStack needs no Python of ours; the tests of the executor do.
    for (const download of localstackPart(settings).downloads) if (!download.isPresent()) await download.install();
    return { passed: 1, failed: 0 };
  },
};

const executor: Step = {
  name: 'process executor',
  deadline: minutes(20),
  work: async (run) => {
    const python = join(pathsOf(settings).venv, 'bin', 'python');
    const args = ['-m', 'unittest', 'discover', '-s', join('local', 'executor', 'tests')];
    return unittestCounts(await run({ file: python, args, env: { PYTHONDONTWRITEBYTECODE: '1' } }));
  },
};

const services: readonly Step[] = [stackIsUp, executor, vitest('stack'), vitest('e2e')];

async function main(): Promise<void> {
  const [what, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || (what !== undefined && what !== 'check')) {
    print('usage: node test/run.ts [check]');
    process.exitCode = 2;
    return;
  }
  const all = what === undefined;
  const wasUp = all && (await stackStatus(settings)).running;
  const stop = async () => {
    if (!wasUp && all) await down(settings, false, (part, message) => print(`        ${part}: ${message}`));
    rmSync(temporary, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      killAll('SIGTERM');
      void stop().finally(() => process.exit(130));
    });
  }

  const total: Result[] = [];
  for (const step of all ? [...check, ...services] : check) total.push(await runStep(step, root, print));
  await stop();
  const sum = (of: (result: Result) => number) => total.reduce((count, result) => count + of(result), 0);
  const failed = sum((result) => result.failed);
  process.exitCode = failed > 0 ? 1 : 0;
  print(`${sum((result) => result.passed)} passed, ${failed} failed`);
}

await main();
