import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faster, kinesisFolder, kinesisProgram } from '../../local/kinesis.ts';
import { portIsFree } from '../../local/ports.ts';
import { loadSettings, pathsOf, type Settings, versions } from '../../local/settings.ts';
import type { StackStatus } from '../../local/status.ts';
import { type Ran, runCli, startCli } from '../cli/run-cli.ts';
import { freePorts, until } from './sandbox.ts';

/**
 * The real services, beside the developer's own stack: other ports, another state folder, the same downloads. The tests
 * tell one story from the first start to the last stop, so their order matters.
 */
let folder: string;
let env: Record<string, string>;
let settings: Settings;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
  const [localstack, cassandra, storage] = await freePorts(3);
  env = {
    ...(process.env as Record<string, string>),
    SLUICE_STATE_DIR: folder,
    SLUICE_DOWNLOADS_DIR: loadSettings().downloadsDir,
    SLUICE_LOCALSTACK_PORT: String(localstack),
    SLUICE_CASSANDRA_PORT: String(cassandra),
    SLUICE_CASSANDRA_STORAGE_PORT: String(storage),
    SLUICE_CASSANDRA_HEAP: '512M',
    SLUICE_DOCKER: 'off',
  };
  settings = loadSettings(env);
});

afterAll(async () => {
  await runCli(['down', '--purge'], env);
  rmSync(folder, { recursive: true, force: true });
});

const sluice = (...args: string[]): Promise<Ran> => runCli(args, env);

const status = async (): Promise<StackStatus> => JSON.parse((await sluice('status', '--json')).stdout);

const part = async (name: string) => {
  const found = (await status()).parts.find((candidate) => candidate.part === name);
  if (found === undefined) throw new Error(`no part ${name}`);
  return found;
};

/** Everything on this machine that has to do with this state folder. */
const processes = async (): Promise<string[]> => {
  const { execFileSync } = await import('node:child_process');
  const lines = execFileSync('ps', ['-axwweo', 'pid=,args='], { encoding: 'utf8', maxBuffer: 1e8 }).split('\n');
  return lines.filter((line) => line.includes(folder) && !line.includes('vitest'));
};

const cql = (statement: string): Promise<Ran> => sluice('cqlsh', '-e', statement);

