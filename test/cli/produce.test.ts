import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFor, type Making, messagesIn, type Produced, type Source } from '../../cli/produce-records.ts';
import { produce } from '../../cli/produce-send.ts';
import { parseObject } from '../../core/model/json-value.ts';
import type { Rejection } from '../../core/model/row.ts';
import type { Feed } from '../../core/model/tenant.ts';
import { route } from '../../core/pipeline/route.ts';
import { bytesOf, stream } from '../support/bytes.ts';
import { fakeKinesis } from '../support/fake-kinesis.ts';
import { readings, tenantOf } from '../support/tenant.ts';

const sourceOf = (name: string, pieces: AsyncIterable<Uint8Array>, feed: Feed = readings): Source => ({
  stored: { size: 0, lastModified: new Date(), open: () => pieces },
  format: formatFor(name, undefined, feed),
  live: name === '-',
});

const making = (changes: Partial<Making> = {}): Making => ({
  tenant: tenantOf(),
  feed: readings,
  partitionKey: undefined,
  ...changes,
});

const never = new AbortController().signal;

/** What the records of a file become. */
async function made(name: string, text: string, changes: Partial<Making> = {}) {
  const items: (Produced | Rejection)[] = [];
  const source = sourceOf(name, stream(text), changes.feed);
  for await (const chunk of messagesIn(source, making(changes), never)) items.push(...chunk.items);
  return items;
}

describe('a record becomes a message', () => {
  test('that the platform routes to the feed, with the very same fields', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue())), async (records) => {
        const text = records.map((record) => JSON.stringify(record)).join('\n');
        const tenant = tenantOf({ maxMessageBytes: 1_000_000 }, [{ ...readings, name: 'other' }, readings]);
        const items = (await made('a.ndjson', text, { tenant })) as Produced[];
        const messages = items.map(({ data, position }) => {
          const place = { position: String(position), shard: 's', arrivedAt: new Date(0) };
          return { ...place, data: bytesOf(data) };
        });
        const { byFeed, unrouted } = route(messages, tenant, []);
        expect(unrouted).toEqual([]);
        expect((byFeed.get(readings) ?? []).map(({ values }) => values)).toEqual(
          records.map((record) => parseObject(JSON.stringify(record))).map((read) => 'values' in read && read.values),
        );
      }),
    );
  });

  test('with every digit of its numbers', async () => {
    const [item] = await made('a.ndjson', '{"sensor":"s","at":12345678901234567890,"value":0.10000000000000000001}\n');
    expect(item).toMatchObject({
      data: '{"feed":"readings","message":{"sensor":"s","at":12345678901234567890,"value":0.10000000000000000001}}',
    });
  });

  test('out of the cells of a CSV file, read as the feed has it', async () => {
    const feed = { ...readings, formats: [{ format: 'csv', delimiter: ';', rename: { wann: 'at' } }] } as Feed;
    expect(await made('a.csv', 'sensor;wann\n"a;b";1\n', { feed })).toMatchObject([
      { position: 1, data: '{"feed":"readings","message":{"sensor":"a;b","at":"1"}}' },
    ]);
  });

  test('of a format that the feed does not take as files', async () => {
    const feed = { ...readings, formats: ['csv'] } as Feed;
    expect(await made('a.ndjson', '{"sensor":"s"}', { feed })).toMatchObject([
      { data: '{"feed":"readings","message":{"sensor":"s"}}' },
    ]);
  });
});

describe('what is no message is told with its place, and those beside it are made', () => {
  test('broken, too large for the profile, or without the key', async () => {
    const text = [
      '{"sensor":"s1"}',
      'nonsense',
      `{"sensor":"s2","note":"${'x'.repeat(1000)}"}`,
      '{"sensor":""}',
      '{}',
      '{"sensor":"s3"}',
    ];
    const items = await made('a.ndjson', text.join('\n'), { partitionKey: 'sensor' });
    expect(items.map((item) => ('stage' in item ? [item.position, item.line, item.code] : item.key))).toEqual([
      's1',
      [2, 2, 'SLU-2001'],
      [3, 3, 'SLU-2009'],
      [4, 4, 'SLU-2003'],
      [5, 5, 'SLU-2003'],
      's3',
    ]);
  });

  test('a column that the first record lacks is a mistake of the command line, told with the nearest', async () => {
    await expect(made('a.csv', 'sensor,at\ns,1\n', { partitionKey: 'senser' })).rejects.toMatchObject({
      code: 'SLU-4006',
      exit: 'usage',
      message: expect.stringContaining('did you mean sensor?'),
      details: ['columns: sensor, at'],
    });
  });
});

