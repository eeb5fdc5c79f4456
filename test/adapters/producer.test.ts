import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createProducer, type Outcome, type Outgoing, type ProducerOptions } from '../../adapters/producer.ts';
import { randomOf } from '../../core/faults/random.ts';
import { type FakeStream, fakeKinesis } from '../support/fake-kinesis.ts';

/** Time is that of the test: pauses and calls take none of ours, and nothing hangs on how busy the machine is. */
beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
    loopLimit: 1_000_000,
  });
  const random = randomOf(1);
  vi.spyOn(Math, 'random').mockImplementation(random.next);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Options = Partial<ProducerOptions<Numbered>>;
interface Numbered extends Outgoing {
  readonly number: number;
}

const record = (number: number, key: string, size = 0): Numbered => ({
  number,
  key,
  data: `${number} ${'x'.repeat(size)}`,
});

/** Sends all records in turn, each when there is room, and tells all that became of them. */
async function produce(records: readonly Numbered[], stream: FakeStream, options: Options = {}) {
  const kinesis = fakeKinesis(stream);
  const outcomes: Outcome<Numbered>[] = [];
  const settled = (outcome: Outcome<Numbered>) => void outcomes.push(outcome);
  const producer = createProducer<Numbered>({ stream: 's', client: kinesis.client, settled, ...options });
  let sent = 0;
  let mostPending = 0;
  const work = (async () => {
    for (const each of records) {
      const room = producer.send(each);
      mostPending = Math.max(mostPending, ++sent - outcomes.length);
      await room;
    }
    return producer.close();
  })();
  const report = await inTime(work);
  return { report, outcomes, mostPending, ...kinesis };
}

