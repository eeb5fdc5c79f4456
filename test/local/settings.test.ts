import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../local/problem.ts';
import { loadSettings, localAwsEnv, pathsOf } from '../../local/settings.ts';
import { temporaryFolder } from './sandbox.ts';

const problemOf = (act: () => unknown): Problem => {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('settings', () => {
  it('have defaults that need no file and no variable', () => {
    const root = temporaryFolder();
    const settings = loadSettings({}, root);
    expect(settings).toMatchObject({
      stateDir: join(root, '.sluice'),
      downloadsDir: join(root, '.sluice'),
      localstackPort: 4566,
      cassandraPort: 9042,
      cassandraStoragePort: 7000,
      cassandraHeap: '1G',
      docker: 'auto',
    });
  });

  it('come from .env unless the environment says otherwise', () => {
    const root = temporaryFolder();
    writeFileSync(join(root, '.env'), 'SLUICE_LOCALSTACK_PORT=5000\nSLUICE_CASSANDRA_PORT=5001\n');
    const settings = loadSettings({ SLUICE_CASSANDRA_PORT: '6001' }, root);
    expect([settings.localstackPort, settings.cassandraPort]).toEqual([5000, 6001]);
  });

  it('leave the environment of the process as it is', () => {
    const root = temporaryFolder();
    writeFileSync(join(root, '.env'), 'SLUICE_TEST_ONLY=1\n');
    expect(loadSettings({}, root).env.SLUICE_TEST_ONLY).toBe('1');
    expect(process.env.SLUICE_TEST_ONLY).toBeUndefined();
  });

  it.each([
    ['SLUICE_LOCALSTACK_PORT', 'abc', 'a whole number'],
    ['SLUICE_LOCALSTACK_PORT', '80', 'at least 1024'],
    ['SLUICE_CASSANDRA_PORT', '70000', 'at most 65535'],
    ['SLUICE_CASSANDRA_HEAP', '1GB', 'a size such as 512M or 2G'],
    ['SLUICE_DOCKER', 'yes', 'one of auto, on, off'],
  ])('refuse %s=%s and tell what is wanted', (name, value, wanted) => {
    const problem = problemOf(() => loadSettings({ [name]: value }, temporaryFolder()));
    expect(problem.code).toBe('SLU-4004');
    expect(problem.where).toBe(name);
    expect(problem.message).toBe(`wrong setting: ${name}="${value}": must be ${wanted}`);
  });

  it('name all mistakes at once', () => {
    const env = { SLUICE_LOCALSTACK_PORT: 'a', SLUICE_CASSANDRA_HEAP: 'b' };
    const problem = problemOf(() => loadSettings(env, temporaryFolder()));
    expect(problem.details).toHaveLength(2);
  });

  it('refuse one port for two services', () => {
    const env = { SLUICE_LOCALSTACK_PORT: '7000' };
    const problem = problemOf(() => loadSettings(env, temporaryFolder()));
    expect(problem.message).toContain('SLUICE_LOCALSTACK_PORT and SLUICE_CASSANDRA_STORAGE_PORT are both 7000');
  });

  it('keep everything that changes in the state folder, which can lie elsewhere', () => {
    const root = temporaryFolder();
    const settings = loadSettings({ SLUICE_STATE_DIR: 'other', SLUICE_DOWNLOADS_DIR: '/shared' }, root);
    const paths = pathsOf(settings);
    expect(paths.cassandraData).toBe(join(root, 'other', 'data', 'cassandra'));
    expect(paths.venv).toBe('/shared/venv');
  });
});

describe('the environment for local AWS calls', () => {
  it('holds nothing of the user’s own AWS configuration', () => {
    const root = temporaryFolder();
    mkdirSync(join(root, '.aws'));
    const own = {
      AWS_PROFILE: 'production',
      AWS_SESSION_TOKEN: 'secret',
      AWS_ACCESS_KEY_ID: 'AKIAREAL',
      AWS_ENDPOINT_URL_SQS: 'https://sqs.eu-west-1.amazonaws.com',
      AWS_REGION: 'eu-west-1',
      HOME: root,
    };
    const settings = loadSettings({ ...own, SLUICE_LOCALSTACK_PORT: '5566' }, root);
    const env = localAwsEnv(settings);
    expect(env).toMatchObject({
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:5566',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:5566',
      HOME: root,
    });
    expect(Object.values(env).join()).not.toMatch(/production|secret|AKIAREAL|eu-west-1/);
    expect(env.AWS_CONFIG_FILE).toBe(join(settings.stateDir, 'aws', 'config'));
  });

  it('finds the checkout’s own Node first', () => {
    const settings = loadSettings({ PATH: '/usr/bin' }, '/checkout');
    expect(localAwsEnv(settings).PATH).toBe('/checkout/node_modules/node/bin:/usr/bin');
  });
});
