import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TransientError } from '../../../core/model/errors.ts';
import { addCounts, balanced, noCounts } from '../../../core/model/row.ts';
import { WINDOW } from '../../../core/pipeline/ingest.ts';
import { LEASE_SECONDS } from '../../../core/pipeline/lease.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import { type Fault, faulty } from '../../support/faults.ts';
import { ingestObject, memoryWorld, message } from '../../support/world.ts';

/**
 * The promise of the ledger (docs/adr/0001-ledger.md): deliveries repeat, processes die between any two calls of a port, answers are
 * lost, leases run out in the middle of the work, attempts overlap; in the end every record has had its effect once and is
 * counted once.
 */

const fault: fc.Arbitrary<Fault | null> = fc.option(
  fc.record({
    at: fc.integer({ min: 1, max: 14 }),
    when: fc.constantFrom('before', 'after'),
    kind: fc.constantFrom<Fault['kind']>('death', () => new TransientError('SLU-5001', 'no answer')),
  }),
);

/** A delivery, the fault that befalls it, and the seconds that pass before and at each call of a port. */
const delivery = fc.record({
  fault,
  before: fc.constantFrom(0, 1, 15, 25),
  each: fc.constantFrom(0, 0, 1, 4, 12),
  /** Starts while the one before still works. */
  overlaps: fc.boolean(),
});
type Delivery = typeof delivery extends fc.Arbitrary<infer T> ? T : never;

type World = ReturnType<typeof memoryWorld>;

/** Lets deliveries happen to a world, some at the same time; an attempt that dies is left where it is. */
async function happen(
  world: World,
  deliveries: readonly Delivery[],
  work: (ports: ReturnType<World['attempt']>, index: number) => Promise<unknown>,
) {
  let running: Promise<unknown>[] = [];
  for (const [index, { fault, before, each, overlaps }] of deliveries.entries()) {
    if (!overlaps) {
      await Promise.all(running);
      running = [];
    }
    world.clock.advance(before);
    const { wrap, died } = faulty(fault, async () => {
      world.clock.advance(each);
      await new Promise(setImmediate);
    });
    const ports = world.attempt();
    const given = { ...ports, sink: wrap(ports.sink), ledger: wrap(ports.ledger), objects: wrap(ports.objects) };
    const attempt = work(given, index).catch((error) => {
      if (!(error instanceof TransientError)) throw error;
    });
    running.push(Promise.race([attempt, died]));
  }
  await Promise.all(running);
}

describe('a file', () => {
  // Three windows; what becomes of a record is told by its number.
  const count = 2 * WINDOW + 500;
  const kindOf = (position: number) => ['', '', '', 'drop', 'twice', '', '', 'reject'][position % 400] ?? '';
  const lines = Array.from({ length: count }, (_, at) => `s${at % 50},${at + 1},1,${kindOf(at + 1)}`);
  const file = `sensor,at,value,do\n${lines.join('\n')}\n`;

  async function loaded() {
    const world = memoryWorld();
    const run = await ingestObject(world.upload('readings/a.csv', file), world.attempt());
    return { run, rows: rowsOf(world), rejects: world.rejects() };
  }

  test('is loaded once and counted once, whatever happens to its deliveries', async () => {
    const calm = await loaded();
    expect(calm.run.counts).toMatchObject({ read: count });
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { maxLength: 5 }), async (deliveries) => {
        const world = memoryWorld();
        const object = world.upload('readings/a.csv', file);
        await happen(world, deliveries, (ports) => ingestObject(object, ports));
        for (const run of await world.runs()) expect(balanced(run.counts)).toBe(true);

        // A delivery that was not acknowledged comes again when the lease is over.
        world.clock.advance(LEASE_SECONDS + 1);
        const run = await ingestObject(object, world.attempt());
        expect(run).toMatchObject({ id: calm.run.id, state: 'partial', counts: calm.run.counts, reason: null });
        expect(run.firstRejections).toEqual(calm.run.firstRejections);
        expect(run.writeTimeBase).toBe(calm.run.writeTimeBase);
        expect(await world.runs()).toEqual([run]);
        expect(rowsOf(world)).toEqual(calm.rows);
        expect(world.rejects()).toEqual(calm.rejects);
      }),
      { numRuns: 30, seed: 20260102 },
    );
  });
});

describe('messages', () => {
  const bodies = (number: number) => {
    const what = ['', 'drop', 'reject', 'twice', ''][number % 5] as string;
    return number % 7 === 6 ? '{' : { sensor: 's', at: number % 9, value: number, do: what };
  };
  const messages = Array.from({ length: 24 }, (_, number) =>
    message(number, bodies(number), { arrivedAt: new Date(Date.parse('2026-01-02T03:04:00Z') + number * 9000) }),
  );

  const totals = async (world: World) => {
    const total = noCounts();
    for (const { feeds } of await world.ledger.streamRuns('2026-01-02'))
      for (const { counts } of Object.values(feeds)) addCounts(total, counts);
    expect(balanced(total)).toBe(true);
    return total;
  };

  test('are loaded once and counted once, whatever happens to their batches', async () => {
    const calm = memoryWorld();
    await ingestMessages(messages, calm.attempt());
    expect(await totals(calm)).toMatchObject({ read: messages.length });

    const batch = fc.tuple(delivery, fc.nat(messages.length), fc.integer({ min: 1, max: messages.length }));
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
        const world = memoryWorld();
        const deliveries = batches.map(([each]) => each);
        await happen(world, deliveries, (ports, index) => {
          const [, start, length] = batches[index] as (typeof batches)[number];
          return ingestMessages(messages.slice(start, start + length), ports);
        });
        const partly = await totals(world);
        expect(partly.read).toBeLessThanOrEqual(messages.length);

        await ingestMessages(messages, world.attempt());
        expect(await totals(world)).toEqual(await totals(calm));
        expect(rowsOf(world)).toEqual(rowsOf(calm));
        expect(new Map([...world.rejects()].sort())).toEqual(new Map([...calm.rejects()].sort()));
      }),
      { numRuns: 300, seed: 20260102 },
    );
  });
});

const rowsOf = (world: World) =>
  world.sink
    .rows('readings')
    .map((row) => JSON.stringify(row))
    .toSorted();