describe('the partition key', () => {
  const keys = async (records: readonly object[], partitionKey?: string) => {
    const items = await made('a.ndjson', records.map((one) => JSON.stringify(one)).join('\n'), { partitionKey });
    return (items as Produced[]).map(({ key }) => key);
  };

  test('is made of the columns of the table’s key: what becomes one row keeps its order', async () => {
    expect(
      await keys([
        { sensor: 's', at: 1, value: 1 },
        { value: 2, at: 1, sensor: 's' },
        { sensor: 's', at: 2 },
      ]),
    ).toEqual(['s/1', 's/1', 's/2']);
  });

  test('is that of the whole record when it has none of those columns', async () => {
    const [one, same, other] = await keys([{ a: 1 }, { a: 1 }, { a: 2 }]);
    expect(one).toBe(same);
    expect(one).not.toBe(other);
  });

  test('is one that Kinesis takes, however long the value, and equal for equal values', async () => {
    const [a, b, c] = await keys(
      ['x'.repeat(300), 'x'.repeat(300), 'x'.repeat(301)].map((sensor) => ({ sensor })),
      'sensor',
    );
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    expect(a?.length).toBeLessThanOrEqual(256);
  });
});

describe('the format', () => {
  test('is told by the extension, by --format, and is NDJSON on standard input', () => {
    const of = (name: string, named?: string) => formatFor(name, named, readings).among.map(({ format }) => format);
    expect([of('a.csv'), of('a.jsonl'), of('a.tsv'), of('a.log', 'lines'), of('-'), of('-', 'csv')]).toEqual([
      ['csv'],
      ['ndjson'],
      ['tsv'],
      ['lines'],
      ['ndjson'],
      ['csv'],
    ]);
    expect(() => of('a')).toThrow('does not tell its format');
    expect(() => of('-', 'ndjsn')).toThrow('did you mean ndjson?');
  });
});

describe('producing', () => {
  const quiet = { signal: never, progress: () => undefined, endInOrder: () => () => undefined };
  const line = (at: number) => `{"sensor":"s${at % 7}","at":${at}}\n`;

  test('puts every record once, and tells the bad ones', async () => {
    const kinesis = fakeKinesis({ slowness: 0, odds: { throttled: 0.1 } });
    const lines = Array.from({ length: 1000 }, (_, at) => (at % 100 === 50 ? 'nonsense\n' : line(at)));
    const source = sourceOf('a.ndjson', stream(lines.join('')));
    const done = await produce(source, making(), { stream: 's', client: kinesis.client }, quiet);
    expect(done).toMatchObject({ read: 1000, sent: 990, bad: { count: 10 }, failed: { count: 0 }, ended: null });
    expect(done.bad.reasons).toMatchObject([
      { code: 'SLU-2001', count: 10, rejections: [{ position: 51 }, { position: 151 }] },
    ]);
    expect(kinesis.stored).toHaveLength(990);
  });

  test('tells what cannot be read any further', async () => {
    const kinesis = fakeKinesis({ slowness: 0 });
    const source = sourceOf('a.csv', stream('sensor,sensor\n1,2\n'));
    const done = await produce(source, making(), { stream: 's', client: kinesis.client }, quiet);
    expect(done).toMatchObject({ read: 0, refusal: { code: 'SLU-3009' } });
  });

  test('takes each record of an endless input as it comes, and ends in order when it is interrupted', async () => {
    const kinesis = fakeKinesis({ slowness: 5 });
    const interrupt = new AbortController();
    async function* endless(signal: AbortSignal) {
      for (let at = 0; ; at++) {
        yield bytesOf(line(at));
        // Nothing more comes until the first has arrived; then it goes on until it is interrupted.
        while (at === 0 && kinesis.stored.length === 0) await new Promise(setImmediate);
        if (at === 5000) interrupt.abort();
        signal.throwIfAborted();
      }
    }
    const source = { ...sourceOf('-', stream()), stored: { size: 0, lastModified: new Date(), open: endless } };
    const ui = { ...quiet, signal: interrupt.signal };
    const done = await produce(source, making(), { stream: 's', client: kinesis.client }, ui);
    expect(done).toMatchObject({ ended: 'interrupted', failed: { count: 0 } });
    expect(done.read).toBeGreaterThan(4000);
    expect(done.sent).toBe(done.read);
    expect(kinesis.stored).toHaveLength(done.read);
  });

  test('ends when the stream takes nothing more', async () => {
    const kinesis = fakeKinesis({ slowness: 0 });
    kinesis.break('ResourceNotFoundException', 400);
    async function* endless() {
      for (let at = 0; ; at++) yield bytesOf(line(at));
    }
    const done = await produce(sourceOf('-', endless()), making(), { stream: 's', client: kinesis.client }, quiet);
    expect(done).toMatchObject({ ended: 'stream', sent: 0 });
    expect(done.failed.count).toBe(done.read);
    expect(done.failed.first[0]).toMatchObject({
      place: 'record 1, line 1, byte 0',
      code: 'ResourceNotFoundException',
    });
  });
});
