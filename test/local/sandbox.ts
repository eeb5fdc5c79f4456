import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadSettings, type Settings } from '../../local/settings.ts';

export const repositoryRoot = resolve(import.meta.dirname, '..', '..');

/** A folder of the test's own, gone when the test is. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

export interface Sandbox {
  readonly folder: string;
  /** Holds the programs that the test pretends are installed. */
  readonly bin: string;
  readonly env: Record<string, string>;
  readonly settings: () => Settings;
  /** Puts a shell script onto the path. */
  readonly program: (name: string, script: string) => string;
}

/**
 * A state folder, ports and a path of the test's own. The path holds the system's tools, and in front of them whatever
 * the test puts there; the developer's own `.env` has no say, because every setting is given.
 */
export const sandbox = async (): Promise<Sandbox> => {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const [localstack, cassandra, storage] = await freePorts(3);
  const env: Record<string, string> = {
    PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    HOME: folder,
    SLUICE_STATE_DIR: join(folder, 'state'),
    SLUICE_DOWNLOADS_DIR: join(folder, 'downloads'),
    SLUICE_LOCALSTACK_PORT: String(localstack),
    SLUICE_CASSANDRA_PORT: String(cassandra),
    SLUICE_CASSANDRA_STORAGE_PORT: String(storage),
    SLUICE_CASSANDRA_HEAP: '',
    SLUICE_DOCKER: 'off',
  };
  return {
    folder,
    bin,
    env,
    settings: () => loadSettings(env),
    program: (name, script) => {
      const file = join(bin, name);
      writeFileSync(file, `#!/bin/sh\n${script}\n`);
      chmodSync(file, 0o755);
      return file;
    },
  };
};

/** Ports that nobody held a moment ago. They are asked for together, so that they differ. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
};

export const listen = (port: number): Promise<Server> =>
  new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => done(server));
  });

const portOf = (server: Server): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return address.port;
};

/** Waits for a condition, and says what it waited for when that never comes. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> => {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
};
