import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { memorySink } from '../../../adapters/memory.ts';
import type { Chunk, Refusal } from '../../../core/formats/format.ts';
import { TransientError } from '../../../core/model/errors.ts';
import { addCounts, balanced, noCounts, type Rejection, type Row } from '../../../core/model/row.ts';
import {
  type IngestTask,
  ingest,
  type Settled,
  SPREAD_WINDOW,
  WINDOW,
  WINDOW_CHARACTERS,
} from '../../../core/pipeline/ingest.ts';
import { readings } from '../../support/tenant.ts';
import { sinkThat } from '../../support/world.ts';

const row = (position: number, what = ''): Row => ({
  position,
  values: { sensor: `s${position % 7}`, at: position, value: 1, do: what },
  raw: `raw ${position}`,
});
const broken = (position: number): Rejection => ({ position, stage: 'read', code: 'SLU-2001', message: '', raw: '' });

async function* chunksOf(items: readonly (Row | Rejection)[], size: number, refusal?: Refusal): AsyncGenerator<Chunk> {
  for (let at = 0; at < items.length; at += size) yield { items: items.slice(at, at + size) };
  if (refusal) yield { items: [], refusal };
}

async function run(chunks: AsyncIterable<Chunk>, changes: Partial<IngestTask> = {}) {
  const sink = memorySink();
  const windows: Settled[] = [];
  const result = await ingest({
    tenant: 'acme',
    feed: readings,
    origin: 'test',
    chunks,
    sink,
    writeTimeOf: ({ position }) => Number(position),
    settled: async (window) => void windows.push(window),
    signal: new AbortController().signal,
    ...changes,
  });
  const total = noCounts();
  for (const { counts } of windows) {
    expect(balanced(counts)).toBe(true);
    addCounts(total, counts);
  }
  expect(result.counts).toEqual(total);
  return { ...result, windows, sink };
}

const mixed = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const what = ['', '', 'drop', 'reject', 'throw', 'twice', 'broken'][index % 7] as string;
    return what === 'broken' ? broken(index + 1) : row(index + 1, what);
  });

test('every record has one outcome, and the counts balance', async () => {
  const { counts, windows, sink, refusal } = await run(chunksOf(mixed(70), 9));
  expect(refusal).toBeNull();
  expect(counts).toEqual({ read: 70, loaded: 30, dropped: 10, rejected: 30 });
  expect(balanced(counts)).toBe(true);
  expect(sink.rows('readings')).toHaveLength(40);
  expect(windows).toHaveLength(1);
  const outcomes = windows.flatMap(({ loaded, dropped, rejected }) => [...loaded, ...dropped, ...rejected]);
  expect(outcomes.map(({ position }) => position).toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 70 }, (_, index) => index + 1),
  );
});

test('windows are smaller where each row is a partition of its own', async () => {
  const items = Array.from({ length: 2 * SPREAD_WINDOW + 7 }, (_, index) => row(index + 1));
  const { partitionKey, clusteringKey } = readings.table;
  const table = { ...readings.table, partitionKey: [...partitionKey, ...clusteringKey], clusteringKey: [] };
  const { windows, sink } = await run(chunksOf(items, 1000), { feed: { ...readings, table } });
  expect(windows.map(({ counts }) => counts.loaded)).toEqual([SPREAD_WINDOW, SPREAD_WINDOW, 7]);
  expect(sink.rows('readings')).toHaveLength(items.length);
});

test('windows are the same however the records come in chunks, and settle in their order', async () => {
  const items = mixed(2 * WINDOW + 100);
  const windowsOf = async (size: number) =>
    (await run(chunksOf(items, size))).windows.map(({ counts, rejected }) => ({
      counts,
      rejected: rejected.map(({ position }) => position),
    }));
  const whole = await windowsOf(items.length);
  expect(whole.map(({ counts }) => counts.read)).toEqual([WINDOW, WINDOW, 100]);
  for (const size of [1, 999, WINDOW, WINDOW + 1]) expect(await windowsOf(size)).toEqual(whole);
});

test('windows of large records hold fewer of them', async () => {
  const raw = 'x'.repeat(WINDOW_CHARACTERS / 4);
  const items = Array.from({ length: 10 }, (_, index) => ({ ...row(index + 1), raw: index < 5 ? raw : 'x' }));
  const { windows } = await run(chunksOf(items, 3));
  expect(windows.map(({ counts }) => counts.read)).toEqual([4, 6]);
});

