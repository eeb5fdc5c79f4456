import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namesOf } from '../../core/model/names.ts';
import type { FileRun } from '../../core/model/run.ts';
import { rejectsPrefix } from '../../core/pipeline/rejects.ts';
import { deployGuest } from '../support/guest.ts';
import { openSender, type Sender } from '../support/senders.ts';
import hostile from '../support/tenants/hostile/tenant.ts';
import { openOperator, rejectsUnder, until } from '../support/user.ts';

/** Transforms that misbehave in every way, in functions deployed for this test as any tenant's are. */

const DEEDS: readonly [deed: string, code: string, text: RegExp][] = [
  ['throw', 'SLU-2006', /Error: no such thing/],
  ['throw nothing', 'SLU-2006', /undefined/],
  ['throw what has no text', 'SLU-2006', /cannot be shown/],
  ['recurse', 'SLU-2006', /RangeError/],
  ['undefined', 'SLU-2007', /nothing \(return null to drop the record\)/],
  ['number', 'SLU-2007', /a number/],
  ['nested', 'SLU-2007', /a list inside a list/],
  ['promise', 'SLU-2007', /a promise/],
  ['failing promise', 'SLU-2007', /a promise/],
  ['no key', 'SLU-2003', /column "id"/],
  ['unknown column', 'SLU-2005', /"colour"; things has id, size/],
  ['wrong type', 'SLU-2004', /column "size" \(int\): "large"/],
  ['loop', 'SLU-2010', /within 10 s/],
  ['backtrack', 'SLU-2010', /within 5 s/],
];
/** A good record in front of each bad one, and one behind all. */
const records = [...DEEDS.flatMap(([deed]) => ['good', deed]), 'drop', 'good'].map((deed, at) => ({
  id: `${at}`,
  do: deed,
}));
const COUNTS = { read: records.length, loaded: DEEDS.length + 1, dropped: 1, rejected: DEEDS.length };
const csvOf = (rows: readonly { id: string; do: string }[]) =>
  ['id,do', ...rows.map((row) => `${row.id},${row.do}`)].join('\n');

let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;
let sender: Sender;
let run: FileRun;
let positions: string[];

beforeAll(async () => {
  remove = await deployGuest(hostile, join(import.meta.dirname, '..', 'support', 'tenants'));
  operator = await openOperator();
  sender = openSender('hostile');
  await sender.put('things/all.csv', csvOf(records));
  await sender.put('things/loops.csv', csvOf(Array.from({ length: 1000 }, (_, at) => ({ id: `${at}`, do: 'loop' }))));
  await sender.put('things/behind.csv', csvOf([{ id: 'behind', do: 'good' }]));
  positions = await sender.say(
    'one',
    records.map((record) => JSON.stringify({ ...record, id: `m${record.id}` })),
  );
  run = await operator.settledRun('hostile', 'things', 'things/all.csv');
});
afterAll(async () => {
  await operator?.close();
  sender?.close();
  await remove?.();
});

describe('in a file', () => {
  test('the records beside them are loaded, and the counts balance', () => {
    expect({ state: run.state, counts: run.counts }).toEqual({ state: 'partial', counts: COUNTS });
  });

  test('each is rejected with a code and a message', async () => {
    const found = await rejectsUnder(namesOf('hostile').rejects, rejectsPrefix(run.feed, run.day, run.id));
    expect(found.map(({ position, code }) => [position, code])).toEqual(
      DEEDS.map(([, code], at) => [2 * at + 2, code]),
    );
    for (const [at, [, , text]] of DEEDS.entries()) expect(found[at]?.message).toMatch(text);
  });

  test('a file in which nothing returns is refused after twenty records, at the cost of half a minute', async () => {
    const { state, reason, counts, startedAt, endedAt } = await operator.settledRun(
      'hostile',
      'things',
      'things/loops.csv',
    );
    expect({ state, counts }).toEqual({ state: 'refused', counts: { read: 20, loaded: 0, dropped: 0, rejected: 20 } });
    expect(reason).toMatchObject({ code: 'SLU-2010', message: expect.stringContaining('given up at record 20') });
    expect(Number(endedAt) - Number(startedAt)).toBeLessThan(60_000);
  });

  test('the file behind them is loaded', async () => {
    expect((await operator.settledRun('hostile', 'things', 'things/behind.csv')).state).toBe('loaded');
  });
});

describe('in messages', () => {
  test('the same holds: counted once, rejected one by one, and the others are loaded', async () => {
    const { things } = await until('all messages in the ledger', async () => {
      const tallies = await operator.tallies('hostile');
      return (tallies.things?.read ?? 0) >= records.length ? tallies : undefined;
    });
    expect(things).toEqual(COUNTS);
    const rejections = await sender.messageRejections('things');
    for (const [at, [, code, text]] of DEEDS.entries()) {
      const rejection = rejections.get(positions[2 * at + 1] as string);
      expect(rejection?.code).toBe(code);
      expect(rejection?.message).toMatch(text);
    }
  });

  test('the next message goes through', async () => {
    await sender.say('one', [JSON.stringify({ id: 'm-next', do: 'good' })]);
    await until('one more message', async () =>
      ((await operator.tallies('hostile')).things?.loaded ?? 0) > COUNTS.loaded ? true : undefined,
    );
  });
});

test('nothing is given up, and every good record is a row', async () => {
  expect(await sender.givenUp()).toBe(0);
  await until('an empty queue', async () => ((await sender.queued()) === 0 ? true : undefined), 30_000);
  const { rows } = await operator.cassandra.execute('SELECT id FROM hostile.things');
  expect(rows.length).toBe(2 * COUNTS.loaded + 2);
});
