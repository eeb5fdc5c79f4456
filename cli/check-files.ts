import { stat } from 'node:fs/promises';
import { basename, dirname, resolve, sep } from 'node:path';
import { closest } from 'fastest-levenshtein';
import type { Refusal } from '../core/formats/format.ts';
import { fileFormatOf } from '../core/model/formats.ts';
import type { Feed, Tenant } from '../core/model/tenant.ts';
import { admit } from '../core/pipeline/admit.ts';
import { type Trial, tryFile } from '../core/pipeline/trial.ts';
import { CliError } from './errors.ts';
import { localFile } from './local-file.ts';

/** What a file would come to. */
export interface CheckedFile {
  readonly file: string;
  readonly bytes: number;
  readonly feed: Feed;
  readonly refusal: Refusal | null;
  /** Null when it would be refused before a record is read. */
  readonly trial: Trial | null;
}

interface Trying {
  /** The feed of a file whose path does not tell it. */
  readonly feed: string | undefined;
  /** How many rows and dropped records are kept to be shown. */
  readonly samples: number;
  readonly signal: AbortSignal;
}

/** Takes a file through profile, reader, transform and rules, and writes nothing. */
export async function checkFile(tenant: Tenant, file: string, trying: Trying): Promise<CheckedFile> {
  const { size } = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new CliError('SLU-4003', `${file} cannot be read: ${error.code ?? error.message}`);
  });
  const feed = feedFor(tenant, file, trying.feed);
  const key = `${feed.name}/${basename(file)}`;
  const about = { file, bytes: size, feed };
  const admitted = admit(tenant, key, size);
  if ('code' in admitted) return { ...about, refusal: admitted, trial: null };
  const { signal, samples } = trying;
  const trial = await tryFile(tenant, admitted, await localFile(file), key, signal, samples);
  return 'code' in trial ? { ...about, refusal: trial, trial: null } : { ...about, refusal: trial.refusal, trial };
}

/** The feed that is named, or that a folder of the path is named after, or the only one that takes the extension. */
function feedFor(tenant: Tenant, file: string, name: string | undefined): Feed {
  const names = tenant.feeds.map((feed) => feed.name);
  if (name !== undefined) {
    const named = tenant.feeds.find((feed) => feed.name === name);
    if (named) return named;
    throw new CliError('SLU-4002', `tenant ${tenant.id} has no feed "${name}"; did you mean ${closest(name, names)}?`, {
      details: [`feeds: ${names.join(', ')}`],
      next: `sluice check ${tenant.id} ${file} --feed ${closest(name, names)}`,
    });
  }
  const folder = dirname(resolve(file))
    .split(sep)
    .findLast((part) => names.includes(part));
  const byFolder = tenant.feeds.find((feed) => feed.name === folder);
  if (byFolder) return byFolder;
  const taking = tenant.feeds.filter(({ formats }) => fileFormatOf(file, formats));
  const [first, ...others] = taking.length === 0 ? tenant.feeds : taking;
  if (first && others.length === 0) return first;
  const why = taking.length === 0 ? 'no feed takes its extension' : 'several feeds take its extension';
  throw new CliError('SLU-4003', `${file} names no feed by its folders, and ${why}`, {
    details: [`feeds: ${[first, ...others].map((feed) => feed?.name).join(', ')}`],
    next: `sluice check ${tenant.id} ${file} --feed ${first?.name}`,
  });
}
