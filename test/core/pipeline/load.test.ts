import { describe, expect, test } from 'vitest';
import { memorySink } from '../../../adapters/memory.ts';
import { FatalError, TransientError } from '../../../core/model/errors.ts';
import { load } from '../../../core/pipeline/load.ts';
import type { Sink, SinkFailure, SinkRow } from '../../../core/ports.ts';
import { readingsTable } from '../../support/tenant.ts';
import { sinkThat } from '../../support/world.ts';

const forever = new AbortController().signal;
const output = (at: number) => ({ sensor: 's', at, value: at });
/** What a record at some position becomes. */
const made = (position: number, ...ats: number[]) =>
  ats.map((at) => ({ position, raw: `raw ${position}`, values: output(at), writeTime: position * 10 }));

/** A sink that answers what the test says, try by try, and keeps what it was given. */
function scripted(...answers: ((rows: readonly SinkRow[]) => readonly SinkFailure[])[]) {
  const given: number[][] = [];
  const sink = sinkThat(async (_, rows) => {
    given.push(rows.map(({ values }) => values.at as number));
    return answers[given.length - 1]?.(rows) ?? [];
  });
  return { sink, given };
}

const failing =
  (retryable: boolean, ...ats: number[]) =>
  (rows: readonly SinkRow[]) =>
    rows.flatMap(({ values }, index) =>
      ats.includes(values.at as number) ? [{ index, message: 'no', retryable }] : [],
    );

const run = (rows: Parameters<typeof load>[0], sink: Sink, signal = forever) => load(rows, readingsTable, sink, signal);

test('rows reach the sink with the write time of their position', async () => {
  const sink = memorySink();
  expect(await run([...made(1, 1), ...made(2, 2, 3)], sink)).toEqual([]);
  expect(sink.rows('readings')).toEqual([output(1), output(2), output(3)]);
});

test('what fails for a passing reason is tried again, and nothing else', async () => {
  const { sink, given } = scripted(failing(true, 2, 3), failing(true, 3));
  expect(await run([...made(1, 1), ...made(2, 2), ...made(3, 3)], sink)).toEqual([]);
  expect(given).toEqual([[1, 2, 3], [2, 3], [3]]);
});

test('what fails for good becomes a rejection with its place and text', async () => {
  const { sink, given } = scripted(failing(false, 2));
  expect(await run([...made(1, 1), ...made(2, 2)], sink)).toEqual([
    { position: 2, stage: 'load', code: 'SLU-2008', message: 'no', raw: 'raw 2' },
  ]);
  expect(given).toEqual([[1, 2]]);
});

describe('a row with two outputs', () => {
  test('is rejected once when either or both are refused', async () => {
    for (const refused of [[1], [2], [1, 2]]) {
      const { sink } = scripted(failing(false, ...refused));
      expect(await run([...made(1, 1, 2), ...made(2, 3)], sink)).toMatchObject([{ position: 1 }]);
    }
  });

  test('is loaded only when the slower of them is', async () => {
    const { sink, given } = scripted(failing(true, 2), failing(false, 2));
    expect(await run([...made(1, 1, 2)], sink)).toMatchObject([{ position: 1, code: 'SLU-2008' }]);
    expect(given).toEqual([[1, 2], [2]]);
  });
});

describe('when the time is used up', () => {
  test('the delivery is given back, with the reason', async () => {
    const sink: Sink = { ...scripted().sink, write: async (_, rows) => failing(true, 1)(rows) };
    const signal = AbortSignal.timeout(150);
    const error = await run([...made(1, 1)], sink, signal).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ code: 'SLU-5001', message: expect.stringContaining('no') });
  });

  test('no further try is made', async () => {
    const { sink, given } = scripted(failing(true, 1), failing(true, 1));
    await expect(run([...made(1, 1)], sink, AbortSignal.abort())).rejects.toThrow(TransientError);
    expect(given).toEqual([[1]]);
  });
});

test('what the sink throws is passed on', async () => {
  const sink: Sink = { ...scripted().sink, write: async () => Promise.reject(new FatalError('SLU-5004', 'no rights')) };
  await expect(run([...made(1, 1)], sink)).rejects.toThrow(FatalError);
});

test('nothing to write asks nothing of the sink', async () => {
  const { sink, given } = scripted();
  expect(await run([], sink)).toEqual([]);
  expect(given).toEqual([]);
});
