import { describe, expect, test } from 'vitest';
import { type MemoryObject, memoryLedger, memoryObjects, memorySink } from '../../../adapters/memory.ts';
import { FatalError, TransientError } from '../../../core/model/errors.ts';
import { balanced } from '../../../core/model/row.ts';
import { arrival, type Message } from '../../../core/model/run.ts';
import { type FileWorld, ingestFile } from '../../../core/pipeline/file.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import type { Objects, Sink } from '../../../core/ports.ts';
import { tenantOf } from '../../support/tenant.ts';
import { quiet } from '../../support/world.ts';

/** What nobody thought of: a sink that breaks over a row in a way that no adapter foresees. */
const brittle = (sink: Sink, breaks: (note: unknown) => boolean): Sink => ({
  ...sink,
  write: async (table, rows, signal) => {
    if (rows.some(({ values }) => breaks(values.note))) throw new TypeError('cannot read properties of poison');
    return await sink.write(table, rows, signal);
  },
});

const clock = { now: () => new Date('2026-05-01T12:00:30Z') };
const day = '2026-05-01';

function worldWith(breaks: (note: unknown) => boolean) {
  const ledger = memoryLedger(clock);
  const stored = new Map<string, MemoryObject>();
  const sink = memorySink();
  const world = {
    tenant: tenantOf(),
    objects: memoryObjects(stored, clock),
    ledger,
    sink: brittle(sink, breaks),
    clock,
    rejectsBucket: 'rejects',
    ...quiet(),
    stream: 's@1',
    owner: 'first',
    signal: new AbortController().signal,
  };
  return { world, ledger, stored, sink };
}

const messagesOf = (...notes: string[]): Message[] =>
  notes.map((note, at) => ({
    position: String(1000 + at),
    shard: 'shardId-000000000000',
    arrivedAt: new Date('2026-05-01T12:00:00Z'),
    data: Buffer.from(JSON.stringify({ sensor: 's', at, do: note })),
  }));

describe('an error that nobody foresaw', () => {
  test('costs only the message at fault: it is rejected with the error, and its neighbours are loaded', async () => {
    const { world, ledger, sink, stored } = worldWith((note) => note === 'poison');
    const notes = Array.from({ length: 40 }, (_, at) => (at === 17 || at === 33 ? 'poison' : 'good'));
    await ingestMessages(messagesOf(...notes), world);
    expect(sink.rows('readings')).toHaveLength(38);
    const [run] = await ledger.streamRuns(day);
    expect(run?.feeds.readings?.counts.loaded).toBe(38);
    expect(run?.feeds._?.counts).toEqual({ read: 2, loaded: 0, dropped: 0, rejected: 2 });
    expect(run?.firstRejections).toMatchObject([
      { position: '1017', code: 'SLU-5006', message: 'TypeError: cannot read properties of poison' },
      { position: '1033', code: 'SLU-5006' },
    ]);
    expect([...stored.keys()].filter((key) => key.endsWith('/1017.ndjson'))).toHaveLength(1);
  });

  test('that befalls every message alike is not blamed on the messages: they come again', async () => {
    const { world, ledger } = worldWith(() => true);
    await expect(ingestMessages(messagesOf('a', 'b', 'c'), world)).rejects.toThrow(TypeError);
    expect(await ledger.streamRuns(day)).toEqual([]);
  });

  test.each([
    ['a broken world', new TransientError('SLU-5001', 'down')],
    ['a wrong configuration', new FatalError('SLU-5004', 'no secret')],
  ])('is something else than %s, for which the messages come again', async (_, thrown) => {
    const { world, ledger } = worldWith(() => false);
    const sink: Sink = {
      ...world.sink,
      write: async () => {
        throw thrown;
      },
    };
    await expect(ingestMessages(messagesOf('a', 'b'), { ...world, sink })).rejects.toBe(thrown);
    expect(await ledger.streamRuns(day)).toEqual([]);
  });

  test('ends the run of a file as failed, with the error, and the delivery that comes again changes nothing', async () => {
    const { world, stored, ledger } = worldWith((note) => note === 'poison');
    stored.set('staging/readings/x.ndjson', {
      bytes: Buffer.from('{"sensor":"s","at":1,"do":"poison"}\n'),
      lastModified: clock.now(),
    });
    const object = { bucket: 'staging', key: 'readings/x.ndjson', versionId: '1' };
    await expect(ingestFile(arrival(object), world)).rejects.toThrow(TypeError);
    const again = await ingestFile(arrival(object), { ...world, owner: 'second' });
    expect(again).toMatchObject({
      state: 'failed',
      attempt: 1,
      endedAt: clock.now(),
      reason: { code: 'SLU-5006', message: 'TypeError: cannot read properties of poison' },
    });
    expect(balanced(again.counts)).toBe(true);
    expect(await ledger.fileRuns('readings', day)).toHaveLength(1);
  });
});

describe('an object that S3 does not give out', () => {
  const sealed = new FatalError('SLU-3011', 's3://staging/readings/x.csv: S3 says AccessDenied');
  const refuse = async (): Promise<never> => {
    throw sealed;
  };
  const object = { bucket: 'staging', key: 'readings/x.csv', versionId: '1' };
  const unlisted = {
    keys: async () => [],
    texts: async function* () {},
    versions: async () => ({ versions: [], next: null }),
  };
  const worlds: readonly [string, Objects][] = [
    ['when it is looked at', { find: refuse, put: async () => {}, ...unlisted }],
    [
      'when it is opened',
      {
        find: async () => ({
          size: 10,
          lastModified: clock.now(),
          // biome-ignore lint/correctness/useYield: it fails before the first byte
          open: async function* () {
            throw sealed;
          },
        }),
        put: async () => {},
        ...unlisted,
      },
    ],
  ];
  test.each(worlds)('%s is refused, not tried again', async (_, objects) => {
    const { world } = worldWith(() => false);
    const run = await ingestFile(arrival(object), { ...world, objects } satisfies FileWorld);
    expect(run).toMatchObject({ state: 'refused', reason: { code: 'SLU-3011', message: sealed.message } });
  });
});
