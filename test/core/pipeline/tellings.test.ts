import { describe, expect, test } from 'vitest';
import { createProducer } from '../../../adapters/producer.ts';
import { listProducers } from '../../../core/control/producers.ts';
import { NO_FEED } from '../../../core/model/run.ts';
import type { Telling } from '../../../core/model/telling.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import { fakeKinesis } from '../../support/fake-kinesis.ts';
import { memoryWorld, message } from '../../support/world.ts';

type World = ReturnType<typeof memoryWorld>;

const give = (world: World, ...bodies: (object | string)[]) =>
  ingestMessages(
    bodies.map((body, index) => message(index + 1, body)),
    world.attempt(),
  );
const minute = (number: number) => new Date(Date.UTC(2026, 0, 2, 3, number)).toISOString();

const figures = (from: number, to: number, sent: number): Telling['period'] => ({
  from: minute(from),
  to: minute(to),
  sent,
  failed: 0,
  retries: 0,
  throttled: 0,
  bytes: sent * 100,
  milliseconds: { min: 1, average: 2, p95: 3, max: 4 },
});
const telling = (number: number, producer = 'p'): Telling => ({
  producer,
  period: figures(number, number + 1, 10),
  total: figures(0, number + 1, 10 * (number + 1)),
});
const enveloped = (values: unknown) => ({ feed: '_producer', message: values });

async function tallies(world: World) {
  const runs = await world.ledger.streamRuns('2026-01-02');
  return runs.flatMap(({ feeds }) => Object.entries(feeds).map(([feed, { counts }]) => [feed, counts]));
}

describe('what a producer tells of itself', () => {
  test('is no row: it is kept with the producer, and counted as dropped', async () => {
    const world = memoryWorld();
    await give(world, enveloped(telling(0)), { sensor: 's', at: 1 }, enveloped(telling(1)));
    expect(await listProducers(world.registry)).toEqual([
      { producer: 'p', total: telling(1).total, periods: [telling(1).period, telling(0).period] },
    ]);
    expect(await tallies(world)).toEqual([
      ['_producer', { read: 2, loaded: 0, dropped: 2, rejected: 0 }],
      ['readings', { read: 1, loaded: 1, dropped: 0, rejected: 0 }],
    ]);
  });

  test('is kept once, however often and in whatever order it comes', async () => {
    const world = memoryWorld();
    await give(world, ...[2, 0, 1, 0, 2].map((number) => enveloped(telling(number))));
    const [known] = await listProducers(world.registry);
    expect(known?.periods.map(({ from }) => from)).toEqual([minute(2), minute(1), minute(0)]);
    expect(known?.total.sent).toBe(30);
  });

  test('is kept for the latest hour of a producer, and for a thousand producers', async () => {
    const world = memoryWorld();
    await give(world, ...Array.from({ length: 100 }, (_, number) => enveloped(telling(number))));
    expect((await listProducers(world.registry))[0]?.periods).toHaveLength(60);
    const others = Array.from({ length: 1005 }, (_, number) => enveloped(telling(number + 200, `p${number}`)));
    for (let at = 0; at < others.length; at += 500) {
      const later = others.slice(at, at + 500).map((body, index) => message(1000 + at + index, body));
      await ingestMessages(later, world.attempt());
    }
    const known = await listProducers(world.registry);
    expect(known).toHaveLength(1000);
    expect(known[0]?.producer).toBe('p1004');
    expect(known.map(({ producer }) => producer)).not.toContain('p');
  });

  test.each<[string, unknown, string]>([
    ['has no name', { ...telling(0), producer: '' }, 'producer'],
    ['has a name that is a path', { ...telling(0), producer: '../x' }, 'producer'],
    ['counts backwards', { ...telling(0), total: { ...telling(0).total, sent: -1 } }, 'total.sent'],
    ['tells no time', { ...telling(0), period: { ...telling(0).period, to: 'now' } }, 'period.to'],
    ['is empty', {}, 'producer'],
  ])('is rejected when it %s', async (_, values, column) => {
    const world = memoryWorld();
    await give(world, enveloped(values));
    expect(await listProducers(world.registry)).toEqual([]);
    const [run] = await world.ledger.streamRuns('2026-01-02');
    expect(run?.firstRejections).toMatchObject([{ feed: NO_FEED, code: 'SLU-2004', column }]);
  });
});

describe('a producer that was asked to', () => {
  test('tells at the latest when it is closed, and says what its report says', async () => {
    const kinesis = fakeKinesis({ slowness: 0 });
    const report = { producer: 'loader' };
    const producer = createProducer({ stream: 's', client: kinesis.client, report });
    for (let at = 0; at < 20; at++) await producer.send({ key: 'k', data: `{"sensor":"s","at":${at}}` });
    const done = await producer.close();
    expect(done).toMatchObject({ sent: 20, calls: 20, pending: 0 });
    expect(kinesis.stored).toHaveLength(21);
    const world = memoryWorld();
    await give(world, ...kinesis.stored.map(({ text }) => text));
    expect(await listProducers(world.registry)).toMatchObject([
      { producer: 'loader', total: { sent: 20, failed: 0, retries: 0, bytes: done.bytes, milliseconds: done.latency } },
    ]);
    expect(await tallies(world)).toContainEqual(['readings', { read: 20, loaded: 20, dropped: 0, rejected: 0 }]);
  });

  test('tells of each period what happened in it, and nothing of one in which nothing did', async () => {
    const kinesis = fakeKinesis({ slowness: 0 });
    const producer = createProducer({ stream: 's', client: kinesis.client, report: { producer: 'p', every: 20 } });
    const told = () =>
      kinesis.stored.filter(({ key }) => key === '_producer/p').map(({ text }) => JSON.parse(text).message);
    const toldAtLeast = async (count: number) => {
      while (told().length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await producer.send({ key: 'k', data: '{}' });
    await toldAtLeast(1);
    await producer.send({ key: 'k', data: '{}' });
    await producer.send({ key: 'k', data: '{}' });
    await toldAtLeast(2);
    await producer.close();
    const sums = told().map(({ period, total }: Telling) => [period.sent, total.sent]);
    expect(sums.reduce((sum, [sent]) => sum + (sent as number), 0)).toBe(3);
    expect(sums.at(-1)?.[1]).toBe(3);
    expect(sums.every(([sent]) => (sent as number) > 0)).toBe(true);
  });
});
