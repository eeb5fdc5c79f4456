import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deploy } from '../../local/deploy.ts';
import { downloadsOf } from '../../local/install.ts';
import { isAlive, readRecord } from '../../local/processes.ts';
import { pathsOf } from '../../local/settings.ts';
import { down, requireStack, up } from '../../local/stack.ts';
import { partsOf, stackStatus } from '../../local/status.ts';
import { listen, type Sandbox, sandbox } from './sandbox.ts';

/** A machine on which everything is downloaded, by pretence, and both services are what the scripts make of them. */
const machine = async (scripts: { cassandra: string; localstack: string }) => {
  const box = await sandbox();
  box.program('java', `case "$1" in -version) echo 'openjdk version "17.0.1"'; exit;; esac\n${scripts.cassandra}`);
  box.program('mvn', pretendMaven);
  box.program('uv', pretendUv);
  box.program('npm', pretendNpm);
  const settings = box.settings();
  mkdirSync(settings.stateDir, { recursive: true });
  const downloads = downloadsOf(settings);
  for (const download of [...downloads.cassandra, ...downloads.localstack]) await download.install();
  const python = box.program('pretended-python', scripts.localstack);
  const bin = join(pathsOf(settings).venv, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'python'), `#!/bin/sh\nexec ${python}\n`, { mode: 0o755 });
  onTestFinished(async () => void (await down(settings, false, () => undefined)));
  return { box, settings, ...recorder() };
};

const recorder = () => {
  const told: string[] = [];
  return { told, progress: (part: string, message: string) => void told.push(`${part}: ${message}`) };
};

const pretendMaven = `case "$1" in --version) echo 'Apache Maven 3.9.9'; exit;; esac
  for arg in "$@"; do case "$arg" in -DoutputDirectory=*) mkdir -p "\${arg#*=}";; esac; done`;
const pretendNpm = `case "$1" in --version) echo 11.0.0; exit;; esac
  mkdir -p "$3/node_modules/kinesis-local" && echo "" > "$3/node_modules/kinesis-local/main.js"`;
const pretendUv = `case "$1" in --version) echo 'uv 0.9.1';; venv) mkdir -p "$4/bin";; esac`;
const idle = 'exec sleep 600';

const bare = async (): Promise<Sandbox> => sandbox();

describe('up', () => {
  it('refuses a port that somebody else holds, and names the setting', async () => {
    const { settings, progress } = await machine({ cassandra: idle, localstack: idle });
    const server = await listen(settings.cassandraStoragePort);
    onTestFinished(() => void server.close());
    await expect(up(settings, 'off', progress)).rejects.toMatchObject({
      code: 'SLU-1002',
      message: expect.stringContaining(`port ${settings.cassandraStoragePort} of cassandra is taken`),
      where: 'SLUICE_CASSANDRA_STORAGE_PORT',
      next: expect.stringContaining('.env'),
    });
    expect(readRecord(join(pathsOf(settings).run, 'cassandra.json'))).toBeUndefined();
  });

  it('shows the last 20 lines of a service that ended at once, and the command to read on', async () => {
    const dying = 'for i in $(seq 1 30); do echo "line $i"; done; exit 3';
    const { settings, progress } = await machine({ cassandra: dying, localstack: idle });
    await expect(up(settings, 'off', progress)).rejects.toMatchObject({
      code: 'SLU-1003',
      message: 'cassandra did not start: the process has ended',
      where: join(pathsOf(settings).logs, 'cassandra.log'),
      details: Array.from({ length: 20 }, (_, i) => `line ${i + 11}`),
      next: 'sluice logs cassandra',
    });
    const states = (await stackStatus(settings)).parts.map(({ state }) => state);
    expect(states[0]).toBe('crashed');
  });

  it('says what is missing on the machine before anything is started', async () => {
    const { settings, progress, box } = await machine({ cassandra: idle, localstack: idle });
    box.program('java', `echo 'openjdk version "21.0.1"'`);
    await expect(up(settings, 'off', progress)).rejects.toMatchObject({ code: 'SLU-1001' });
    expect(readRecord(join(pathsOf(settings).run, 'cassandra.json'))).toBeUndefined();
  });

  it('announces what it will download and how big that is', async () => {
    const box = await bare();
    box.program('java', `echo 'openjdk version "17.0.1"'`);
    box.program('python3.11', `echo 'Python 3.11.2'`);
    box.program('uv', `case "$1" in --version) echo 'uv 0.9.1'; exit;; esac\nexit 1`);
    box.program('mvn', `case "$1" in --version) echo 'Apache Maven 3.9.9'; exit;; esac\nexit 1`);
    box.program('npm', pretendNpm);
    const { told, progress } = recorder();
    await expect(up(box.settings(), 'off', progress)).rejects.toMatchObject({ code: 'SLU-1005' });
    expect(told[0]).toMatch(/^sluice: to be downloaded once: Cassandra 5\.0\.9 \(about 67 MB\), LocalStack 4\.9\.2/);
  });

  it('tells a folder that cannot be written from other failures', async () => {
    const box = await bare();
    writeFileSync(join(box.folder, 'file'), '');
    box.env.SLUICE_STATE_DIR = join(box.folder, 'file', 'state');
    await expect(up(box.settings(), 'off', () => undefined)).rejects.toMatchObject({ code: 'SLU-1008' });
  });
});

