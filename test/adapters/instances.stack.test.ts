import { randomUUID } from 'node:crypto';
import type { Client } from 'cassandra-driver';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../adapters/cassandra/client.ts';
import { worldError } from '../../adapters/cassandra/errors.ts';
import { cassandraLedger } from '../../adapters/cassandra/ledger.ts';
import { cassandraRegistry } from '../../adapters/cassandra/registry.ts';
import { runsTable } from '../../core/model/ledger-tables.ts';
import type { SettledMessage, StreamSlot } from '../../core/model/run.ts';
import { patiently } from '../../core/pipeline/patience.ts';
import type { Registry } from '../../core/ports.ts';
import { address, asAdmin, type ThrowAway, throwAway } from '../support/database.ts';

/** Ledger and registry keep what they have written last: here several work on the same, as the instances of a function do. */

const INSTANCES = 3;
const clock = { now: () => new Date('2026-01-02T03:04:05Z') };

let admin: Client;
let mine: ThrowAway;
let client: Client;
const statements: string[] = [];

beforeAll(async () => {
  admin = asAdmin();
  mine = await throwAway(admin, []);
  client = connect(address, mine.role);
  // Cassandra takes a second to see a grant.
  await patiently(AbortSignal.timeout(20_000), () =>
    client.execute(`SELECT * FROM ${mine.ops}.${runsTable.name}`).catch((error) => {
      throw worldError(error, 'waiting for the grant');
    }),
  );
  const execute = client.execute.bind(client);
  client.execute = ((...given: Parameters<typeof execute>) => {
    statements.push(given[0].replace(/^(\w+).*?( IF .*)?$/s, '$1$2'));
    return execute(...given);
  }) as Client['execute'];
});

afterAll(async () => {
  await client?.shutdown();
  await mine?.remove();
  await admin?.shutdown();
});

const ledgers = () => Array.from({ length: INSTANCES }, () => cassandraLedger(client, mine.ops, clock));
const newSlots = (): StreamSlot[] => {
  const stream = `s-${randomUUID()}@2026-01-01T00:00:00.000Z`;
  return ['03:04', '03:05'].map((time) => ({ stream, shard: '0', minute: new Date(`2026-01-02T${time}:00Z`) }));
};
const position = (number: number) => String((49_000n << 128n) + (BigInt(number) << 80n) + 2n);
const range = (from: number, length: number) => Array.from({ length }, (_, at) => from + at);
const settled = (number: number): SettledMessage => ({
  position: position(number),
  feed: 'f',
  outcome: 'loaded',
  bytes: 10,
  latency: 5,
  writeTime: 1000 + number,
});

const batch = (most: number) =>
  fc.record({
    by: fc.nat(INSTANCES - 1),
    slot: fc.nat(1),
    from: fc.nat(most * 3),
    length: fc.nat(most),
    look: fc.boolean(),
  });

test.each([
  ['a few messages', 20, 20],
  ['as many as need several rows', 2500, 5],
])('each message counts once, whichever instance counts it, of %s', async (_, most, numRuns) => {
  await fc.assert(
    fc.asyncProperty(fc.array(batch(most), { minLength: 1, maxLength: 15 }), async (batches) => {
      const [instances, slots] = [ledgers(), newSlots()];
      const truth = slots.map(() => new Set<number>());
      for (const { by, slot: at, from, length, look } of batches) {
        const [ledger, slot, known] = [instances[by], slots[at], truth[at]];
        if (!ledger || !slot || !known) throw new Error('no such instance or slot');
        const numbers = range(from, length);
        if (look) {
          const { positions, last } = await ledger.counted(slot, numbers.map(position));
          expect(positions).toEqual(new Set(numbers.filter((each) => known.has(each)).map(position)));
          expect(last?.position).toBe(known.size === 0 ? undefined : position(Math.max(...known)));
        }
        const run = await ledger.tally(slot, numbers.map(settled));
        for (const number of numbers) known.add(number);
        expect(run.feeds.f?.counts.read ?? 0).toBe(known.size);
      }
      // At one time, too.
      const [slot, known] = [slots[0] as StreamSlot, truth[0] as Set<number>];
      await Promise.all(instances.map((ledger, by) => ledger.tally(slot, range(by * most, most * 2).map(settled))));
      for (const number of range(0, most * (INSTANCES + 1))) known.add(number);
      const run = await (instances[0] as (typeof instances)[number]).tally(slot, []);
      expect(run.feeds.f?.counts.read).toBe(known.size);
      expect(run.feeds.f?.bytes).toBe(known.size * 10);
    }),
    { numRuns, seed: 20260102 },
  );
});

test('a batch behind another in one minute costs a read and a compare-and-set', async () => {
  const [ledger] = ledgers();
  const [slot] = newSlots();
  if (!ledger || !slot) throw new Error('no ledger');
  await ledger.tally(slot, range(0, 100).map(settled));
  for (const from of [100, 5000, 11_000]) {
    statements.length = 0;
    const numbers = range(from, from === 5000 ? 5000 : 100);
    await ledger.counted(slot, numbers.map(position));
    await ledger.tally(slot, numbers.map(settled));
    expect(statements).toEqual(['SELECT', from === 11_000 ? 'INSERT IF NOT EXISTS' : 'UPDATE IF revision = ?']);
  }
});

const add = (registry: Registry, part: string, name: string) =>
  registry.change<{ count: number }, number>(part, name, (before) => {
    const count = (before?.count ?? 0) + 1;
    return { value: { count }, result: count };
  });
const registries = () => Array.from({ length: INSTANCES }, () => cassandraRegistry(client, mine.ops));

test('each change of a document sees the one before, whichever instance has made it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ by: fc.nat(INSTANCES - 1), name: fc.nat(1), gone: fc.boolean() }), { maxLength: 20 }),
      async (changes) => {
        const [instances, part] = [registries(), randomUUID()];
        const truth = [0, 0];
        for (const { by, name, gone } of changes) {
          const registry = instances[by] as Registry;
          truth[name] = gone ? 0 : (truth[name] ?? 0) + 1;
          if (gone) await registry.change(part, String(name), () => ({ value: null, result: null }));
          else expect(await add(registry, part, String(name))).toBe(truth[name]);
          const same = (value: unknown) => ({ value, result: value });
          const left = gone ? null : { count: truth[name] };
          expect(await (instances[(by + 1) % INSTANCES] as Registry).change(part, String(name), same)).toEqual(left);
        }
        await Promise.all(instances.flatMap((registry) => range(0, 3).map(() => add(registry, part, '0'))));
        expect(await instances[0]?.read(part, '0')).toEqual({ count: (truth[0] ?? 0) + 3 * INSTANCES });
      },
    ),
    { numRuns: 20, seed: 20260102 },
  );
});

test('a document that is changed again and again costs a compare-and-set each time', async () => {
  const [registry] = registries();
  if (!registry) throw new Error('no registry');
  const part = randomUUID();
  await add(registry, part, 'a');
  statements.length = 0;
  expect(await add(registry, part, 'a')).toBe(2);
  expect(statements).toEqual(['UPDATE IF revision = ?']);
});
