import { describe, expect, test } from 'vitest';
import { memoryLedger, memoryObjects, memorySink } from '../../adapters/memory.ts';
import { KEPT_PART } from '../../core/control/kept.ts';
import { messageUsagePart } from '../../core/control/message-quota.ts';
import { type ShardUsage, totalUsed } from '../../core/control/message-usage.ts';
import { tickMessages } from '../../core/control/tick-messages.ts';
import { faults, faulty } from '../../core/faults/faulty.ts';
import { type Random, randomOf } from '../../core/faults/random.ts';
import { TransientError } from '../../core/model/errors.ts';
import { addCounts, balanced, noCounts } from '../../core/model/row.ts';
import type { Message, StreamRun } from '../../core/model/run.ts';
import { countsOfRun, letIn } from '../../core/model/tally.ts';
import { addToDigest } from '../../core/pipeline/digest.ts';
import { ingestMessages, takenApart } from '../../core/pipeline/messages.ts';
import { serve } from '../../core/pipeline/orders.ts';
import type { Loader } from '../../core/ports.ts';
import { together } from '../support/aggregate.ts';
import { failedBatches } from '../support/loader.ts';
import { readingsTable, tenantOf } from '../support/tenant.ts';
import { message, quiet, REJECTS } from '../support/world.ts';
import { scheduler } from './scheduler.ts';

/**
 * Messages of a shard in batches that overlap, come again, are cut anew after a failure and are worked on side by side, while faults befall every call
 * of the ports: each message counts once, and the rows and rejects are those of an undisturbed stream.
 */

const START = Date.parse('2026-01-02T03:04:00Z');
const DAY = '2026-01-02';
const DAY_SECONDS = 86_400;
const STREAM = 'acme@2026-01-01T00:00:00.000Z';
/** Records of a batch. */
const MOST = 15;
const MAX_STEPS = 100_000;

/** Records of a shard and, from some moment on, of the one that has taken its place; some hold several messages, and some of these are broken. */
function recordsOf(random: Random): Message[] {
  const length = 20 + random.below(40);
  const split = random.below(2 * length);
  return Array.from({ length }, (_, number) => {
    const body = (value: number) => ({
      ...{ sensor: 's', at: value % 11, value },
      do: random.pick(['', '', '', 'drop', 'reject', 'twice']),
    });
    const several = () => together(...Array.from({ length: 1 + random.below(6) }, (_, at) => body(number + at / 10)));
    const data = random.chance(0.1) ? '{' : random.chance(0.2) ? several() : body(number);
    if (data instanceof Uint8Array && random.chance(0.1)) data.fill(0xff, 9, 10);
    const shard = `shardId-00000000000${number < split ? 0 : 1}`;
    return message(number, data, { shard, arrivedAt: new Date(START + number * 4000) });
  });
}

/** Batches of one shard each, as a poller makes them; they overlap, come twice now and then, and all of it may be read again from the horizon. */
function batchesOf(records: readonly Message[], random: Random): Message[][] {
  const batches: Message[][] = [];
  for (const of of Object.values(Object.groupBy(records, ({ shard }) => shard)) as Message[][]) {
    for (let times = random.chance(0.3) ? 2 : 1; times > 0; times--) {
      for (let at = 0; at < of.length; ) {
        const size = 1 + random.below(MOST);
        const batch = of.slice(Math.max(0, at - random.below(4)), at + size);
        batches.push(...(random.chance(0.2) ? [batch, batch] : [batch]));
        at += size;
      }
    }
  }
  return batches;
}

async function play(seed: number, messagesPerDay?: number) {
  const random = randomOf(seed);
  const { clock, after, step, jump } = scheduler(random, START + 300_000);
  const records = recordsOf(random);
  const messages = records.flatMap(takenApart);
  const disturbed = worldOf(clock, messagesPerDay);
  const most = random.below(20);
  let struck = 0;
  let open = 0;

  const shaken = () =>
    faulty(disturbed.ports, {
      strike: () => {
        if (struck >= most || !random.chance(0.1)) return null;
        struck++;
        return random.pick(faults);
      },
      pass: (_, delayed) => after(delayed ? 30 : random.next()),
    });

  const invoke = async (batch: readonly Message[]): Promise<void> => {
    open++;
    const { ports, crashed } = shaken();
    const work = ingestMessages(batch, { ...disturbed.world, ...ports }).then(
      () => 'done' as const,
      (error: unknown) => {
        if (!(error instanceof TransientError)) throw error;
        return 'again' as const;
      },
    );
    const outcome = await Promise.race([work, crashed.then(() => 'again' as const)]);
    // A batch that has failed comes again, whole or in halves.
    if (outcome === 'again') {
      const half = random.chance(0.5) ? Math.ceil(batch.length / 2) : batch.length;
      for (const part of [batch.slice(0, half), batch.slice(half)]) if (part.length > 0) invoke(part);
    }
    open--;
  };

  /** A tick of which each part may fail, and whose questions may; a function that was killed is no message's fault. */
  const tick = async (): Promise<void> => {
    open++;
    const { ports, crashed } = shaken();
    const ask: Loader['ask'] = async (order) => {
      const inside = shaken();
      const served = serve(order, { ...disturbed.world, ...inside.ports });
      return Promise.race([served, inside.crashed.then(() => ({ kind: 'again', why: 'killed' }) as const)]);
    };
    const { failed } = failedBatches();
    const ticked = tickMessages({
      ...disturbed.world,
      ...ports,
      failed,
      loader: { ask },
      identity: async () => STREAM,
    });
    await Promise.race([ticked.catch(() => {}), crashed]);
    open--;
  };
  let steps = 0;
  const drain = async () => {
    while (open > 0 && steps++ < MAX_STEPS) await step();
  };

  for (const batch of batchesOf(records, random)) {
    open++;
    after(random.below(20)).then(() => {
      invoke(batch);
      open--;
    });
  }
  await drain();
  const kept = async () => (await disturbed.ports.registry.list(KEPT_PART)).length;
  for (let days = 0; days < 200 && (await kept()) > 0; days++) {
    jump(random.chance(0.3) ? 120 : DAY_SECONDS);
    for (let ticks = 1 + random.below(2); ticks > 0; ticks--) tick();
    await drain();
  }

  const calm = worldOf(clock);
  await ingestMessages(records, { ...calm.world, ...calm.ports });
  const ended = open === 0 && (await kept()) === 0;
  return { ended, disturbed, calm, count: messages.length };
}

