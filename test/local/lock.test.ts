import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withLock } from '../../local/lock.ts';
import type { ProcessRecord } from '../../local/processes.ts';
import { startTimeOf } from '../../local/processes.ts';
import { temporaryFolder } from './sandbox.ts';

const nobody = () => undefined;

describe('a lock', () => {
  it('lets one in at a time, and tells who has to wait about the owner', async () => {
    const file = join(temporaryFolder(), 'lock.json');
    const events: string[] = [];
    let open: () => void = nobody;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const first = withLock(file, 5000, nobody, async () => {
      events.push('first begins');
      await gate;
      events.push('first ends');
    });
    const waiting = (owner: ProcessRecord) => {
      events.push(`second waits for ${owner.pid === process.pid ? 'us' : owner.pid}`);
      open();
    };
    await new Promise(setImmediate);
    await Promise.all([first, withLock(file, 5000, waiting, async () => void events.push('second'))]);
    expect(events).toEqual(['first begins', 'second waits for us', 'first ends', 'second']);
    expect(existsSync(file)).toBe(false);
  });

  it('is given back when the work fails', async () => {
    const file = join(temporaryFolder(), 'lock.json');
    const failing = withLock(file, 0, nobody, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1', startedAt: '' })],
    ['of a process whose number is another’s now', JSON.stringify({ pid: process.pid, startTime: '1', startedAt: '' })],
    ['that is not readable', 'half a li'],
  ])('%s is taken over', async (_case, content) => {
    const file = join(temporaryFolder(), 'lock.json');
    writeFileSync(file, content);
    expect(await withLock(file, 1000, nobody, async () => 'done')).toBe('done');
  });

  it('that stays taken is an error with the owner and what to do', async () => {
    const file = join(temporaryFolder(), 'lock.json');
    const startTime = await startTimeOf(process.pid);
    writeFileSync(file, JSON.stringify({ pid: process.pid, startTime, startedAt: '2025-01-01' }));
    await expect(withLock(file, 0, nobody, async () => undefined)).rejects.toMatchObject({
      code: 'SLU-1003',
      message: expect.stringContaining(`pid ${process.pid}`),
      next: expect.stringContaining('kill'),
    });
    expect(existsSync(file)).toBe(true);
  });
});
