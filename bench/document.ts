import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chart } from './charts.ts';
import { shown } from './experiments.ts';
import type { Circumstances, Results } from './results.ts';
import { targetTable } from './tables.ts';

/** Prints results for people at a terminal: tables and targets, without the plots. */
export function print(results: Results): void {
  const all = shown(results);
  for (const { title, parts } of all) {
    const tables = parts.filter((part): part is string => typeof part === 'string' && /^\||^Processors/.test(part));
    console.log(`\n${title}\n\n${tables.join('\n\n')}`);
  }
  const targets = all.flatMap((each) => each.targets).filter(({ reached }) => reached !== null);
  if (targets.length > 0) console.log(`\nTargets\n\n${targetTable(targets)}`);
  const [first] = all;
  if (first) console.log(`\n${first.circumstances.machine.join('\n')}`);
  if (first?.circumstances.plan === 'smoke') console.log('\nA smoke run: its figures say nothing.');
}

/** Writes docs/benchmarks.md and its plots from the full run's results. */
export function writeDocument(root: string, results: Results): void {
  const folder = join(root, 'docs', 'benchmarks');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const plot = ({ name, text, svg }: Chart) => {
    writeFileSync(join(folder, `${name}.svg`), svg);
    return `![${text}](benchmarks/${name}.svg)`;
  };
  const all = shown(results);
  const sections = all.map(({ title, circumstances, parts }) =>
    [`## ${title}`, ...parts.map((part) => (typeof part === 'string' ? part : plot(part))), madeBy(circumstances)].join(
      '\n\n',
    ),
  );
  const targets = all.flatMap((each) => each.targets);
  const [first] = all;
  const machine = first ? first.circumstances.machine.map((line) => `- ${line}`).join('\n') : '';
  const text = [HEAD, machine, '## What was to be reached', targetTable(targets), ...sections].join('\n\n');
  writeFileSync(join(root, 'docs', 'benchmarks.md'), `${text}\n`);
}

const HEAD = `# Benchmarks

Written by \`npm run bench\`, which measures all of this anew; \`npm run bench -- --quick\` prints the comparison within minutes. Figures of one table compare with each
other, and with nothing else: a machine's speed drifts by up to 1.7 times between hours. What bounds the figures, and what was tried where a target is not met, is in [throughput.md](throughput.md). Client and
database share one machine:`;

const madeBy = ({ when, commit, minutes }: Circumstances): string =>
  `*Measured ${when.slice(0, 16).replace('T', ' ')} UTC at commit ${commit}, in ${minutes.toFixed(0)} minutes.*`;
