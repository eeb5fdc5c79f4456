import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.ts';
import { pathsOf } from '../../local/settings.ts';
import { sandbox, until } from '../local/sandbox.ts';
import { runCli, startCli } from './run-cli.ts';

/** What each command does on a machine where the stack is down and only the given programs are installed. */
const outcomes: [args: string[], exit: number, code: string | null][] = [
  [['status'], 0, null],
  [['down'], 0, null],
  [['down', '--purge'], 0, null],
  [['logs', 'cassandra'], 5, 'SLU-1004'],
  [['logs', 'deploy'], 5, 'SLU-1004'],
  [['logs', 'some-function'], 5, 'SLU-1004'],
  [['logs', '--lines', 'many'], 2, 'SLU-4003'],
  [['deploy'], 5, 'SLU-1004'],
  [['up'], 5, 'SLU-1001'],
  [['up', '--docker'], 5, 'SLU-1001'],
  [['doctor'], 5, null],
  [['demo'], 5, 'SLU-1001'],
  [['dev'], 5, 'SLU-1004'],
  [['check'], 0, null],
  [['check', 'aviatoin'], 3, 'SLU-4002'],
  [['check', 'aviation', 'nowhere.csv'], 2, 'SLU-4003'],
  [['infer', 'nowhere.csv'], 2, 'SLU-4003'],
  [['infer'], 2, 'SLU-4003'],
  [['report'], 5, 'SLU-1004'],
  [['report', '--since', 'yesterday'], 2, 'SLU-4003'],
  [['runs'], 5, 'SLU-1004'],
  [['runs', 'show', 'flights.20260101.abc'], 5, 'SLU-1004'],
  [['runs', 'show'], 2, 'SLU-4003'],
  [['runs', 'reset', 'flights.20260101.abc'], 5, 'SLU-1004'],
  [['rejects', 'flights.20260101.abc'], 5, 'SLU-1004'],
  [['upload', 'aviation', 'flights', 'package.json'], 5, 'SLU-1004'],
  [['upload', 'aviation'], 2, 'SLU-4003'],
  [['produce', 'aviation', 'flights', '-'], 5, 'SLU-1004'],
  [['produce', 'aviation', 'flights', '-', '--rate', 'fast'], 2, 'SLU-4003'],
  [['produce', 'aviation', 'flights', '-', '--report', 'a name'], 2, 'SLU-4003'],
  [['quality', 'aviation'], 5, 'SLU-1004'],
  [['quality', 'aviation', '--since', 'yesterday'], 2, 'SLU-4003'],
  [['quality'], 2, 'SLU-4003'],
  [['quota', 'aviation'], 5, 'SLU-1004'],
  [['receipts', 'aviation'], 5, 'SLU-1004'],
  [['tenant', 'list'], 5, 'SLU-1004'],
  [['tenant', 'show', 'aviation'], 5, 'SLU-1004'],
  [['replay', 'flights.20260101.abc'], 5, 'SLU-1004'],
  [['backfill', 'aviation'], 5, 'SLU-1004'],
  [['dlq'], 5, 'SLU-1004'],
  [['audit', 'aviation'], 5, 'SLU-1004'],
  [['prove', 'aviation', 'flights', 'package.json'], 5, 'SLU-1004'],
  [['prove', 'aviation', 'flight', 'package.json'], 3, 'SLU-4002'],
  [['runs', '--target', 'aws'], 5, 'SLU-4005'],
  [['runs', '--target', 'mars'], 2, 'SLU-4003'],
  [['up', '--target', 'aws'], 2, 'SLU-4003'],
  [['stream', 'start', 'aviation'], 5, 'SLU-1004'],
  [['stream', 'stop', 'aviation'], 5, 'SLU-1004'],
  [['stream', 'stop'], 2, 'SLU-4003'],
  [['stream', 'status', 'aviation'], 5, 'SLU-1004'],
  [['stream', 'periods', 'aviation'], 5, 'SLU-1004'],
  [['stream', 'periods', 'aviation', '--hours', '25'], 2, 'SLU-4003'],
  [['decisions', 'aviation'], 5, 'SLU-1004'],
  [['simulate', 'scaling', 'aviation', 'docs/traces/burst.csv'], 0, null],
  [['simulate', 'scaling', 'aviation', 'docs/traces/burst.csv', '--plot'], 0, null],
  [['simulate', 'scaling', 'aviation', 'docs/traces/burst.csv', '--deployed'], 5, 'SLU-1004'],
  [['simulate', 'scaling', 'aviatoin', 'docs/traces/burst.csv'], 3, 'SLU-4002'],
  [['simulate', 'scaling', 'aviation', 'docs/scaling.md'], 1, 'SLU-4008'],
  [['simulate', 'scaling', 'aviation', 'no-such-file.csv'], 2, 'SLU-4003'],
  [['simulate', 'scaling', 'aviation', 'docs/traces/burst.csv', '--message', '0'], 2, 'SLU-4003'],
  [['decisions', 'aviation', '--since', 'yesterday'], 2, 'SLU-4003'],
  [['up', '--nonsense'], 2, 'SLU-4003'],
  [['status', 'too', 'many'], 2, 'SLU-4003'],
  [['nonsense'], 2, 'SLU-4003'],
];