describe('down', () => {
  it('is harmless when nothing runs', async () => {
    const box = await bare();
    expect(await down(box.settings(), false, () => undefined)).toEqual({ stopped: [], purged: [] });
  });

  it('stops what runs, also when it never answered', async () => {
    const { settings, progress } = await machine({ cassandra: idle, localstack: 'exit 1' });
    await expect(up(settings, 'off', progress)).rejects.toMatchObject({ code: 'SLU-1003' });
    const record = readRecord(join(pathsOf(settings).run, 'cassandra.json'));
    expect(await down(settings, false, progress)).toMatchObject({ stopped: ['cassandra'] });
    expect(record && (await isAlive(record))).toBe(false);
  });

  it('deletes the state on demand and keeps the downloads', async () => {
    const { settings, progress } = await machine({ cassandra: idle, localstack: idle });
    const paths = pathsOf(settings);
    for (const folder of [paths.cassandraData, paths.localstackData, paths.logs])
      mkdirSync(folder, { recursive: true });
    await down(settings, true, progress);
    for (const path of [paths.cassandraData, paths.localstackData, paths.logs]) expect(existsSync(path)).toBe(false);
    for (const path of [paths.cassandraLib, paths.venv]) expect(existsSync(path)).toBe(true);
  });
});

describe('the status', () => {
  it('of a stack that was never started is stopped', async () => {
    const status = await stackStatus((await bare()).settings());
    expect(status).toMatchObject({ way: null, running: false });
    expect(status.parts.map(({ part, state, persists }) => [part, state, persists])).toEqual([
      ['cassandra', 'stopped', true],
      ['localstack', 'stopped', false],
    ]);
  });

  it('does not call a process running that does not answer', async () => {
    const { settings, progress } = await machine({ cassandra: idle, localstack: 'exit 1' });
    await up(settings, 'off', progress).catch(() => undefined);
    const cassandra = (await stackStatus(settings)).parts.find(({ part }) => part === 'cassandra');
    expect(cassandra).toMatchObject({ state: 'unresponsive', reason: expect.stringContaining('ECONNREFUSED') });
  });

  it('counts the bytes of the state', async () => {
    const settings = (await bare()).settings();
    const [cassandra] = partsOf(settings);
    mkdirSync(join(String(cassandra?.statePath), 'data'), { recursive: true });
    writeFileSync(join(String(cassandra?.statePath), 'data', 'file'), 'x'.repeat(1234));
    expect((await stackStatus(settings)).parts[0]?.stateBytes).toBe(1234);
  });
});

describe('commands that need the stack', () => {
  it('say that it is not running and how to start it', async () => {
    const settings = (await bare()).settings();
    const expected = { code: 'SLU-1004', details: ['cassandra: stopped', 'localstack: stopped'], next: 'sluice up' };
    await expect(requireStack(settings)).rejects.toMatchObject(expected);
    await expect(deploy(settings, () => undefined)).rejects.toMatchObject(expected);
  });
});
