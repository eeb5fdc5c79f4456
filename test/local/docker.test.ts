import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  chooseWay,
  composeContainers,
  composeDown,
  composeProject,
  composePurge,
  composeUp,
  dockerAnswers,
  parseContainers,
} from '../../local/docker.ts';
import { type Sandbox, sandbox } from './sandbox.ts';

/** A `docker` that notes its arguments and its settings, then does what the script says. */
const fakeDocker = (box: Sandbox, script: string) => {
  const calls = join(box.folder, 'calls');
  box.program('docker', `echo "$@" >> ${calls}\nenv | grep ^SLUICE_ | sort > ${box.folder}/env\n${script}`);
  return () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []);
};

const engine = 'exit 0';
const clientOnly = 'case "$1" in info) echo "Cannot connect to the Docker daemon" >&2; exit 1;; esac';
const withoutCompose = 'case "$1" in compose) exit 1;; esac';

describe('the choice between containers and processes', () => {
  it('falls on containers where an engine with compose answers', async () => {
    const box = await sandbox();
    fakeDocker(box, engine);
    expect(await chooseWay(box.settings(), 'auto')).toBe('docker');
  });

  it.each([
    ['a client without an engine', clientOnly],
    ['an engine without compose', withoutCompose],
  ])('falls on processes with %s', async (_case, script) => {
    const box = await sandbox();
    fakeDocker(box, script);
    expect(await chooseWay(box.settings(), 'auto')).toBe('process');
  });

  it('falls on processes where there is no docker at all', async () => {
    const box = await sandbox();
    box.env.PATH = box.bin;
    expect(await chooseWay(box.settings(), 'auto')).toBe('process');
  });

  it('does not hang with an engine that does', async () => {
    const box = await sandbox();
    fakeDocker(box, 'exec sleep 60');
    const began = Date.now();
    expect(await dockerAnswers(box.settings(), 200)).toBe(false);
    expect(Date.now() - began).toBeLessThan(5000);
  });

  it('is not even asked about when processes are wanted', async () => {
    const box = await sandbox();
    const calls = fakeDocker(box, engine);
    expect(await chooseWay(box.settings(), 'off')).toBe('process');
    expect(calls()).toEqual([]);
  });

  it('is an error when containers are wanted and no engine answers', async () => {
    const box = await sandbox();
    fakeDocker(box, clientOnly);
    await expect(chooseWay(box.settings(), 'on')).rejects.toMatchObject({
      code: 'SLU-1001',
      next: expect.stringContaining('--no-docker'),
    });
  });
});

describe('compose', () => {
  it('is called with our file and a project per state folder', async () => {
    const box = await sandbox();
    const calls = fakeDocker(box, engine);
    const settings = box.settings();
    await composeUp(settings);
    await composeDown(settings);
    const prefix = `compose --project-name ${composeProject(settings)} --file ${settings.root}/local/compose.yaml`;
    expect(calls()).toEqual([`${prefix} up --detach`, `${prefix} down --remove-orphans`]);
    expect(composeProject({ ...settings, stateDir: '/elsewhere' })).not.toBe(composeProject(settings));
  });

  it('gets the settings as variables, and the folders made beforehand', async () => {
    const box = await sandbox();
    fakeDocker(box, engine);
    const settings = box.settings();
    await composeUp(settings);
    const env = readFileSync(join(box.folder, 'env'), 'utf8');
    expect(env).toContain(`SLUICE_LOCALSTACK_PORT=${settings.localstackPort}\n`);
    expect(env).toContain(`SLUICE_CASSANDRA_PORT=${settings.cassandraPort}\n`);
    expect(env).toContain('SLUICE_CASSANDRA_HEAP=1G\n');
    expect(env).toContain(`SLUICE_STATE_DIR=${settings.stateDir}\n`);
    expect(existsSync(join(settings.stateDir, 'data', 'cassandra'))).toBe(true);
  });

  it('deletes the state from within containers, whose users own it', async () => {
    const box = await sandbox();
    const calls = fakeDocker(box, engine);
    await composePurge(box.settings());
    expect(calls()).toHaveLength(2);
    expect(calls()[0]).toContain('--entrypoint sh cassandra -c rm -rf /var/lib/cassandra/*');
    expect(calls()[1]).toContain('--entrypoint sh localstack -c rm -rf /var/lib/localstack/*');
  });

  it('that fails is told with its last words', async () => {
    const box = await sandbox();
    fakeDocker(box, 'echo "no space left on device" >&2; exit 1');
    await expect(composeUp(box.settings())).rejects.toMatchObject({
      code: 'SLU-1003',
      details: expect.arrayContaining(['no space left on device']),
    });
  });

  it('tells which containers run', async () => {
    const box = await sandbox();
    fakeDocker(
      box,
      `echo '{"ID":"0123456789abcdef","Service":"cassandra","State":"running","CreatedAt":"2025-06-01"}'`,
    );
    expect(await composeContainers(box.settings())).toEqual([
      { part: 'cassandra', running: true, id: '0123456789ab', startedAt: '2025-06-01' },
    ]);
  });

  it('lists containers line by line or, in older releases, as one list', () => {
    const cassandra = '{"ID":"a","Service":"cassandra","State":"running"}';
    const localstack = '{"ID":"b","Service":"localstack","State":"exited"}';
    const stranger = '{"ID":"c","Service":"other","State":"running"}';
    const both = [
      expect.objectContaining({ part: 'cassandra', running: true }),
      expect.objectContaining({ part: 'localstack', running: false }),
    ];
    expect(parseContainers(`${cassandra}\n${localstack}\n${stranger}\n`)).toEqual(both);
    expect(parseContainers(`[${cassandra},${localstack}]`)).toEqual(both);
    expect(parseContainers('')).toEqual([]);
  });

  it('leaves nothing listed when docker has gone', async () => {
    const box = await sandbox();
    box.env.PATH = box.bin;
    rmSync(join(box.bin, 'docker'), { force: true });
    expect(await composeContainers(box.settings())).toEqual([]);
  });
});