/** Lets the time of the test go by until the work is done. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  done.catch(() => undefined);
  while (!over) await vi.advanceTimersToNextTimerAsync();
  return done;
}

const numberOf = (text: string): number => Number(text.split(' ')[0]);
const often = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.5, noNaN: true }));
const rarely = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.2, noNaN: true }));
const streams = fc.record({
  seed: fc.integer(),
  shards: fc.integer({ min: 1, max: 4 }),
  odds: fc.record({
    throttled: often,
    failed: often,
    callThrottled: rarely,
    keysThrottled: rarely,
    callFailed: rarely,
    lost: rarely,
  }),
});
const records = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 40 })), { maxLength: 300 })
  .map((drawn) => drawn.map(([key, size], index) => record(index, `key ${key}`, size)));

describe('whatever the stream does', () => {
  test('each record has one end, no record overtakes an earlier one of its key, and the report adds up', async () => {
    const bounds = fc.record({
      calls: fc.integer({ min: 1, max: 4 }),
      maxPending: fc.integer({ min: 1, max: 50 }),
      giveUpAfter: fc.constantFrom(200, 60_000),
    });
    await fc.assert(
      fc.asyncProperty(records, streams, bounds, async (given, stream, options) => {
        const { report, outcomes, stored, calls, mostOpen, mostPending } = await produce(given, stream, options);
        expect(outcomes.map(({ record }) => record.number).toSorted((a, b) => a - b)).toEqual(
          given.map(({ number }) => number),
        );
        for (const [, ofKey] of Map.groupBy(stored, ({ key }) => key)) {
          const numbers = ofKey.map(({ text }) => numberOf(text));
          // A record may be there twice, when an answer was lost; never behind a later one.
          expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        }
        const there = new Map(stored.map((one) => [one.sequenceNumber, one]));
        const numbersStored = new Set(stored.map(({ text }) => numberOf(text)));
        for (const outcome of outcomes) {
          if (outcome.status === 'sent') {
            expect(there.get(outcome.sequenceNumber)).toMatchObject({
              text: outcome.record.data,
              shard: outcome.shard,
            });
          } else if (!outcome.maybe) expect(numbersStored).not.toContain(outcome.record.number);
        }
        const sent = outcomes.filter(({ status }) => status === 'sent');
        const put = calls.reduce((sum, call) => sum + call.records, 0);
        const tried = outcomes.filter(({ attempts }) => attempts > 0).length;
        expect(report).toMatchObject({
          sent: sent.length,
          failed: given.length - sent.length,
          pending: 0,
          calls: calls.length,
          retries: put - tried,
          bytes: sent.reduce((sum, { record: { key, data } }) => sum + key.length + data.length, 0),
        });
        expect(mostOpen()).toBeLessThanOrEqual(options.calls);
        expect(mostPending).toBeLessThanOrEqual(options.maxPending);
      }),
      { numRuns: 150 },
    );
  });

  test('records that nobody waits for keep their order too', async () => {
    await fc.assert(
      fc.asyncProperty(records, streams, async (given, stream) => {
        const kinesis = fakeKinesis(stream);
        const producer = createProducer({ stream: 's', client: kinesis.client });
        for (const each of given) void producer.send(each);
        await inTime(producer.close());
        for (const [key, ofKey] of Map.groupBy(kinesis.stored, (one) => one.key)) {
          const numbers = [...new Set(ofKey.map(({ text }) => numberOf(text)))];
          expect(numbers).toEqual(given.filter((one) => one.key === key).map(({ number }) => number));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a call', () => {
  test('holds 500 records at most, none of them of one key', async () => {
    const many = Array.from({ length: 1201 }, (_, index) => record(index, `key ${index}`));
    expect((await produce(many, {})).calls.map((call) => call.records)).toEqual([500, 500, 201]);
    const few = Array.from({ length: 4 }, (_, index) => record(index, 'key'));
    expect((await produce(few, {})).calls.map((call) => call.records)).toEqual([1, 1, 1, 1]);
  });

  test('holds 10 MiB at most, keys included', async () => {
    const mebibyte = 1024 * 1024;
    const large = Array.from({ length: 25 }, (_, index) => {
      const key = String(index).padStart(10);
      return { number: index, key, data: new Uint8Array(mebibyte - key.length) };
    });
    const { calls, report } = await produce(large, {}, { maxPendingBytes: 64 * mebibyte });
    expect(calls.map((call) => call.bytes)).toEqual([10, 10, 5].map((count) => count * mebibyte));
    expect(report).toMatchObject({ sent: 25, bytes: 25 * mebibyte });
  });
});

describe('a record that cannot be put', () => {
  test.each([
    ['an empty key', record(1, ''), 'KeyEmpty'],
    ['a key of 257 characters', record(1, '😀'.repeat(257)), 'KeyTooLong'],
    [
      'more than 1 MiB with its key',
      { number: 1, key: 'key', data: new Uint8Array(1024 * 1024 - 2) },
      'RecordTooLarge',
    ],
  ])('because of %s fails by itself', async (_, wrong, code) => {
    const { outcomes, stored } = await produce([record(0, 'key'), wrong, record(2, 'key')], {});
    expect(outcomes.find((outcome) => outcome.record === wrong)).toMatchObject({
      status: 'failed',
      reason: 'invalid',
      code,
      attempts: 0,
      maybe: false,
    });
    expect(stored.map(({ text }) => numberOf(text))).toEqual([0, 2]);
  });

  test('is taken when it is just as large as the stream allows', async () => {
    const just = { number: 1, key: '😀'.repeat(256), data: new Uint8Array(1024 * 1024 - 1024) };
    expect((await produce([just], {})).report.sent).toBe(1);
    const options = { maxRecordBytes: 2 * 1024 * 1024 };
    const larger = { number: 1, key: 'key', data: new Uint8Array(options.maxRecordBytes - 3) };
    expect((await produce([larger], {}, options)).report.sent).toBe(1);
  });
});

describe('a stream that is throttled', () => {
  test('gets all that it can take, and few records twice', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => record(index, `key ${index}`));
    const { report, stored } = await produce(many, { recordsPerSecond: 1000 });
    expect(stored).toHaveLength(20_000);
    expect(report.throttled).toBe(report.retries);
    expect(report.recordsPerSecond).toBeGreaterThan(800);
    expect(report.retries).toBeLessThan(20_000);
  });
});

describe('a rate', () => {
  test('is held from second to second, records that are put again included', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => record(index, `key ${index}`));
    const { calls, report } = await produce(many, { odds: { failed: 0.2 } }, { rate: 100 });
    for (const { at } of calls) {
      const inSecond = calls.filter((call) => call.at >= at && call.at < at + 1000);
      expect(inSecond.reduce((sum, call) => sum + call.records, 0)).toBeLessThanOrEqual(110);
    }
    expect(report.seconds).toBeGreaterThan(11);
    expect(report.seconds).toBeLessThan(14);
  });

  test('may be slower than a record in a second', async () => {
    const { calls } = await produce([record(0, 'a'), record(1, 'b'), record(2, 'c')], {}, { rate: 0.5 });
    expect(calls.map(({ at }) => Math.round((at - (calls[0]?.at ?? 0)) / 1000))).toEqual([0, 2, 4]);
  });
});

describe('a stream that is away', () => {
  test('has its records told as failed after the time to give up, and takes what comes later', async () => {
    const kinesis = fakeKinesis();
    const outcomes: Outcome[] = [];
    const settled = (outcome: Outcome) => void outcomes.push(outcome);
    const producer = createProducer({ stream: 's', client: kinesis.client, settled, giveUpAfter: 10_000 });
    kinesis.break('ECONNREFUSED');
    // Ten of one key: only the first has ever been tried, and nine minutes for the others would help nobody.
    for (let number = 0; number < 10; number++) void producer.send(record(number, 'key'));
    const from = performance.now();
    await inTime(producer.flush());
    expect(performance.now() - from).toBeLessThan(20_000);
    expect(outcomes).toHaveLength(10);
    expect(outcomes[0]).toMatchObject({ reason: 'unavailable', code: 'ECONNREFUSED', maybe: true });
    expect(outcomes[1]).toMatchObject({ reason: 'unavailable', attempts: 0, maybe: false });
    kinesis.break();
    void producer.send(record(10, 'key'));
    expect(await inTime(producer.close())).toMatchObject({ sent: 1, failed: 10 });
  });

  test.each([
    ['does not exist', 'ResourceNotFoundException', 400],
    ['may not be written', 'AccessDeniedException', 400],
    ['has no key any more', 'KMSDisabledException', 400],
    ['cannot be signed for', 'CredentialsProviderError', undefined],
  ])('because it %s is not asked again', async (_, name, status) => {
    const kinesis = fakeKinesis();
    kinesis.break(name, status);
    const outcomes: Outcome[] = [];
    const settled = (outcome: Outcome) => void outcomes.push(outcome);
    const producer = createProducer({ stream: 's', client: kinesis.client, settled });
    void producer.send(record(0, 'key'));
    await inTime(producer.close());
    expect(outcomes).toMatchObject([{ reason: 'refused', code: name, attempts: 1, maybe: false }]);
  });
});

describe('whoever listens to nobody', () => {
  test('is told by flush and by close that records are missing', async () => {
    const kinesis = fakeKinesis();
    const producer = createProducer({ stream: 's', client: kinesis.client });
    void producer.send(record(0, ''));
    await expect(inTime(producer.flush())).rejects.toThrow(
      '1 records did not get onto the stream s; the first: KeyEmpty',
    );
    void producer.send(record(1, 'key'));
    expect(await inTime(producer.close())).toMatchObject({ sent: 1, failed: 1 });
  });
});

test('flush waits for what was sent before, and not for what comes after', async () => {
  const kinesis = fakeKinesis();
  const seen: number[] = [];
  const settled = (outcome: Outcome<Numbered>) => void seen.push(outcome.record.number);
  const producer = createProducer<Numbered>({ stream: 's', client: kinesis.client, settled, calls: 1 });
  for (let number = 0; number < 5; number++) void producer.send(record(number, 'key'));
  const flushed = producer.flush().then(() => [...seen]);
  for (let number = 5; number < 50; number++) void producer.send(record(number, 'key'));
  expect(await inTime(flushed)).toEqual([0, 1, 2, 3, 4]);
  expect((await inTime(producer.close())).sent).toBe(50);
});

test('after it was closed it takes nothing', async () => {
  const producer = createProducer({ stream: 's', client: fakeKinesis().client });
  await inTime(producer.close());
  await expect(producer.send(record(0, 'key'))).rejects.toThrow('closed');
});

test('its signal ends it at once: each pending record is told, those in a call as doubtful', async () => {
  await fc.assert(
    fc.asyncProperty(records, streams, fc.integer({ min: 0, max: 100 }), async (given, stream, after) => {
      const kinesis = fakeKinesis(stream);
      const abort = new AbortController();
      const outcomes: Outcome<Numbered>[] = [];
      const settled = (outcome: Outcome<Numbered>) => void outcomes.push(outcome);
      const options = { stream: 's', client: kinesis.client, settled, signal: abort.signal };
      const producer = createProducer<Numbered>(options);
      setTimeout(() => abort.abort(), after);
      for (const each of given) void producer.send(each);
      const from = performance.now();
      const took = await inTime(producer.close().then(() => performance.now() - from));
      expect(took).toBeLessThanOrEqual(after);
      expect(outcomes).toHaveLength(given.length);
      const stored = new Set(kinesis.stored.map(({ text }) => numberOf(text)));
      for (const outcome of outcomes) {
        if (outcome.status === 'failed' && stored.has(outcome.record.number)) expect(outcome.maybe).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

test('programs import it as sluice/producer', async () => {
  const name = 'sluice/producer';
  expect((await import(name)).createProducer).toBe(createProducer);
});
