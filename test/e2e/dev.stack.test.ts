import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { functionsOf, platformFunctions } from '../../core/model/bundle.ts';
import { namesOf } from '../../core/model/names.ts';
import { applySchema } from '../../local/deploy.ts';
import { replaceCode } from '../../local/replace-code.ts';
import { loadSettings } from '../../local/settings.ts';
import { versionsIn } from '../../tenants/version.ts';
import { openOperator, unique, until, upload } from '../support/user.ts';

/** A developer's session: a copy of the checkout, `sluice dev` in it, and an editor. */

const settings = loadSettings();
const { staging } = namesOf('wildlife');
let copy: string;
let dev: ChildProcess;
let said = '';
let operator: Awaited<ReturnType<typeof openOperator>>;

beforeAll(async () => {
  operator = await openOperator();
  copy = await mkdtemp(join(tmpdir(), 'sluice-dev-'));
  const left = new Set(['node_modules', '.git', basename(settings.stateDir), 'cdk.out']);
  await cp(settings.root, copy, {
    recursive: true,
    filter: (path) => !left.has(relative(settings.root, path).split('/')[0] ?? ''),
  });
  await symlink(join(settings.root, 'node_modules'), join(copy, 'node_modules'));
  const env = { ...process.env, SLUICE_STATE_DIR: settings.stateDir, SLUICE_DOWNLOADS_DIR: settings.downloadsDir };
  dev = spawn(process.execPath, [join(copy, 'cli', 'sluice.js'), 'dev'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  dev.stderr?.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  await heard('serving the edited code');
});

afterAll(async () => {
  dev?.kill('SIGINT');
  await rm(copy, { recursive: true, force: true });
  const versions = versionsIn(undefined, join(settings.root, 'tenants'));
  await replaceCode(settings, [...platformFunctions, ...functionsOf('wildlife')], versions);
  // The copy's profile is registered; what is deployed again must be what decides.
  await applySchema(settings);
  await operator.close();
});

const heard = (text: string) =>
  until(`sluice dev to say "${text}"`, async () => (said.includes(text) ? true : undefined), 60_000).catch(
    (error: Error) => {
      throw new Error(`${error.message}; it said:\n${said}`);
    },
  );

async function edit(file: string, change: (source: string) => string): Promise<void> {
  said = '';
  const path = join(copy, file);
  const source = await readFile(path, 'utf8');
  const edited = change(source);
  expect(edited).not.toBe(source);
  await writeFile(path, edited);
}

/** Loads one strike and gives the operator's name as it is stored. */
async function airlineOf(): Promise<string> {
  const columns = JSON.parse(await readFile(join(copy, 'strike.json'), 'utf8')) as Record<string, string>;
  const id = unique('airport');
  const key = `strikes/${id}.csv`;
  const cells = Object.entries({ ...columns, 'Airport Name': id });
  await upload(
    `${cells.map(([name]) => name).join(',')}\n${cells.map(([, value]) => value).join(',')}\n`,
    `s3://${staging}/${key}`,
  );
  const run = await operator.settledRun('wildlife', 'strikes', key);
  expect(run.counts.loaded).toBe(1);
  const query =
    "SELECT airport, operator FROM wildlife.strikes_by_state WHERE origin_state = 'Louisiana' AND year = 1990";
  const { rows } = await operator.cassandra.execute(query);
  return rows.find((row) => String(row.get('airport')).toLowerCase() === id.toLowerCase())?.get('operator');
}

test('an edited transform serves the next file; one that fails a sample or does not compile leaves the old code running', async () => {
  await writeFile(
    join(copy, 'strike.json'),
    JSON.stringify({
      'Airport Name': '',
      'Aircraft Make Model': 'T-38A',
      'Effect Amount of damage': 'None',
      'Flight Date': '1990-01-08',
      'Aircraft Airline Operator': 'MILITARY',
      'Origin State': 'Louisiana',
      'Phase of flight': 'Climb',
      'Wildlife Size': 'Large',
      'Wildlife Species': 'Turkey vulture',
      'Time of day': 'Day',
      'Cost Other': '0',
      'Cost Repair': '0',
      'Cost Total $': '0',
      'Speed IAS in knots': '300',
    }),
  );
  const before = await airlineOf();
  expect(before).toBe('MILITARY');

  const feed = 'tenants/wildlife/feeds/strikes.ts';
  await edit(feed, (source) => source.replace('operator: operator(fields)', "operator: operator(fields) && 'edited'"));
  await heard('the old code stays');
  expect(said).toContain('samples/');
  expect(await airlineOf()).toBe('MILITARY');

  said = '';
  await rm(join(copy, 'tenants/wildlife/samples'), { recursive: true });
  await heard('serving the edited code');
  expect(await airlineOf()).toBe('edited');

  await edit(feed, (source) => source.replace("&& 'edited'", '&& 42'));
  await heard('the old code stays');
  expect(said).toContain('strikes.ts');
  expect(await airlineOf()).toBe('edited');
});