/** No Python, no Java, no Docker. */
const emptyMachine = async () => {
  const box = await sandbox();
  box.env.PATH = box.bin;
  return box;
};

describe.each(outcomes)('sluice %j', (args, exit, code) => {
  it(`exits with ${exit} and, with --json, prints exactly one document`, async () => {
    const { env } = await emptyMachine();
    const ran = await runCli([...args, '--json'], env);
    expect(ran.exit).toBe(exit);
    const document = JSON.parse(ran.stdout);
    expect(document.error?.code ?? null).toBe(code);
    if (code !== null) {
      expect(Object.keys(document)).toEqual(['error']);
      expect(document.error).toMatchObject({ message: expect.any(String), next: expect.any(String) });
    }
  });

  it('says the same in words, errors on standard error', async () => {
    const { env } = await emptyMachine();
    const ran = await runCli(args, env);
    expect(ran.exit).toBe(exit);
    if (code === null) return expect(ran.stdout).not.toBe('');
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(new RegExp(`^${code}  `, 'm'));
    expect(ran.stderr).toMatch(/^ {2}Next: /m);
  });
});

describe('help', () => {
  it('lists every command and every exit code', async () => {
    const { env } = await emptyMachine();
    const { stdout, exit } = await runCli(['--help'], env);
    expect(exit).toBe(0);
    const listed = [...(stdout.split('Commands:')[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}(\w+) /gm)].map(
      ([, name]) => name,
    );
    const tried = new Set(outcomes.map(([[name]]) => name));
    expect(listed).toEqual(expect.arrayContaining(['up', 'demo']));
    // A command that is added without a line in the table above fails here.
    expect(listed.filter((name) => !tried.has(name))).toEqual(['aws', 'cqlsh', 'help']);
    for (const [number, meaning] of Object.values(exitCodes)) {
      expect(stdout).toMatch(new RegExp(`^ {2}${number} +${meaning}$`, 'm'));
    }
  });

  it('needs no settings, not even right ones', async () => {
    const { env } = await emptyMachine();
    expect((await runCli(['up', '--help'], { ...env, SLUICE_CASSANDRA_PORT: 'wrong' })).exit).toBe(0);
  });

  it('comes as a usage error when no command is given', async () => {
    const { env } = await emptyMachine();
    const { exit, stdout, stderr } = await runCli([], env);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: sluice');
  });
});

describe('a near miss', () => {
  it.each([
    [['stauts'], 'Did you mean status?', 'sluice --help'],
    [['up', '--dcoker'], 'Did you mean --docker?', 'sluice up --help'],
  ])('%j is answered with the nearest name', async (args, suggestion, next) => {
    const { env } = await emptyMachine();
    const { error } = JSON.parse((await runCli([...args, '--json'], env)).stdout);
    expect(error.details).toEqual([suggestion]);
    expect(error.next).toBe(next);
  });
});

describe('a wrong setting', () => {
  it('is the environment’s fault, in every command that reads settings', async () => {
    const { env } = await emptyMachine();
    for (const command of ['up', 'down', 'status', 'logs', 'deploy', 'doctor']) {
      const { exit, stdout } = await runCli([command, '--json'], { ...env, SLUICE_CASSANDRA_PORT: 'wrong' });
      expect([command, exit, JSON.parse(stdout).error.code]).toEqual([command, 5, 'SLU-4004']);
    }
  });
});

