import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryRoot } from '../local/sandbox.ts';

/** `sluice check` and `cdk synth` in a checkout whose tenants have mistakes. */

let checkout: string;

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'sluice-checkout-'));
  for (const name of ['adapters', 'cli', 'core', 'infra', 'local', 'tenants', 'cdk.json', 'package.json']) {
    await cp(join(repositoryRoot, name), join(checkout, name), { recursive: true });
  }
  await symlink(join(repositoryRoot, 'node_modules'), join(checkout, 'node_modules'));
});
afterAll(() => rm(checkout, { recursive: true, force: true }));

const edit = async (file: string, ...changes: [from: string, to: string][]) => {
  let text = await readFile(join(repositoryRoot, 'tenants', file), 'utf8');
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  await writeFile(join(checkout, 'tenants', file), text);
};

const run = (...args: string[]): Promise<{ exit: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const options = { cwd: checkout, env: { PATH: process.env.PATH ?? '' } };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      resolve({ exit: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
const check = (...args: string[]) => run(join('cli', 'main.ts'), 'check', ...args);
/** The line on which a text stands in the file as it is now. */
const place = async (file: string, text: string): Promise<string> => {
  const lines = (await readFile(join(checkout, 'tenants', file), 'utf8')).split('\n');
  return `tenants/${file}:${lines.findIndex((line) => line.includes(text)) + 1}`;
};

describe('profiles with mistakes', () => {
  let expected: string[];
  beforeAll(async () => {
    await edit('aviation/tenant.ts', ['maxFileRows:', 'maxFileRow:'], ["feed: 'flights'", "feed: 'fligths'"]);
    await edit('aviation/feeds/airports.ts', ["partitionKey: ['iata']", "partitionKey: ['aita']"]);
    await edit('wildlife/tenant.ts', ['maxFileBytes: 10_000_000', 'maxFileBytes: 100_000_000_000_000']);
    expected = [
      `${await place('aviation/tenant.ts', 'maxFileRow:')}  limits.maxFileRow: no such setting; did you mean maxFileRows?`,
      `${await place('aviation/tenant.ts', 'fligths')}  stream.feed: no feed is named "fligths"; did you mean flights?`,
      `${await place('aviation/feeds/airports.ts', 'aita')}  feeds.1.table.partitionKey: no column is named "aita"; did you mean iata?`,
      `${await place('wildlife/tenant.ts', 'maxFileBytes')}  limits.maxFileBytes: 100000000000000 is not at most 50,000,000,000,000, the platform’s cap`,
    ];
  });

  test('are all told by `sluice check`, with file and line and the nearest known name', async () => {
    const { exit, stdout, stderr } = await check();
    expect(exit).toBe(1);
    expect(stderr).toBe('');
    for (const line of expected) expect(stdout).toContain(`  ${line}\n`);
    expect(stdout).toContain('SLU-4001  5 mistakes');
  });

  test('are one JSON document with --json, of the named tenant only', async () => {
    const { exit, stdout } = await check('wildlife', '--json');
    expect(exit).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        tenant: 'wildlife',
        ok: false,
        problems: [{ path: 'limits.maxFileBytes', where: expect.stringContaining(':') }],
      },
    ]);
  });

  test('stop the synthesis with all of them, before anything is made', async () => {
    const { exit, stdout, stderr } = await run(join('infra', 'app.ts'));
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' });
    expect(stderr).toContain('SLU-4001  5 mistakes in the profiles');
    for (const line of expected) expect(stderr).toContain(`  ${line}\n`);
  });
});

describe('samples with differences', () => {
  beforeAll(async () => {
    await edit('aviation/tenant.ts');
    await edit('wildlife/tenant.ts');
    await edit('aviation/feeds/airports.ts', ["city: fields.optionalText('city', UNKNOWN)", "city: 'Nowhere'"]);
  });

  test('are told record by record', async () => {
    const { exit, stdout } = await check('aviation');
    expect(exit).toBe(1);
    expect(stdout).toMatch(
      /tenants\/aviation\/samples\/in\/airports\/outcomes\.csv, record 3:\n +expected .*\n +found .*Nowhere/,
    );
  });

  test('and a checkout without mistakes is told to be right', async () => {
    await edit('aviation/feeds/airports.ts');
    const { exit, stdout } = await check();
    expect(exit).toBe(0);
    expect(stdout).toMatch(/aviation: the profile is right, and \d+ records in \d+ samples give what is expected/);
  });
});
