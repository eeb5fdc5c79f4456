import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { capped } from '../core/model/capped.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { CliError } from './errors.ts';

export interface LocalFile {
  readonly file: string;
  /** Where it goes in the staging bucket. */
  readonly key: string;
  readonly bytes: number;
}

/**
 * The files that are named, and those in the folders that are named, with their keys: `<feed>/[<prefix>/]<name>`. What lies in a folder keeps its path
 * from there; names that begin with a dot are left out.
 */
export async function filesOf(
  paths: readonly string[],
  feed: string,
  prefix: string | undefined,
): Promise<LocalFile[]> {
  const found: LocalFile[] = [];
  const start = [feed, ...(prefix ?? '').split('/').filter((part) => part !== '')].join('/');
  for (const path of paths) {
    const about = await stat(path).catch((error: NodeJS.ErrnoException) => {
      throw new CliError('SLU-4003', `${path} cannot be read: ${error.code ?? error.message}`);
    });
    const names = about.isDirectory() ? await namesIn(path) : [''];
    for (const name of names) {
      const file = name === '' ? path : join(path, name);
      const { size } = name === '' ? about : await stat(file);
      const key = `${start}/${(name === '' ? basename(path) : name).split(sep).join('/')}`;
      found.push({ file, key, bytes: size });
    }
  }
  refuseTwins(found);
  if (found.length > 0) return found;
  throw new CliError('SLU-4003', `no files in ${paths.join(', ')}`, { next: 'name files, or folders with files' });
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return names.filter((name) => !name.split(sep).some((part) => part.startsWith('.'))).sort();
}

/** More files than the deployed profile takes at a time are a mistake, such as the wrong folder: then none is sent. */
export function refuseTooMany(files: readonly LocalFile[], { id, limits }: Tenant): void {
  const { filesPerUpload } = capped(limits);
  if (files.length <= filesPerUpload) return;
  const whose = limits.filesPerUpload === undefined ? 'the platform' : `the deployed profile of ${id}`;
  throw new CliError(
    'SLU-3018',
    `${files.length} files were given; ${whose} allows ${filesPerUpload} in one upload (filesPerUpload)`,
    { exit: 'notAllowed' },
  );
}

/** Two files of one key would be two versions, of which only the later stays. */
function refuseTwins(files: readonly LocalFile[]): void {
  const byKey = Map.groupBy(files, ({ key }) => key);
  const twins = [...byKey].filter(([, group]) => group.length > 1);
  if (twins.length === 0) return;
  throw new CliError('SLU-4003', 'files of the same name would overwrite each other', {
    details: twins.map(([key, group]) => `${key}: ${group.map(({ file }) => file).join(', ')}`),
    next: 'upload them with different --as, or name the folder above them',
  });
}
