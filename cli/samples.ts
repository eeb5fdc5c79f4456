import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { readRecords } from '../core/formats/readers.ts';
import { extensionsOf, fileFormatOf } from '../core/model/formats.ts';
import type { Tenant } from '../core/model/tenant.ts';
import { type Difference, differences, type Outcome, runSample } from '../core/pipeline/samples.ts';
import { localFile } from './local-file.ts';

/** What came of one sample file; it passes when it has neither differences nor a problem. */
export interface SampleResult {
  /** `samples/in/<feed>/<file>`, from the tenant's folder. */
  readonly file: string;
  readonly outcomes: readonly Outcome[];
  readonly differences: readonly Difference[];
  /** Why the sample could not be run or compared. */
  readonly problem?: string;
}

/**
 * Runs every file in `samples/in/<feed>/` of a tenant's folder and compares it with `samples/expected/<feed>/<name>.ndjson`.
 * Samples of the same name in two formats share one file of expected outcomes: both must give the same rows.
 * With `write`, what was found becomes what is expected, to be read over before it is committed.
 */
export async function checkSamples(
  tenant: Tenant,
  folder: string,
  { write = false } = {},
): Promise<readonly SampleResult[]> {
  const results: SampleResult[] = [];
  const met = new Set<string>();
  for (const file of await filesIn(folder, 'in')) {
    const expected = join('samples', 'expected', basename(dirname(file)), `${nameOf(file)}.ndjson`);
    met.add(expected);
    results.push(await check(tenant, folder, file, expected, write));
  }
  for (const file of await filesIn(folder, 'expected')) {
    if (!met.has(file)) results.push(failed(file, 'no file in samples/in has this name'));
  }
  return results;
}

async function check(tenant: Tenant, folder: string, file: string, expected: string, write: boolean) {
  const feed = tenant.feeds.find(({ name }) => name === basename(dirname(file)));
  if (!feed)
    return failed(file, `the tenant has no feed of this name, only ${tenant.feeds.map((f) => f.name).join(', ')}`);
  const format = fileFormatOf(file, feed.formats);
  if (!format) return failed(file, `the feed takes ${feed.formats.flatMap(extensionsOf).join(', ')}`);

  const stored = await localFile(join(folder, file));
  const chunks = readRecords(stored, format, { maxRecord: MAX_RECORD }, new AbortController().signal);
  const outcomes = await runSample(tenant.id, feed, chunks);
  const path = join(folder, expected);
  if (write) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${outcomes.map((outcome) => JSON.stringify(outcome)).join('\n')}\n`);
  }
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return failed(file, `${expected} is missing`, outcomes);
  try {
    const wanted = text.split('\n').filter((line) => line.trim() !== '');
    return {
      file,
      outcomes,
      differences: differences(
        wanted.map((line) => JSON.parse(line)),
        outcomes,
      ),
    };
  } catch (error) {
    return failed(file, `${expected} is not a JSON object a line: ${(error as Error).message}`, outcomes);
  }
}

/** Longest record of a sample, in characters. */
const MAX_RECORD = 1_000_000;

/** Without the folder, the extension of the format, and that of compression. */
const nameOf = (file: string): string => {
  const unpacked = basename(file).replace(/\.(gz|zst)$/, '');
  return basename(unpacked, extname(unpacked));
};

const failed = (file: string, problem: string, outcomes: readonly Outcome[] = []): SampleResult => ({
  file,
  outcomes,
  differences: [],
  problem,
});

/** The files of `samples/<kind>/<feed>/`, in the order of their names. */
async function filesIn(folder: string, kind: 'in' | 'expected'): Promise<string[]> {
  const root = join('samples', kind);
  const entries = await readdir(join(folder, root), { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  return files.map((entry) => join(root, basename(entry.parentPath), entry.name)).sort();
}