describe('the local stack', () => {
  it('comes up with one command and says where everything is', async () => {
    const { exit, stdout, stderr } = await sluice('up', '--json');
    expect(stderr).toContain('ready on');
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ way: 'process', running: true, stateDir: folder });
  });

  it('has a Kinesis that takes full calls however much a shard holds', () => {
    const placed = kinesisProgram(join(kinesisFolder(settings), versions.kinesisLocal));
    expect(readFileSync(placed, 'utf8')).toBe(
      faster(readFileSync(kinesisProgram(pathsOf(settings).kinesisLib), 'utf8')),
    );
    expect(readFileSync(placed, 'utf8')).toContain('u.j=()=>0;');
  });

  it('answers to the AWS CLI and to cqlsh', async () => {
    expect((await sluice('aws', 's3', 'mb', 's3://some-bucket')).exit).toBe(0);
    expect((await sluice('aws', 's3', 'ls')).stdout).toContain('some-bucket');
    expect((await sluice('aws', 'kinesis', 'create-stream', '--stream-name', 'some', '--shard-count', '1')).exit).toBe(
      0,
    );
    const queue = await sluice('aws', 'sqs', 'create-queue', '--queue-name', 'some');
    expect(JSON.parse(queue.stdout).QueueUrl).toContain(`127.0.0.1:${settings.localstackPort}/`);
    const keyspace = "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
    expect(
      (await cql(`${keyspace}; CREATE TABLE k.t (id int PRIMARY KEY); INSERT INTO k.t (id) VALUES (42)`)).exit,
    ).toBe(0);
  });

  it('refuses strangers in Cassandra, and rows above the limit of Keyspaces', async () => {
    expect((await sluice('cqlsh', '-u', 'nobody', '-p', 'wrong', '-e', 'SELECT * FROM k.t')).exit).not.toBe(0);
    await cql('CREATE TABLE k.big (id int PRIMARY KEY, value text)');
    const cassandra = await import('cassandra-driver');
    const client = new cassandra.default.Client({
      contactPoints: [`127.0.0.1:${settings.cassandraPort}`],
      localDataCenter: 'datacenter1',
      credentials: { username: 'cassandra', password: 'cassandra' },
    });
    try {
      const insert = 'INSERT INTO k.big (id, value) VALUES (1, ?)';
      await client.execute(insert, ['x'.repeat(900_000)], { prepare: true });
      await expect(client.execute(insert, ['x'.repeat(1_100_000)], { prepare: true })).rejects.toThrow(
        /oversized mutation/,
      );
    } finally {
      await client.shutdown();
    }
  });

  it('is left alone by a second up, even by two at a time', async () => {
    const before = await status();
    const both = await Promise.all([sluice('up', '--json'), sluice('up', '--json')]);
    expect(both.map(({ exit }) => exit)).toEqual([0, 0]);
    const after = await status();
    expect(after.parts.map(({ pid }) => pid)).toEqual(before.parts.map(({ pid }) => pid));
  });

  it('cannot be started a second time on the same ports', async () => {
    const other = { ...env, SLUICE_STATE_DIR: join(folder, 'other') };
    const { exit, stdout } = await runCli(['up', '--json'], other);
    expect(exit).toBe(5);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'SLU-1002', message: expect.stringContaining('(pid ') });
    expect((await runCli(['down'], other)).stdout).toContain('nothing was running');
    expect((await status()).running).toBe(true);
  });

  it.each(['cassandra', 'localstack'])('shows that %s was killed, and up starts it again', async (name) => {
    const { pid } = await part(name);
    process.kill(Number(pid), 'SIGKILL');
    await until('its death is seen', async () => (await part(name)).state === 'crashed');
    const up = await sluice('up');
    expect(up.stderr).toContain('has crashed, starting it again');
    expect(up.exit).toBe(0);
    expect(await part(name)).toMatchObject({ state: 'running' });
  });

  it('has kept what was in Cassandra, and lost what was in LocalStack, as status said', async () => {
    expect((await cql('SELECT id FROM k.t')).stdout).toContain('42');
    expect((await sluice('aws', 's3', 'ls')).stdout).toBe('');
    expect((await part('cassandra')).persists).toBe(true);
    expect((await part('localstack')).persists).toBe(false);
  });

  it('deploys again what a killed LocalStack has forgotten, and the roles get their new secrets', async () => {
    expect((await sluice('deploy')).exit).toBe(0);
    expect(await sluice('report', '--json')).toMatchObject({ exit: 0 });
    process.kill(Number((await part('localstack')).pid), 'SIGKILL');
    await until('its death is seen', async () => (await part('localstack')).state === 'crashed');
    const up = await sluice('up');
    expect(up.stderr).toContain('made again');
    expect(up.exit).toBe(0);
    expect(await sluice('report', '--json')).toMatchObject({ exit: 0 });
  }, 240_000);

  it('ends with down: no process and no port is left, and the rows are still there afterwards', async () => {
    await sluice('aws', 'kinesis', 'create-stream', '--stream-name', 'some', '--shard-count', '1');
    const { exit, stdout } = await sluice('down', '--json');
    expect(exit).toBe(0);
    expect(JSON.parse(stdout).stopped).toEqual(['cassandra', 'localstack']);
    expect(await processes()).toEqual([]);
    const { localstackPort, cassandraPort, cassandraStoragePort } = settings;
    for (const port of [localstackPort, cassandraPort, cassandraStoragePort]) expect(await portIsFree(port)).toBe(true);
  });

  it('is up again, with its rows, after a start that was killed half way', async () => {
    const killed = startCli(['up'], env);
    await until(
      'both services have been started',
      () => (killed.stderr().match(/ starting \(log/g) ?? []).length === 2,
    );
    killed.kill('SIGKILL');
    await killed.ended;
    expect((await sluice('up')).exit).toBe(0);
    expect((await cql('SELECT id FROM k.t')).stdout).toContain('42');
  });

  it('forgets everything but the downloads with down --purge', async () => {
    expect((await sluice('down', '--purge')).exit).toBe(0);
    expect(await processes()).toEqual([]);
    expect((await status()).parts.map(({ state, stateBytes }) => [state, stateBytes])).toEqual([
      ['stopped', 0],
      ['stopped', 0],
    ]);
    expect(await portIsFree(settings.cassandraPort)).toBe(true);
    expect(pathsOf(settings).venv.startsWith(folder)).toBe(false);
  });
});
