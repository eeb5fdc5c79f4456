import { describe, expect, test } from 'vitest';
import { memoryLedger, memoryObjects, memorySink } from '../../adapters/memory.ts';
import { faults, faulty } from '../../core/faults/faulty.ts';
import { type Random, randomOf } from '../../core/faults/random.ts';
import { TransientError } from '../../core/model/errors.ts';
import { addCounts, balanced, noCounts } from '../../core/model/row.ts';
import type { Message } from '../../core/model/run.ts';
import { addToDigest } from '../../core/pipeline/digest.ts';
import { ingestMessages } from '../../core/pipeline/messages.ts';
import { readingsTable, tenantOf } from '../support/tenant.ts';
import { message, quiet, REJECTS } from '../support/world.ts';
import { scheduler } from './scheduler.ts';

/**
 * Messages of a shard in batches that overlap, come again, are cut anew after a failure and are worked on side by side, while faults befall every call
 * of the ports: each message counts once, and the rows and rejects are those of an undisturbed stream.
 */

const START = Date.parse('2026-01-02T03:04:00Z');
const DAY = '2026-01-02';
const MAX_STEPS = 20_000;

const messagesOf = (random: Random): Message[] =>
  Array.from({ length: 20 + random.below(40) }, (_, number) => {
    const what = random.pick(['', '', '', 'drop', 'reject', 'twice']);
    const body = { sensor: 's', at: number % 11, value: number, do: what };
    return message(number, random.chance(0.1) ? '{' : body, { arrivedAt: new Date(START + number * 4000) });
  });

async function play(seed: number) {
  const random = randomOf(seed);
  const { clock, after, step } = scheduler(random, START + 300_000);
  const messages = messagesOf(random);
  const disturbed = worldOf(clock);
  const most = random.below(20);
  let struck = 0;
  let open = 0;

  const invoke = async (batch: readonly Message[]): Promise<void> => {
    open++;
    const { ports, crashed } = faulty(disturbed.ports, {
      strike: () => {
        if (struck >= most || !random.chance(0.1)) return null;
        struck++;
        return random.pick(faults);
      },
      pass: (_, delayed) => after(delayed ? 30 : random.next()),
    });
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

  for (let at = 0; at < messages.length; ) {
    const size = 1 + random.below(15);
    // Batches overlap, and now and then one comes twice.
    const batch = messages.slice(Math.max(0, at - random.below(4)), at + size);
    for (let copies = random.chance(0.2) ? 2 : 1; copies > 0; copies--) {
      open++;
      after(random.below(20)).then(() => {
        invoke(batch);
        open--;
      });
    }
    at += size;
  }
  let steps = 0;
  while (open > 0 && steps++ < MAX_STEPS) await step();

  const calm = worldOf(clock);
  await ingestMessages(messages, { ...calm.world, ...calm.ports });
  return { ended: open === 0, disturbed: await look(disturbed), calm: await look(calm), count: messages.length };
}

function worldOf(clock: { now(): Date }) {
  const ledger = memoryLedger(clock);
  const sink = memorySink();
  const { stored, ...objects } = memoryObjects(undefined, clock);
  const { registry, queue, announcements } = quiet();
  const ports = { ledger, sink, objects, registry, queue, announcements };
  const world = {
    tenant: tenantOf(),
    clock,
    rejectsBucket: REJECTS,
    stream: 'acme@2026-01-01T00:00:00.000Z',
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

describe('messages on a stream', () => {
  const GROUP = 50;
  test.each([1, 51, 101, 151])('each count once and leave one effect, with seeds from %i on', async (from) => {
    for (let seed = from; seed < from + GROUP; seed++) {
      const { ended, disturbed, calm, count } = await play(seed);
      expect({ seed, ended, ...disturbed }).toEqual({ seed, ended: true, ...calm });
      expect(balanced(disturbed.total) && disturbed.total.read === count).toBe(true);
    }
  });
});
