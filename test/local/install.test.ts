import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Download, downloadsOf } from '../../local/install.ts';
import { pathsOf } from '../../local/settings.ts';
import { type Sandbox, sandbox } from './sandbox.ts';

/** A checkout of its own, so that the test may change the executor, with programs that only note what they were told. */
const checkout = async () => {
  const box = await sandbox();
  const root = join(box.folder, 'checkout');
  const executor = join(root, 'local', 'executor');
  mkdirSync(join(executor, 'sluice_executor'), { recursive: true });
  writeFileSync(join(executor, 'requirements.lock'), 'localstack-core==4.9.2\n');
  writeFileSync(join(executor, 'sluice_executor', 'plugin.py'), '# one\n');
  const calls = join(box.folder, 'calls');
  const note = `echo "$(basename $0) $@" >> ${calls}`;
  box.program('java', `echo 'openjdk version "17.0.1"'`);
  box.program('python3.11', `echo 'Python 3.11.2'`);
  box.program('uv', `case "$1" in --version) echo 'uv 0.9.1'; exit;; venv) mkdir -p "$4/bin";; esac\n${note}`);
  box.program('mvn', maven(note, 'echo jar > "$folder/cassandra-all.jar"'));
  const settings = { ...box.settings(), root };
  mkdirSync(settings.stateDir, { recursive: true });
  return {
    box,
    executor,
    settings,
    paths: pathsOf(settings),
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    forget: () => rmSync(calls, { force: true }),
    note,
  };
};

/** A Maven that makes the folder it was given, then does what the script says. */
const maven = (note: string, script: string): string => `
  case "$1" in --version) echo 'Apache Maven 3.9.9'; exit;; esac
  ${note}
  for arg in "$@"; do case "$arg" in -DoutputDirectory=*) folder="\${arg#*=}";; esac; done
  mkdir -p "$folder"
  ${script}`;

const only = (downloads: readonly Download[], name: string): Download => {
  const found = downloads.find((download) => download.name.startsWith(name));
  if (found === undefined) throw new Error(`no download ${name}`);
  return found;
};

const jarsOf = (settings: Parameters<typeof downloadsOf>[0]) => only(downloadsOf(settings).cassandra, 'Cassandra');
const venvOf = (settings: Parameters<typeof downloadsOf>[0]) => only(downloadsOf(settings).localstack, 'LocalStack');

describe('the download of Cassandra', () => {
  it('asks Maven for the pinned version and is there afterwards', async () => {
    const { settings, calls, paths } = await checkout();
    expect(jarsOf(settings).isPresent()).toBe(false);
    await jarsOf(settings).install();
    expect(jarsOf(settings).isPresent()).toBe(true);
    expect(readdirSync(paths.cassandraLib)).toContain('cassandra-all.jar');
    expect(calls()[0]).toContain('dependency:copy-dependencies');
    expect(calls()[0]).toContain('-Dcassandra.version=5.0.9');
  });

  it('that failed is told with Maven’s last words, and is not there', async () => {
    const { settings, box, note } = await checkout();
    box.program('mvn', maven(note, 'echo "Could not resolve host: repo.example"; exit 1'));
    await expect(jarsOf(settings).install()).rejects.toMatchObject({
      code: 'SLU-1005',
      details: expect.arrayContaining(['Could not resolve host: repo.example']),
    });
    expect(jarsOf(settings).isPresent()).toBe(false);
  });

  it('that was cut short is done again from the start', async () => {
    const { settings, paths, box } = await checkout();
    mkdirSync(`${paths.cassandraLib}.draft`, { recursive: true });
    writeFileSync(join(`${paths.cassandraLib}.draft`, 'half.jar'), '');
    expect(jarsOf(settings).isPresent()).toBe(false);
    await jarsOf(settings).install();
    expect(readdirSync(paths.cassandraLib)).not.toContain('half.jar');
    expect(box.bin).toBeTruthy();
  });

  it('says what is missing before it begins', async () => {
    const { settings, box, calls } = await checkout();
    box.program('java', `echo 'openjdk version "21.0.1"'`);
    await expect(jarsOf(settings).install()).rejects.toMatchObject({ code: 'SLU-1001' });
    expect(calls()).toEqual([]);
  });
});

describe('the download of LocalStack', () => {
  it('installs the lock and then the executor, without dependencies', async () => {
    const { settings, calls, paths } = await checkout();
    await venvOf(settings).install();
    expect(calls().map((call) => call.split(' ').slice(0, 3).join(' '))).toEqual([
      'uv venv -p',
      'uv pip install',
      'uv pip install',
    ]);
    expect(calls()[1]).toContain('requirements.lock');
    expect(calls()[2]).toContain('--no-deps');
    expect(calls()[1]).toContain(join(paths.venv, 'bin', 'python'));
    expect(venvOf(settings).isPresent()).toBe(true);
  });

  it('only installs the executor again when that has changed', async () => {
    const { settings, calls, forget, executor } = await checkout();
    await venvOf(settings).install();
    forget();
    writeFileSync(join(executor, 'sluice_executor', 'plugin.py'), '# two\n');
    expect(venvOf(settings).isPresent()).toBe(false);
    await venvOf(settings).install();
    expect(calls()).toHaveLength(1);
    expect(calls()[0]).toContain('--reinstall');
  });

  it('begins anew when the lock has changed', async () => {
    const { settings, calls, forget, executor } = await checkout();
    await venvOf(settings).install();
    forget();
    writeFileSync(join(executor, 'requirements.lock'), 'localstack-core==4.9.3\n');
    await venvOf(settings).install();
    expect(calls()[0]).toContain('uv venv');
  });

  it('does not mind what builds and tests leave beside the sources', async () => {
    const { settings, executor } = await checkout();
    await venvOf(settings).install();
    for (const folder of ['build', 'tests', 'sluice_executor/__pycache__', 'sluice_executor.egg-info']) {
      mkdirSync(join(executor, folder), { recursive: true });
      writeFileSync(join(executor, folder, 'file'), 'x');
    }
    expect(venvOf(settings).isPresent()).toBe(true);
  });

  it('is not there when it was cut short', async () => {
    const { settings, box, note } = await checkout();
    box.program('uv', `case "$1" in --version) echo 'uv 0.9.1'; exit;; pip) exit 1;; esac\n${note}`);
    await expect(venvOf(settings).install()).rejects.toMatchObject({ code: 'SLU-1005' });
    expect(venvOf(settings).isPresent()).toBe(false);
  });

  it('gets uv by pip where there is none', async () => {
    const { settings, calls, box, note } = await checkout();
    rmSync(join(box.bin, 'uv'));
    withoutUv(box, note);
    await venvOf(settings).install();
    expect(calls()[0]).toContain('-m venv');
    expect(calls()[1]).toContain('pip install --disable-pip-version-check uv');
    expect(calls()[2]).toMatch(/^uv pip install .*requirements\.lock/);
  });
});

/** A Python whose `-m venv` makes an environment with a Python whose pip, in turn, brings a uv. */
const withoutUv = (box: Sandbox, note: string): void => {
  box.env.PATH = `${box.bin}:/usr/bin:/bin`;
  const uv = box.program('uv-to-come', note.replace('$(basename $0)', 'uv'));
  const python = box.program('python-to-come', `${note}\ncp ${uv} "$(dirname "$0")/uv"`);
  const makeVenv = `mkdir -p "$3/bin"\ncp ${python} "$3/bin/python"`;
  box.program('python3.11', `case "$1" in --version) echo 'Python 3.11.2'; exit;; esac\n${note}\n${makeVenv}`);
};
