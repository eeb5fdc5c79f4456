import { describe, expect, test } from 'vitest';
import { memoryLedger, memoryObjects } from '../../../adapters/memory.ts';
import { FatalError, TransientError } from '../../../core/model/errors.ts';
import { patientLedger, patiently, patientObjects, pause } from '../../../core/pipeline/patience.ts';

const forever = new AbortController().signal;
const passing = () => new TransientError('SLU-5001', 'not now');

/** Work that fails a number of times before it gives its answer. */
function failing<T>(times: number, answer: T, error: () => Error = passing) {
  const tries = { count: 0 };
  const work = async () => {
    if (tries.count++ < times) throw error();
    return answer;
  };
  return { tries, work };
}

describe('patience', () => {
  test('tries again while the reason is a passing one', async () => {
    const { tries, work } = failing(2, 'done');
    expect(await patiently(forever, work)).toBe('done');
    expect(tries.count).toBe(3);
  });

  test('does not try again what is wrong for good', async () => {
    const { tries, work } = failing(2, 'done', () => new FatalError('SLU-5004', 'never'));
    await expect(patiently(forever, work)).rejects.toThrow(FatalError);
    expect(tries.count).toBe(1);
  });

  test('ends with the time, with the last reason', async () => {
    const { work } = failing(1000, 'done');
    await expect(patiently(AbortSignal.timeout(150), work)).rejects.toThrow('not now');
  });

  test('makes one try when the time is used up already', async () => {
    const { tries, work } = failing(1, 'done');
    await expect(patiently(AbortSignal.abort(), work)).rejects.toThrow('not now');
    expect(tries.count).toBe(1);
  });
});

describe('a pause', () => {
  test('is 50 ms at first and at most twice that', async () => {
    const before = performance.now();
    expect(await pause(0, forever)).toBe('rested');
    expect(performance.now() - before).toBeGreaterThan(45);
  });

  test('ends with the time, however long it would be', async () => {
    const before = performance.now();
    expect(await pause(30, AbortSignal.timeout(20))).toBe('out of time');
    expect(performance.now() - before).toBeLessThan(2000);
  });
});

/** The same ports, of which every call fails once. */
const moody = <T extends object>(ports: T): T =>
  Object.fromEntries(
    Object.entries(ports).map(([name, call]) => {
      let calls = 0;
      return [name, async (...given: unknown[]) => (calls++ % 2 === 0 ? Promise.reject(passing()) : call(...given))];
    }),
  ) as T;

test('a patient ledger and patient objects wait with every one of their calls', async () => {
  const clock = { now: () => new Date() };
  const { stored: _, ...ports } = memoryObjects();
  const objects = patientObjects(moody(ports), forever);
  await objects.put('b', 'k', 'text');
  expect(await objects.find({ bucket: 'b', key: 'k', versionId: '' })).toMatchObject({ size: 4 });

  const ledger = patientLedger(moody(memoryLedger(clock)), forever);
  const slot = { stream: 's', shard: '0', minute: new Date(0) };
  await ledger.tally(slot, [{ position: '1', feed: 'f', outcome: 'loaded', bytes: 1, latency: 1, writeTime: 5 }]);
  expect(await ledger.counted(slot, ['1', '2'])).toEqual({
    positions: new Set(['1']),
    over: new Set(),
    last: { position: '1', writeTime: 5 },
  });
});

test('what a patient ledger waited for while it counted stands with what it counted', async () => {
  const stored = memoryLedger({ now: () => new Date() });
  const ledger = patientLedger(moody(stored), forever);
  const slot = { stream: 's', shard: '0', minute: new Date(0) };
  const message = {
    position: '1',
    feed: 'f',
    outcome: 'loaded',
    bytes: 1,
    latency: 1,
    writeTime: 1,
    throttles: 2,
  } as const;
  await ledger.tally(slot, [{ ...message, position: '0', throttles: 0 }, message]);
  expect((await stored.streamRuns('1970-01-01'))[0]?.feeds.f?.database?.throttles).toBe(3);
});
