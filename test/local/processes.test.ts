import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  isAlive,
  noteProcess,
  type ProcessRecord,
  readRecord,
  startService,
  startTimeOf,
  stopService,
} from '../../local/processes.ts';
import { temporaryFolder, until } from './sandbox.ts';

const service = async (script: string) => {
  const folder = temporaryFolder();
  const pidFile = join(folder, 'service.json');
  const logFile = join(folder, 'logs', 'service.log');
  const start = (code = script): Promise<ProcessRecord> => {
    const env = { PATH: process.env.PATH ?? '', FOLDER: folder };
    return startService({ file: process.execPath, args: ['-e', code], cwd: folder, env }, logFile, pidFile);
  };
  onTestFinished(async () => void (await stopService(pidFile, 0)));
  return { folder, pidFile, logFile, start, record: await start() };
};

const log = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const idle = 'setInterval(() => {}, 1000); console.log("up");';
/** Starts a child in a session of its own, where the signal to the parent’s group does not reach it. */
const withChild = `
  const child = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
  require('fs').writeFileSync(process.env.FOLDER + '/child', String(child.pid));
  ${idle}`;
const childOf = (folder: string): number => Number(readFileSync(join(folder, 'child'), 'utf8'));

describe('a started service', () => {
  it('is noted with its start time and writes into its log', async () => {
    const { record, pidFile, logFile } = await service(idle);
    expect(readRecord(pidFile)).toEqual(record);
    expect(await isAlive(record)).toBe(true);
    await until('its output is in the log', () => log(logFile).includes('up'));
  });

  it('leads a process group of its own, so that Ctrl-C in the terminal does not reach it', async () => {
    const { record } = await service(idle);
    expect(() => process.kill(-record.pid, 0)).not.toThrow();
  });

  it('keeps the log of the run before it', async () => {
    const { logFile, pidFile, start } = await service(`console.log("first");${idle}`);
    await until('the first has written', () => log(logFile).includes('first'));
    await stopService(pidFile, 5000);
    await start(idle);
    expect(log(`${logFile}.1`)).toContain('first');
    expect(log(logFile)).not.toContain('first');
  });

  it('is an error when its program does not exist', async () => {
    const folder = temporaryFolder();
    const command = { file: '/no/such/program', args: [], cwd: folder, env: {} };
    await expect(startService(command, join(folder, 'log'), join(folder, 'pid'))).rejects.toThrow('ENOENT');
  });
});

describe('a pid file', () => {
  it('does not vouch for a later process with the same number', async () => {
    const startTime = await startTimeOf(process.pid);
    expect(await isAlive({ pid: process.pid, startTime: String(startTime), startedAt: '' })).toBe(true);
    expect(await isAlive({ pid: process.pid, startTime: '1', startedAt: '' })).toBe(false);
  });

  it('names nothing when it is missing, cut short or something else', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'pid.json');
    expect(readRecord(file)).toBeUndefined();
    for (const content of ['', '{"pid": 12', '"text"', '{"pid": "12", "startTime": "1", "startedAt": ""}']) {
      writeFileSync(file, content);
      expect(readRecord(file)).toBeUndefined();
    }
  });

  it('never makes us stop a stranger', async () => {
    const { record, folder } = await service(idle);
    const stale = join(folder, 'stale.json');
    writeFileSync(stale, JSON.stringify({ ...record, startTime: '1' }));
    expect(await stopService(stale, 1000)).toBe('was not running');
    expect(await isAlive(record)).toBe(true);
    expect(existsSync(stale)).toBe(false);
  });
});

describe('stopping', () => {
  it('lets the service end by itself', async () => {
    const { pidFile, record, folder } = await service(
      `process.on('SIGTERM', () => { require('fs').writeFileSync(process.env.FOLDER + '/bye', ''); process.exit(); });
       require('fs').writeFileSync(process.env.FOLDER + '/ready', '');${idle}`,
    );
    await until('it listens to signals', () => existsSync(join(folder, 'ready')));
    expect(await stopService(pidFile, 5000)).toBe('stopped');
    expect(existsSync(join(folder, 'bye'))).toBe(true);
    expect(await isAlive(record)).toBe(false);
    expect(existsSync(pidFile)).toBe(false);
  });

  it('ends one that ignores the request', async () => {
    const { pidFile, record, folder } = await service(
      `process.on('SIGTERM', () => {}); require('fs').writeFileSync(process.env.FOLDER + '/ready', '');${idle}`,
    );
    await until('it ignores signals', () => existsSync(join(folder, 'ready')));
    await stopService(pidFile, 100);
    expect(await isAlive(record)).toBe(false);
  });

  it('ends the descendants in other process groups too', async () => {
    const { pidFile, folder } = await service(withChild);
    await until('it has a child', () => existsSync(join(folder, 'child')));
    await stopService(pidFile, 5000);
    expect(await startTimeOf(childOf(folder))).toBeUndefined();
  });

  it('ends what a crashed service left in its group', async () => {
    const { pidFile, folder, record } = await service(withChild.replace('detached: true', 'detached: false'));
    await until('it has a child', () => existsSync(join(folder, 'child')));
    process.kill(record.pid, 'SIGKILL');
    await until('it is gone', async () => !(await isAlive(record)));
    expect(await stopService(pidFile, 1000)).toBe('was not running');
    await until('its child is gone', async () => (await startTimeOf(childOf(folder))) === undefined);
  });

  it('is harmless when there is nothing', async () => {
    expect(await stopService(join(temporaryFolder(), 'none.json'), 1000)).toBe('was not running');
  });
});

describe('a noted process', () => {
  it('gets its folder made', async () => {
    const file = join(temporaryFolder(), 'a', 'b.json');
    await noteProcess(file, process.pid);
    mkdirSync(join(file, '..'), { recursive: true });
    expect(readRecord(file)?.pid).toBe(process.pid);
  });
});
