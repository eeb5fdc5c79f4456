import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadSettings } from '../../local/settings.ts';
import { type Ended, run, sluice, unique, until, upload } from '../support/user.ts';

/** What the commands that read print while the platform runs: the same for programs, wherever they run. */

const bin = join(loadSettings().root, 'cli', 'sluice.js');
let partial: string;

beforeAll(async () => {
  const name = unique('json');
  await upload('{"flight_id":"J1"}\n{"flight_id":', `s3://sluice-aviation-staging/flights/${name}.ndjson`);
  partial = await until('a run with rejections', async () => {
    const { stdout } = await sluice('runs', 'aviation', '--feed', 'flights', '--failed', '--json');
    const runs = JSON.parse(stdout) as { run: string; origin: string; state: string }[];
    return runs.find(({ origin, state }) => origin.includes(name) && state === 'partial')?.run;
  });
});

/** Runs a command on a terminal of its own; its standard error goes elsewhere. */
const onTerminal = async (args: readonly string[]): Promise<Ended> => {
  const { CI: _, ...env } = process.env;
  const command = [process.execPath, bin, ...args].map((part) => `'${part}'`).join(' ');
  return run('script', ['-qec', `${command} 2>/dev/null`, '/dev/null'], env);
};

/** What changes from one moment to the next is no difference of the form. */
const steady = (text: string): string =>
  text.replaceAll(/"(uptimeSeconds|startedAt|stateBytes|generatedAt)": [^,\n]+/g, '"$1": 0');

const commands: (() => readonly string[])[] = [
  () => ['tenant', 'list'],
  () => ['tenant', 'show', 'aviation'],
  () => ['report', 'aviation', '--since', '2026-01-01'],
  () => ['runs', 'show', partial],
  () => ['rejects', partial],
  () => ['receipts', 'wildlife'],
  () => ['quota', 'aviation'],
  () => ['dlq', 'aviation'],
];

describe('--json', () => {
  test.each(commands)('is one document, the same in a pipe, in CI and on a terminal', async (args) => {
    const given = [...args(), '--json'];
    const piped = await sluice(...given);
    expect([given, piped.exit]).toEqual([given, 0]);
    expect(() => JSON.parse(piped.stdout)).not.toThrow();
    const inCi = await run(process.execPath, [bin, ...given], { ...process.env, CI: 'true' });
    expect(steady(inCi.stdout)).toBe(steady(piped.stdout));
    const terminal = await onTerminal(given);
    expect(steady(terminal.stdout.replaceAll('\r\n', '\n'))).toBe(steady(piped.stdout));
  });

  test('is an empty list, not prose, where there is nothing', async () => {
    expect(JSON.parse((await sluice('runs', 'aviation', '--feed', 'nothing', '--json')).stdout)).toEqual([]);
  });

  test('is an error of the documented shape for a name that is nearly right', async () => {
    const { exit, stdout } = await sluice('report', 'aviatoin', '--json');
    expect(exit).toBe(3);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'SLU-4002', next: expect.stringMatching(/^sluice /) });
    expect(JSON.parse(stdout).error.message).toContain('aviation');
  });
});
