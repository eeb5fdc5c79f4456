import { existsSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Refusal } from '../core/formats/format.ts';
import { guessFormat } from '../core/infer/format.ts';
import { type Proposal, propose } from '../core/infer/proposal.ts';
import { sourceOf } from '../core/infer/source.ts';
import { tryProposal } from '../core/infer/try.ts';
import { count } from '../core/infer/words.ts';
import { typeText } from '../core/model/column-types.ts';
import { remedy } from '../core/model/errors.ts';
import type { Trial } from '../core/pipeline/trial.ts';
import { loadSettings } from '../local/settings.ts';
import { reasonLines } from './check-report.ts';
import { CliError } from './errors.ts';
import { localFile } from './local-file.ts';
import { printable, type Result, type Ui } from './ui.ts';

export interface InferOptions {
  /** Where the feed's file is written; it is printed when absent. */
  readonly out?: string | undefined;
  readonly force?: boolean | undefined;
}

/** `sluice infer`: proposes a feed with its table for a file, says what it was guessed from, and tries it on the file. */
export async function runInfer(path: string, { out, force = false }: InferOptions, ui: Ui): Promise<Result> {
  const about = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new CliError('SLU-4003', `${path} cannot be read: ${error.code ?? error.message}`);
  });
  if (!about.isFile()) throw new CliError('SLU-4003', `${path} is not a file`);
  if (out !== undefined && existsSync(out) && !force) {
    const next = 'choose another --out, or --force to write over it';
    throw new CliError('SLU-4003', `${out} is there already`, { next });
  }
  const stored = await localFile(path);
  const given = { stored, file: basename(path), signal: ui.signal };
  const guessed = readable(path, await guessFormat(given));
  const found = readable(path, await propose({ ...given, ...guessed }));
  const proposal = out === undefined ? found : { ...found, name: basename(out).replace(/\.ts$/, '') };
  const trial = readable(path, await tryProposal(proposal, { ...given, ...guessed }));
  const source = sourceOf(proposal, out === undefined ? undefined : modelFrom(out));
  if (out !== undefined) {
    await mkdir(dirname(resolve(out)), { recursive: true });
    await writeFile(out, source);
  }
  for (const line of explained(proposal, trial, path)) ui.note(line);
  for (const line of out === undefined ? [] : nextLines(out, path)) ui.note(line);
  const { counts, reasons } = trial;
  return {
    data: { ...proposal, counts, reasons, source, out: out ?? null },
    lines: out === undefined ? [source.trimEnd()] : [`${out} is written`],
    exit: counts.rejected === 0 ? 'ok' : 'rejects',
  };
}

function readable<T extends object>(path: string, found: T | Refusal): T {
  if (!('code' in found)) return found;
  throw new CliError(found.code, `${path}: ${found.message}`, { exit: 'rejects', next: remedy(found.code) });
}

const modelFrom = (out: string): string =>
  relative(dirname(resolve(out)), join(loadSettings().root, 'core', 'model'))
    .split(sep)
    .join('/');

/** What was guessed from what, for people. */
function explained(proposal: Proposal, trial: Trial, path: string): string[] {
  const { file, settings, records, columns, partitionKey, clusteringKey, keyWhy, notes, placeholders } = proposal;
  const { read, loaded, rejected } = trial.counts;
  const key = [`(${partitionKey.join(', ')})`, ...clusteringKey].join(', ');
  return [
    `${printable(file)}: ${settings.format}, ${count(records)} ${records === 1 ? 'record' : 'records'}, all of them read`,
    '',
    ...columns.flatMap(({ field, column, type, why, notes: more }) => [
      `  ${printable(field)}${field === column ? '' : ` as ${column}`}: ${type === null ? 'left out' : typeText(type)} — ${printable(why)}`,
      ...more.map((note) => `    ? ${printable(note)}`),
    ]),
    '',
    `  key ${key} — ${keyWhy}`,
    ...(placeholders.length === 0
      ? []
      : [`  placeholders ${placeholders.join(', ')} — count as no value in every column`]),
    ...notes.map((note) => `    ? ${printable(note)}`),
    '',
    `tried on the file: ${count(read)} read = ${count(loaded)} loaded + ${count(rejected)} rejected`,
    ...reasonLines(path, trial.reasons, trial.layout),
    '',
  ];
}

const nextLines = (out: string, path: string): string[] => {
  const [, tenant = '<tenant>'] = /tenants[/\\]([^/\\]+)[/\\]feeds[/\\]/.exec(resolve(out)) ?? [];
  return [`Next: name it in tenants/${tenant}/tenant.ts, then sluice check ${tenant} ${path}`];
};