describe('--json', () => {
  it('prints the same in CI as elsewhere', async () => {
    const { env } = await emptyMachine();
    const plain = await runCli(['status', '--json'], env);
    const inCi = await runCli(['status', '--json'], { ...env, CI: 'true' });
    expect(inCi.stdout).toBe(plain.stdout);
  });

  it('arrives whole when it is larger than a pipe', async () => {
    const box = await emptyMachine();
    const { logs } = pathsOf(box.settings());
    mkdirSync(logs, { recursive: true });
    const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i} ${'x'.repeat(60)}`);
    writeFileSync(join(logs, 'cassandra.log'), `${lines.join('\n')}\n`);
    const { stdout } = await runCli(['logs', 'cassandra', '-n', '100000', '--json'], box.env);
    expect(JSON.parse(stdout).lines).toEqual(lines);
  });

  it('excludes following a log', async () => {
    const { env } = await emptyMachine();
    expect((await runCli(['logs', 'cassandra', '--follow', '--json'], env)).exit).toBe(2);
  });
});

describe('sluice logs', () => {
  it('follows a log until it is interrupted, which is exit code 130', async () => {
    const box = await emptyMachine();
    const { logs } = pathsOf(box.settings());
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(logs, 'cassandra.log'), 'one\ntwo\nthree\n');
    const running = startCli(['logs', 'cassandra', '-n', '2', '--follow'], box.env);
    await until('it shows the last two lines', () => running.stdout().includes('three'));
    writeFileSync(join(logs, 'cassandra.log'), 'four\n', { flag: 'a' });
    await until('it shows the new line', () => running.stdout().includes('four'));
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({ exit: 130, stdout: 'two\nthree\nfour\n' });
  });
});

describe('an interrupted sluice up', () => {
  it('exits with 130, ends its download and gives the lock back', async () => {
    const box = await emptyMachine();
    box.env.PATH = `${box.bin}:/usr/bin:/bin`;
    box.program('java', `echo 'openjdk version "17.0.1"'`);
    const pid = join(box.folder, 'maven');
    box.program(
      'mvn',
      `case "$1" in --version) echo 'Apache Maven 3.9.9'; exit;; esac\necho $$ > ${pid}\nexec sleep 600`,
    );
    box.program('python3.11', `case "$1" in --version) echo 'Python 3.11.2';; *) exec sleep 600;; esac`);
    box.program('uv', `case "$1" in --version) echo 'uv 0.9.1';; *) exec sleep 600;; esac`);
    const running = startCli(['up'], box.env);
    await until('Maven runs', () => existsSync(pid));
    running.kill('SIGINT');
    expect((await running.ended).exit).toBe(130);
    const { run } = pathsOf(box.settings());
    expect(existsSync(join(run, 'lock.json'))).toBe(false);
  });
});

describe('sluice aws and sluice cqlsh', () => {
  it('hand every argument over untouched, and the exit code back', async () => {
    const box = await emptyMachine();
    box.env.PATH = `${box.bin}:/usr/bin:/bin`;
    for (const tool of ['aws', 'cqlsh']) box.program(tool, 'for arg in "$@"; do echo "[$arg]"; done; exit 7');
    for (const tool of ['aws', 'cqlsh']) {
      const { exit, stdout } = await runCli([tool, 's3', '--help', '--json', 'a b', ''], box.env);
      expect(exit).toBe(7);
      expect(stdout.split('\n').slice(-6)).toEqual(['[s3]', '[--help]', '[--json]', '[a b]', '[]', '']);
    }
  });

  it('point at the local stack and at nothing else', async () => {
    const box = await emptyMachine();
    box.env.PATH = `${box.bin}:/usr/bin:/bin`;
    box.program('aws', 'echo "$@"; env');
    const { stdout } = await runCli(['aws'], { ...box.env, AWS_PROFILE: 'production', AWS_SECRET_ACCESS_KEY: 'real' });
    expect(stdout).toContain(`--endpoint-url http://127.0.0.1:${box.env.SLUICE_LOCALSTACK_PORT}`);
    expect(stdout).not.toMatch(/production|real/);
  });

  it('log in to the local Cassandra unless a role is given', async () => {
    const box = await emptyMachine();
    box.env.PATH = `${box.bin}:/usr/bin:/bin`;
    box.program('cqlsh', 'echo "$@"; echo "port $CQLSH_PORT"');
    const plain = await runCli(['cqlsh'], box.env);
    expect(plain.stdout).toContain('--credentials ');
    expect(plain.stdout).toContain(`port ${box.env.SLUICE_CASSANDRA_PORT}`);
    expect((await runCli(['cqlsh', '-u', 'acme'], box.env)).stdout).not.toContain('--credentials');
  });

  it.each(['aws', 'cqlsh'])('say how to get %s where it is missing', async (tool) => {
    const { env } = await emptyMachine();
    const { exit, stderr } = await runCli([tool, 'x'], env);
    expect(exit).toBe(5);
    expect(stderr).toMatch(/^SLU-1001 .*\n {2}Next: sluice up/);
  });
});