test('a window is written while the one before is, and settles behind it though it is stored first', async () => {
  const stored: string[] = [];
  const { promise: second, resolve: secondIsStored } = Promise.withResolvers<void>();
  const sink = sinkThat(async (_, rows) => {
    const isSecond = rows.length === 5;
    if (isSecond) secondIsStored();
    else await second;
    stored.push(isSecond ? 'second' : 'first');
    return [];
  });
  const items = Array.from({ length: WINDOW + 5 }, (_, index) => row(index + 1));
  const { windows } = await run(chunksOf(items, 1000), { sink });
  expect(stored).toEqual(['second', 'first']);
  expect(windows.map(({ counts }) => counts.loaded)).toEqual([WINDOW, 5]);
});

test('nothing to read settles nothing', async () => {
  expect(await run(chunksOf([], 1))).toMatchObject({ counts: noCounts(), windows: [], refusal: null });
});

describe('a refusal in the middle', () => {
  const refusal: Refusal = { code: 'SLU-3007', message: 'too many rows' };

  test('keeps what was read before it, and is answered', async () => {
    const result = await run(chunksOf(mixed(70), 30, refusal));
    expect(result.refusal).toEqual(refusal);
    expect(result.counts.read).toBe(70);
  });

  test('ends the reading', async () => {
    const chunks = (async function* (): AsyncGenerator<Chunk> {
      yield { items: [row(1)], refusal };
      yield { items: [row(2)] };
    })();
    expect((await run(chunks)).counts.read).toBe(1);
  });
});

test('the source never runs ahead by more than three windows and a chunk, so that memory does not grow with the file', async () => {
  const rows = 200_000;
  const chunk = 500;
  let given = 0;
  let settledRows = 0;
  let furthest = 0;
  const chunks = (async function* (): AsyncGenerator<Chunk> {
    while (given < rows) {
      const items = Array.from({ length: chunk }, (_, index) => row(given + index + 1));
      given += chunk;
      furthest = Math.max(furthest, given - settledRows);
      yield { items };
    }
  })();
  const slow = sinkThat(async () => sleep(1, []));
  const { counts } = await run(chunks, {
    sink: slow,
    settled: async (window) => {
      settledRows += window.counts.read;
    },
  }).catch((error) => {
    // `run` adds up windows, which this test does not keep.
    if (error.name !== 'AssertionError') throw error;
    return { counts: { read: settledRows } };
  });
  expect(counts.read).toBe(rows);
  expect(furthest).toBeGreaterThan(WINDOW);
  expect(furthest).toBeLessThanOrEqual(3 * WINDOW + chunk);
});

describe('a failure', () => {
  const failure = new TransientError('SLU-5002', 'the connection broke');

  test('of the source is thrown only after the window on its way is settled, so that nothing happens behind the caller’s back', async () => {
    const events: string[] = [];
    const chunks = (async function* (): AsyncGenerator<Chunk> {
      yield { items: mixed(WINDOW) };
      yield { items: [row(WINDOW + 1)] };
      throw failure;
    })();
    const sink = sinkThat(async () => sleep(50, []));
    const settled = async () => void events.push('settled');
    await run(chunks, { sink, settled }).catch((error) => events.push(error.message));
    await sleep(100);
    expect(events).toEqual(['settled', 'the connection broke']);
  });

  test('of the source is thrown also when the window on its way fails', async () => {
    const chunks = (async function* (): AsyncGenerator<Chunk> {
      yield { items: mixed(WINDOW) };
      throw failure;
    })();
    const sink = sinkThat(async () => Promise.reject(new Error('sink')));
    await expect(run(chunks, { sink })).rejects.toThrow(/the connection broke|sink/);
  });

  test('of the sink ends the reading and is thrown', async () => {
    let given = 0;
    let closed = false;
    const chunks = (async function* (): AsyncGenerator<Chunk> {
      try {
        for (;;) {
          given++;
          yield { items: mixed(WINDOW) };
        }
      } finally {
        closed = true;
      }
    })();
    const sink = sinkThat(async () => Promise.reject(failure));
    await expect(run(chunks, { sink })).rejects.toBe(failure);
    expect(given).toBeLessThanOrEqual(4);
    expect(closed).toBe(true);
  });

  test('of whoever settles ends the ingestion', async () => {
    const settled = () => Promise.reject(failure);
    await expect(run(chunksOf(mixed(10), 5), { settled })).rejects.toBe(failure);
  });
});
