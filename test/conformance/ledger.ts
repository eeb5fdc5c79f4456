import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { comparePositions, subPosition } from '../../core/model/position.ts';
import { addCounts, noCounts, type Rejection } from '../../core/model/row.ts';
import type { FileRun, SettledMessage, StreamSlot } from '../../core/model/run.ts';
import { type RunQuality, unseen } from '../../core/model/run-quality.ts';
import type { Claim, Clock, Lease, Ledger, LedgerReader } from '../../core/ports.ts';
import { ingestObject, memoryWorld, testClock } from '../support/world.ts';

const LEASE = 20;
const DAY = '2026-01-02';

const rejection: Rejection = {
  position: 7,
  stage: 'transform',
  code: 'SLU-2004',
  message: 'column "n": "x" is not a number',
  column: 'n',
  raw: 'a,"b"\n🦥',
};

/** What every ledger does (docs/adr/0001-ledger.md), whatever is behind it. */
export function testLedger(open: (clock: Clock) => Ledger & LedgerReader): void {
  let made: FileRun;

  beforeAll(async () => {
    // A run as the pipeline makes it, with every field that there is.
    const world = memoryWorld();
    made = await ingestObject(world.upload('readings/a.csv', 'sensor,at\ns,1\n'), world.attempt());
  });

  const checked = { profileVersion: 'v1', counts: { ...noCounts(), read: 3, loaded: 3 }, refusal: null };
  const newRun = (changes: Partial<FileRun> = {}): FileRun => {
    const feed = changes.feed ?? `feed_${randomUUID().slice(0, 8)}`;
    const start = { state: 'running', counts: noCounts(), attempt: 1, endedAt: null, day: DAY } as const;
    return {
      ...made,
      ...start,
      quality: unseen(checked),
      id: `${feed}.20260102.${randomUUID().slice(0, 12)}`,
      feed,
      ...changes,
    };
  };
  const world = () => {
    const clock = testClock();
    return { clock, ledger: open(clock) };
  };
  const held = (claim: Claim): Lease => {
    if (claim.kind !== 'held') throw new Error(`the run is ${claim.kind}`);
    return claim.lease;
  };

  describe('a claim', () => {
    test('opens a run that nobody has seen, and holds it for the time of the lease', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      const lease = held(await ledger.claim(run, 'one', LEASE));
      expect(lease).toEqual({ run, owner: 'one', until: new Date(clock.now().getTime() + LEASE * 1000) });
      expect(await ledger.fileRuns(run.feed, DAY)).toEqual([run]);
    });

    test('finds the run busy while another holds it', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      await ledger.claim(run, 'one', LEASE);
      clock.advance(LEASE - 1);
      expect(await ledger.claim(run, 'two', LEASE)).toEqual({ kind: 'busy', run });
    });

    test('by the same owner again, after an answer that was lost, holds it as before', async () => {
      const { ledger } = world();
      const run = newRun();
      const first = await ledger.claim(run, 'one', LEASE);
      expect(await ledger.claim(run, 'one', LEASE)).toEqual(first);
    });

    test('takes over when the lease is over: one attempt more, the same write time base', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      await ledger.claim(run, 'one', LEASE);
      clock.advance(LEASE + 1);
      const late = { ...run, startedAt: clock.now(), writeTimeBase: run.writeTimeBase - 5 };
      const lease = held(await ledger.claim(late, 'two', LEASE));
      expect(lease.run).toEqual({ ...run, startedAt: clock.now(), attempt: 2 });
      expect(await ledger.fileRuns(run.feed, DAY)).toEqual([lease.run]);
    });

    test('takes over what a pass over the file has found, and nothing of what was seen while it loaded', async () => {
      const { ledger } = world();
      const run = newRun();
      const lease = held(await ledger.claim(run, 'one', LEASE));
      const seen = { ...run, state: 'retrying', quality: { ...(made.quality as RunQuality), checked } } as const;
      await ledger.settle(lease, seen);
      expect(await ledger.fileRuns(run.feed, DAY)).toEqual([seen]);
      expect(held(await ledger.claim({ ...run, quality: null }, 'two', LEASE)).run.quality).toEqual(unseen(checked));
    });

    test('takes over at once a run that waits to be tried again', async () => {
      const { ledger } = world();
      const run = newRun();
      const lease = held(await ledger.claim(run, 'one', LEASE));
      const nextTryAt = new Date('2026-01-02T03:04:10.678Z');
      const retrying = { ...run, state: 'retrying', reason: { code: 'SLU-5001', message: 'down' }, nextTryAt } as const;
      await ledger.settle(lease, retrying);
      expect(await ledger.fileRuns(run.feed, DAY)).toEqual([retrying]);
      expect(held(await ledger.claim(run, 'two', LEASE)).run).toMatchObject({
        attempt: 2,
        state: 'running',
        reason: null,
        nextTryAt: null,
      });
    });

    test.each(['loaded', 'partial', 'refused', 'failed'] as const)('finds a run settled that is %s', async (state) => {
      const { clock, ledger } = world();
      const run = newRun();
      const ended = { ...run, state, endedAt: clock.now() };
      expect(await ledger.settle(held(await ledger.claim(run, 'one', LEASE)), ended)).toBe(true);
      clock.advance(3600);
      expect(await ledger.claim(run, 'two', LEASE)).toEqual({ kind: 'settled', run: ended });
    });

    test('of many at the same time is held by exactly one', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      for (const round of [1, 2, 3]) {
        const owners = Array.from({ length: 8 }, (_, index) => `owner ${round} ${index}`);
        const claims = await Promise.all(owners.map((owner) => ledger.claim(run, owner, LEASE)));
        const holders = claims.filter(({ kind }) => kind === 'held').map(held);
        expect(holders).toHaveLength(1);
        expect(holders[0]?.run.attempt).toBe(round);
        expect(claims.filter(({ kind }) => kind === 'busy')).toHaveLength(7);
        clock.advance(LEASE + 1);
      }
    });
  });

  describe('a lease', () => {
    test('is prolonged from now on, and the counts so far are noted', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      const lease = held(await ledger.claim(run, 'one', LEASE));
      clock.advance(LEASE - 5);
      const counted = { ...run, counts: { read: 9, loaded: 6, dropped: 2, rejected: 1 }, firstRejections: [rejection] };
      const renewed = await ledger.renew(lease, counted, LEASE);
      expect(renewed).toEqual({ run: counted, owner: 'one', until: new Date(clock.now().getTime() + LEASE * 1000) });
      clock.advance(LEASE - 1);
      expect(await ledger.claim(run, 'two', LEASE)).toEqual({ kind: 'busy', run: counted });
      expect(await ledger.settle(renewed as Lease, { ...counted, state: 'partial' })).toBe(true);
    });

    test('that another has taken over can be neither renewed nor settled, and the run stays as the other left it', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      const lost = held(await ledger.claim(run, 'one', LEASE));
      clock.advance(LEASE + 1);
      const lease = held(await ledger.claim(run, 'two', LEASE));
      expect(await ledger.renew(lost, run, LEASE)).toBeNull();
      expect(await ledger.settle(lost, { ...run, state: 'loaded' })).toBe(false);
      expect(await ledger.fileRuns(run.feed, DAY)).toEqual([lease.run]);
      const ended = { ...lease.run, state: 'loaded' as const, endedAt: clock.now() };
      expect(await ledger.settle(lease, ended)).toBe(true);
      expect(await ledger.settle(lost, { ...run, state: 'failed' })).toBe(false);
      expect(await ledger.fileRuns(run.feed, DAY)).toEqual([ended]);
    });

    test('goes into other hands, which hold the run from then on, and the first hold it no more', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      const lease = held(await ledger.claim(run, 'one', LEASE));
      clock.advance(5);
      const all = await ledger.hand(lease, 'all', LEASE);
      expect(all).toEqual({ run, owner: 'all', until: new Date(clock.now().getTime() + LEASE * 1000) });
      expect(await ledger.renew(lease, run, LEASE)).toBeNull();
      expect(await ledger.hand(lease, 'two', LEASE)).toBeNull();
      expect(await ledger.renew(all as Lease, run, LEASE)).not.toBeNull();
    });

    test('is settled again, after an answer that was lost, with the same result', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      const lease = held(await ledger.claim(run, 'one', LEASE));
      const ended = { ...run, state: 'loaded' as const, endedAt: clock.now() };
      expect([await ledger.settle(lease, ended), await ledger.settle(lease, ended)]).toEqual([true, true]);
      expect(await ledger.fileRuns(run.feed, DAY)).toEqual([ended]);
    });
  });

  describe('a run that is looked for', () => {
    const found = async (ledger: Ledger, run: FileRun) => {
      const answer = await ledger.find({ feed: run.feed, day: run.day, id: run.id });
      return answer && { run: answer.run, until: answer.until };
    };

    test('is not there when nobody has opened it', async () => {
      expect(await found(world().ledger, newRun())).toBeNull();
    });

    test('is found as it stands, with the end of its lease', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      const lease = held(await ledger.claim(run, 'one', LEASE));
      expect(await found(ledger, run)).toEqual({ run, until: lease.until });
      clock.advance(LEASE - 5);
      const counted = { ...run, counts: { read: 3, loaded: 3, dropped: 0, rejected: 0 } };
      const renewed = await ledger.renew(lease, counted, LEASE);
      expect(await found(ledger, run)).toEqual({ run: counted, until: renewed?.until });
    });

    test('has the end of a lease also when that is over, and none when the attempt has ended', async () => {
      const { clock, ledger } = world();
      const run = newRun();
      const dead = held(await ledger.claim(run, 'one', LEASE));
      clock.advance(LEASE + 1);
      expect(await found(ledger, run)).toEqual({ run, until: dead.until });
      const lease = held(await ledger.claim(run, 'two', LEASE));
      expect(await found(ledger, run)).toEqual({ run: lease.run, until: lease.until });
      for (const state of ['retrying', 'loaded'] as const) {
        const next = state === 'retrying' ? lease : held(await ledger.claim(run, 'three', LEASE));
        const ended = { ...next.run, state };
        await ledger.settle(next, ended);
        expect(await found(ledger, run)).toEqual({ run: ended, until: null });
      }
    });

    test('is not taken for another of its feed and day, nor of another day', async () => {
      const { ledger } = world();
      const run = newRun();
      await ledger.claim(run, 'one', LEASE);
      expect(await found(ledger, newRun({ feed: run.feed }))).toBeNull();
      expect(await found(ledger, { ...run, feed: `${run.feed}x` })).toBeNull();
    });
  });

  describe('runs of files', () => {
    test('come back as they were settled, with everything that they carry', async () => {
      const { clock, ledger } = world();
      const run = newRun({
        object: { bucket: 'b', key: 'readings/a b+c/é🦥 "x".csv', versionId: '3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY' },
        bytes: 2 ** 40,
        writeTimeBase: Date.parse('2026-01-02T03:04:05.678Z') * 1000 + 123,
      });
      const lease = held(await ledger.claim(run, 'one', LEASE));
      const ended: FileRun = {
        ...run,
        state: 'partial',
        counts: { read: 3_000_000_000, loaded: 2_999_999_997, dropped: 2, rejected: 1 },
        endedAt: clock.now(),
        reason: { code: 'SLU-3007', message: 'more rows than the profile’s "limit" allows' },
        firstRejections: [rejection, { ...rejection, position: 8 }],
      };
      await ledger.settle(lease, ended);
      expect(await ledger.fileRuns(run.feed, DAY)).toEqual([ended]);
    });

    test('lie by feed and day', async () => {
      const { ledger } = world();
      const run = newRun();
      const runs = [run, newRun({ feed: run.feed }), newRun({ feed: run.feed, day: '2026-01-03' }), newRun()];
      for (const each of runs) await ledger.claim(each, 'one', LEASE);
      const ids = async (feed: string, day: string) =>
        (await ledger.fileRuns(feed, day)).map(({ id }) => id).toSorted();
      expect(await ids(run.feed, DAY)).toEqual([runs[0]?.id, runs[1]?.id].toSorted());
      expect(await ids(run.feed, '2026-01-03')).toEqual([runs[2]?.id]);
      expect(await ids(run.feed, '2026-01-04')).toEqual([]);
    });
  });

  describe('messages', () => {
    let slots = 0;
    /** A day of the test's own, since stream runs of a day are read together. */
    const day = () =>
      new Date(Date.parse('2030-01-01T00:00:00Z') + (Date.now() % 86_400_000) * 1000 + ++slots * 86_400_000);
    const newSlot = (changes: Partial<StreamSlot> = {}): StreamSlot => {
      const minute = new Date(Math.floor(day().getTime() / 60_000) * 60_000);
      return {
        stream: `s-${randomUUID()}@2026-01-01T00:00:00.000Z`,
        shard: 'shardId-000000000000',
        minute,
        ...changes,
      };
    };
    const position = (number: number) => String((49_000n << 128n) + (BigInt(number) << 80n) + 2n);
    const settled = (number: number, outcome: SettledMessage['outcome'] = 'loaded', feed = 'f'): SettledMessage => ({
      position: position(number),
      feed,
      outcome,
      bytes: 10,
      latency: number,
      writeTime: 1000 + number,
    });
    const runOf = async (ledger: LedgerReader, slot: StreamSlot) => {
      const runs = await ledger.streamRuns(slot.minute.toISOString().slice(0, 10));
      return runs.filter(
        ({ stream, shard, minute }) => stream === slot.stream && shard === slot.shard && +minute === +slot.minute,
      );
    };

    test('that nobody has counted are not counted', async () => {
      expect(await world().ledger.counted(newSlot(), [position(1)])).toEqual({
        positions: new Set(),
        over: new Set(),
        last: null,
      });
    });

    test('are counted by feed and outcome, and read back with the first rejections', async () => {
      const { clock, ledger } = world();
      const slot = newSlot();
      const refused: Rejection = { ...rejection, position: position(3) };
      await ledger.tally(slot, [{ ...settled(1), database: 40, throttles: 3 }, settled(2, 'dropped')]);
      const startedAt = clock.now();
      clock.advance(5);
      await ledger.tally(slot, [settled(3, refused), settled(4, 'loaded', 'g')]);
      expect(await ledger.counted(slot, [0, 1, 2, 3, 4, 5].map(position))).toEqual({
        positions: new Set([1, 2, 3, 4].map(position)),
        over: new Set(),
        last: { position: position(4), writeTime: 1004 },
      });
      const minute = slot.minute.toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-');
      expect(await runOf(ledger, slot)).toEqual([
        {
          ...slot,
          id: `stream.${minute}.000000000000`,
          feeds: {
            f: {
              counts: { read: 3, loaded: 1, dropped: 1, rejected: 1 },
              bytes: 30,
              latency: { min: 1, max: 3, sum: 6, buckets: expect.any(Object) },
              database: { messages: 1, sum: 40, throttles: 3 },
              newest: position(3),
            },
            g: {
              counts: { read: 1, loaded: 1, dropped: 0, rejected: 0 },
              bytes: 10,
              latency: { min: 4, max: 4, sum: 4, buckets: expect.any(Object) },
              database: { messages: 0, sum: 0, throttles: 0 },
              newest: position(4),
            },
          },
          startedAt,
          endedAt: clock.now(),
          firstRejections: [{ ...refused, feed: 'f' }],
        },
      ]);
    });

    test('that come again are left out, in another call or in the same', async () => {
      const { ledger } = world();
      const slot = newSlot();
      await ledger.tally(slot, [settled(1), settled(2), settled(2)]);
      await ledger.tally(slot, [settled(2), settled(3)]);
      await ledger.tally(slot, [settled(1)]);
      expect((await runOf(ledger, slot))[0]?.feeds.f?.counts).toEqual({ read: 3, loaded: 3, dropped: 0, rejected: 0 });
    });

    test('are kept apart by stream, shard and minute', async () => {
      const { ledger } = world();
      const slot = newSlot();
      const others = [
        { ...slot, stream: `${slot.stream}x` },
        { ...slot, shard: 'shardId-000000000001' },
        { ...slot, minute: new Date(slot.minute.getTime() + 60_000) },
      ];
      for (const each of [slot, ...others]) await ledger.tally(each, [settled(1)]);
      for (const each of [slot, ...others]) {
        expect((await ledger.counted(each, [position(1)])).positions).toEqual(new Set([position(1)]));
        expect((await runOf(ledger, each))[0]?.feeds.f?.counts.read).toBe(1);
      }
    });

    test('of many invocations at the same time are counted once each', async () => {
      const { ledger } = world();
      const slot = newSlot();
      const batches = Array.from({ length: 10 }, (_, batch) =>
        Array.from({ length: 20 }, (_, at) => settled(batch * 10 + at)),
      );
      await Promise.all(batches.map((batch) => ledger.tally(slot, batch)));
      expect(
        (
          await ledger.counted(
            slot,
            Array.from({ length: 200 }, (_, at) => position(at)),
          )
        ).positions.size,
      ).toBe(110);
      expect((await runOf(ledger, slot))[0]?.feeds.f?.counts).toEqual({
        read: 110,
        loaded: 110,
        dropped: 0,
        rejected: 0,
      });
    });

    test('with any sequence numbers and places are known again', async () => {
      const places = fc
        .tuple(fc.bigInt({ min: 0n, max: 2n ** 186n }), fc.option(fc.nat(10_000)))
        .map(([sequence, place]) => (place === null ? String(sequence) : subPosition(String(sequence), place)));
      const { ledger } = world();
      await fc.assert(
        fc.asyncProperty(
          fc.array(places, { minLength: 1, maxLength: 50 }),
          fc.array(places, { maxLength: 50 }),
          async (counted, others) => {
            const slot = newSlot();
            await ledger.tally(
              slot,
              counted.map((place) => ({ ...settled(1), position: place })),
            );
            const known = await ledger.counted(slot, [...counted, ...others]);
            expect(known.positions).toEqual(new Set(counted));
            expect(known.last?.position).toBe(counted.toSorted(comparePositions).at(-1));
          },
        ),
        { numRuns: 20, seed: 20260102 },
      );
    });

    test('of aggregated records are counted one by one', async () => {
      const { ledger } = world();
      const slot = newSlot();
      const of = (...places: number[]) =>
        places.map((place) => ({ ...settled(7), position: subPosition(position(7), place) }));
      await ledger.tally(slot, of(0, 1, 2, 10));
      await ledger.tally(slot, of(2, 3));
      const { positions, last } = await ledger.counted(slot, [
        position(7),
        ...of(0, 1, 2, 3, 4, 9, 10, 11).map((message) => message.position),
      ]);
      expect(positions).toEqual(new Set(of(0, 1, 2, 3, 10).map((message) => message.position)));
      expect(last?.position).toBe(subPosition(position(7), 10));
      expect((await runOf(ledger, slot))[0]?.feeds.f?.counts.read).toBe(5);
    });

    test('by the thousand, in any order and again, are one stream run', async () => {
      const { ledger } = world();
      const slot = newSlot();
      const all = Array.from({ length: 10_000 }, (_, at) => settled((at * 7919) % 10_000));
      for (let at = 0; at < all.length; at += 1000)
        await ledger.tally(slot, all.slice(Math.max(0, at - 500), at + 1000));
      const run = await ledger.tally(slot, all.slice(2000, 4000));
      expect(run.feeds.f?.counts).toEqual({ read: 10_000, loaded: 10_000, dropped: 0, rejected: 0 });
      expect(run.feeds.f?.latency).toMatchObject({ min: 0, max: 9999, sum: 49_995_000 });
      expect(await runOf(ledger, slot)).toEqual([run]);
      const asked = Array.from({ length: 100 }, (_, at) => position(at * 101));
      expect(await ledger.counted(slot, asked)).toEqual({
        positions: new Set(asked),
        over: new Set(),
        last: { position: position(9999), writeTime: 10_999 },
      });
      expect((await ledger.counted(slot, [position(10_000)])).positions).toEqual(new Set());
    });

    test('of many invocations at the same time are counted once each, also where one row is not enough', async () => {
      const { ledger } = world();
      const slot = newSlot();
      const batches = Array.from({ length: 8 }, (_, batch) =>
        Array.from({ length: 2000 }, (_, at) => settled(batch * 1000 + at)),
      );
      await Promise.all(batches.map((batch) => ledger.tally(slot, batch)));
      expect((await runOf(ledger, slot))[0]?.feeds.f?.counts.read).toBe(9000);
    });

    test('of a replay are a run of their own, which knows what it replays', async () => {
      const { ledger } = world();
      const slot = newSlot();
      const replay = { of: 'stream.20260102-0304.000000000000', requestedAt: new Date('2026-01-03T00:00:00.123Z') };
      const other = { ...replay, requestedAt: new Date('2026-01-03T00:00:00.124Z') };
      for (const each of [slot, { ...slot, replay }, { ...slot, replay: other }])
        await ledger.tally(each, [settled(1)]);
      await ledger.tally({ ...slot, replay }, [settled(2)]);
      expect((await ledger.counted(slot, [position(2)])).positions.size).toBe(0);
      const runs = (await ledger.streamRunsOf(slot.minute)).filter(({ stream }) => stream === slot.stream);
      expect(runs.map((run) => [run.replay, run.feeds.f?.counts.read])).toEqual(
        expect.arrayContaining([
          [undefined, 1],
          [replay, 2],
          [other, 1],
        ]),
      );
      expect(new Set(runs.map(({ id }) => id)).size).toBe(3);
      expect(await runOf(ledger, slot)).toHaveLength(3);
    });

    test('of a minute are read with those of all shards, and no other minute', async () => {
      const { ledger } = world();
      const slot = newSlot();
      const others = [
        { ...slot, shard: 'shardId-000000000001' },
        { ...slot, minute: new Date(slot.minute.getTime() + 60_000) },
      ];
      for (const each of [slot, ...others]) await ledger.tally(each, [settled(1)]);
      const runs = (await ledger.streamRunsOf(slot.minute)).filter(({ stream }) => stream === slot.stream);
      expect(runs.map(({ shard }) => shard).toSorted()).toEqual(['shardId-000000000000', 'shardId-000000000001']);
    });

    test('that found no room in the quota are counted among the rejected, and by themselves', async () => {
      const { ledger } = world();
      const slot = newSlot();
      const over = { ...settled(2, { ...rejection, position: position(2) }), overQuota: true };
      await ledger.tally(slot, [settled(1), over]);
      const run = await ledger.tally(slot, [over, { ...over, position: position(3) }]);
      expect(run.feeds.f).toMatchObject({
        counts: { read: 3, loaded: 1, rejected: 2 },
        overQuota: { messages: 2, bytes: 20 },
      });
      // The first to count a message says how.
      await ledger.tally(slot, [{ ...over, position: position(1) }, settled(2)]);
      const asked = [1, 2, 3, 4].map(position);
      expect((await ledger.counted(slot, asked)).over).toEqual(new Set([position(2), position(3)]));
    });

    test('of an hour are its runs, and no others', async () => {
      const { ledger } = world();
      const { stream, minute } = newSlot();
      const hour = new Date(Math.floor(minute.getTime() / 3_600_000) * 3_600_000);
      const minutes = [-60_000, 0, 3_540_000, 3_600_000].map((offset) => new Date(hour.getTime() + offset));
      for (const each of minutes) await ledger.tally(newSlot({ stream, minute: each }), [settled(1)]);
      const runs = (await ledger.streamRunsIn(hour)).filter((run) => run.stream === stream);
      expect(runs.map((run) => run.minute).toSorted((a, b) => +a - +b)).toEqual(minutes.slice(1, 3));
    });

    test('of every hour of a day belong to its runs, and no others', async () => {
      const { ledger } = world();
      const { stream, minute } = newSlot();
      const midnight = Date.parse(`${minute.toISOString().slice(0, 10)}T00:00:00Z`);
      const minutes = [-60_000, 0, 6 * 3_600_000, 86_340_000, 86_400_000].map((offset) => new Date(midnight + offset));
      for (const each of minutes) await ledger.tally(newSlot({ stream, minute: each }), [settled(1)]);
      const runs = (await ledger.streamRuns(minute.toISOString().slice(0, 10))).filter((run) => run.stream === stream);
      expect(runs.map((run) => run.minute.getTime()).toSorted((a, b) => a - b)).toEqual(
        minutes.slice(1, 4).map(Number),
      );
      const total = noCounts();
      for (const { feeds } of runs) for (const { counts } of Object.values(feeds)) addCounts(total, counts);
      expect(total).toEqual({ read: 3, loaded: 3, dropped: 0, rejected: 0 });
    });
  });
}