function worldOf(clock: { now(): Date }, messagesPerDay?: number) {
  const ledger = memoryLedger(clock);
  const sink = memorySink();
  const { stored, ...objects } = memoryObjects(undefined, clock);
  const { registry, queue, announcements } = quiet();
  const ports = { ledger, sink, objects, registry, queue, announcements };
  const world = {
    tenant: {
      ...tenantOf(messagesPerDay === undefined ? {} : { messagesPerDay }),
      stream: { shards: 1, retentionHours: 24, feed: 'readings', overQuota: 'keep' } as const,
    },
    clock,
    rejectsBucket: REJECTS,
    stream: STREAM,
    signal: new AbortController().signal,
  };
  return { ports, world, stored };
}

/** Counts over all feeds, rows by their digest, and rejects by their places. */
async function look({ ports, stored }: ReturnType<typeof worldOf>) {
  const total = noCounts();
  for (const { feeds } of await ports.ledger.streamRuns(DAY))
    for (const { counts } of Object.values(feeds)) addCounts(total, counts);
  const rejects = [...stored].map(([name, { bytes }]) => [name, Buffer.from(bytes).toString()]).sort();
  return { total, rows: addToDigest('', ports.sink.rows('readings'), readingsTable), rejects };
}

/** All stream runs, on whatever day: replays are of later ones. */
const allRuns = async ({ ports }: ReturnType<typeof worldOf>): Promise<StreamRun[]> => {
  const days = Array.from({ length: 220 }, (_, day) => new Date(START + day * DAY_SECONDS * 1000).toISOString());
  return (await Promise.all(days.map((day) => ports.ledger.streamRuns(day.slice(0, 10))))).flat();
};

const GROUP = 50;

describe('messages on a stream', () => {
  test.each([1, 51, 101, 151])('each count once and leave one effect, with seeds from %i on', async (from) => {
    for (let seed = from; seed < from + GROUP; seed++) {
      const { ended, disturbed, calm, count } = await play(seed);
      const [found, wanted] = [await look(disturbed), await look(calm)];
      expect({ seed, ended, ...found }).toEqual({ seed, ended: true, ...wanted });
      expect(balanced(found.total) && found.total.read === count).toBe(true);
    }
  });
});

describe('messages beyond a quota, which the platform keeps', () => {
  test.each([1, 51, 101, 151])('are let in once each, and leave the same rows, with seeds from %i on', async (from) => {
    for (let seed = from; seed < from + GROUP; seed++) {
      const limit = 5 + (seed % 20);
      const { ended, disturbed, calm, count } = await play(seed, limit);
      const runs = await allRuns(disturbed);
      const firsts = runs.filter(({ replay }) => !replay);
      const read = (of: readonly StreamRun[]) => of.reduce((sum, { feeds }) => sum + countsOfRun(feeds).read, 0);
      const letInBy = (of: readonly StreamRun[]) => of.reduce((sum, run) => sum + letIn(run).messages, 0);
      expect({ seed, ended, read: read(firsts), letIn: letInBy(runs) }).toEqual({
        seed,
        ended: true,
        read: count,
        letIn: count,
      });
      expect(runs.every(({ feeds }) => balanced(countsOfRun(feeds)))).toBe(true);
      expect((await look(disturbed)).rows).toBe((await look(calm)).rows);
      const days = Object.groupBy(runs, ({ minute }) => minute.toISOString().slice(0, 10)) as Record<
        string,
        StreamRun[]
      >;
      for (const [day, of] of Object.entries(days)) {
        const noted = await disturbed.ports.registry.list<ShardUsage>(messageUsagePart(day));
        expect({ seed, day, ...totalUsed(noted.map(({ value }) => value)) }).toMatchObject({
          seed,
          day,
          messages: letInBy(of),
        });
      }
    }
  });
});
