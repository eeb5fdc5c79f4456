import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kinesisClient } from '../../adapters/kinesis.ts';
import { createProducer } from '../../adapters/producer.ts';
import { namesOf } from '../../core/model/names.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import { deployGuest } from '../support/guest.ts';
import bursting from '../support/tenants/bursting/tenant.ts';
import hostile from '../support/tenants/hostile/tenant.ts';
import { openOperator, until } from '../support/user.ts';

/** Two tenants at once: one whose transform throws at a flood of bad messages, and one that sends good ones steadily beside it. */

const folder = join(import.meta.dirname, '..', 'support', 'tenants');
const kinesis = kinesisClient(clientOptions(loadSettings()));
const FLOOD = 3000;
const ROUNDS = 10;
const A_ROUND = 50;

const removes: (() => Promise<void>)[] = [];
let operator: Awaited<ReturnType<typeof openOperator>>;

beforeAll(async () => {
  for (const tenant of [hostile, bursting]) removes.push(await deployGuest(tenant, folder));
  operator = await openOperator();
}, 600_000);
afterAll(async () => {
  await operator?.close();
  for (const remove of removes) await remove();
  kinesis.destroy();
});

const send = async (tenant: string, messages: readonly string[]): Promise<void> => {
  const producer = createProducer({ stream: namesOf(tenant).stream, client: kinesis });
  for (const [at, data] of messages.entries()) await producer.send({ key: `k${at}`, data });
  await producer.close();
};

/** Throws of all kinds, and what is no message at all. */
const bad = (at: number): string =>
  at % 3 === 0 ? '{"broken' : JSON.stringify({ id: `bad-${at}`, do: at % 3 === 1 ? 'throw' : 'recurse' });

test('a tenant that floods the platform with what it cannot load takes nothing from another one', async () => {
  const flood = send(
    'hostile',
    Array.from({ length: FLOOD }, (_, at) => bad(at)),
  );
  for (let round = 0; round < ROUNDS; round++) {
    const items = Array.from({ length: A_ROUND }, (_, at) => ({ id: `good-${round}-${at}`, size: at }));
    await send(
      'bursting',
      items.map((item) => JSON.stringify(item)),
    );
  }
  await flood;

  const count = ROUNDS * A_ROUND;
  await until('all good messages in the ledger', async () =>
    ((await operator.tallies('bursting')).items?.read ?? 0) >= count ? true : undefined,
  );
  expect(await operator.tallies('bursting')).toEqual({
    items: { read: count, loaded: count, dropped: 0, rejected: 0 },
  });
  const { rows } = await operator.cassandra.execute('SELECT id, size FROM bursting.items');
  const expected = Array.from({ length: count }, (_, at) => `good-${Math.floor(at / A_ROUND)}-${at % A_ROUND}`);
  expect(rows.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
  expect(rows.every(({ id, size }) => id.endsWith(`-${size}`))).toBe(true);

  // And the flood is accounted for, message by message.
  await until('all bad messages in the ledger', async () => {
    const tallies = Object.values(await operator.tallies('hostile'));
    return tallies.reduce((sum, { read }) => sum + read, 0) >= FLOOD ? true : undefined;
  });
  const tallies = Object.values(await operator.tallies('hostile'));
  expect(tallies.reduce((sum, { rejected }) => sum + rejected, 0)).toBe(FLOOD);
  expect(tallies.reduce((sum, { read }) => sum + read, 0)).toBe(FLOOD);
});
