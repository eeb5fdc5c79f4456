import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kinesisClient } from '../../adapters/kinesis.ts';
import { createProducer } from '../../adapters/producer.ts';
import { decisionsOf, type Kept } from '../../core/control/decisions.ts';
import { namesOf } from '../../core/model/names.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import { deployGuest } from '../support/guest.ts';
import bursting from '../support/tenants/bursting/tenant.ts';
import { openOperator, sluice, until } from '../support/user.ts';

/** A stream whose manager does what it decides, on the deployed functions: they are neither invoked nor hurried by the tests. */

const folder = join(import.meta.dirname, '..', 'support', 'tenants');
const kinesis = kinesisClient(clientOptions(loadSettings()));
/** A tick comes once a minute, and looks at the minute before. */
const TICKS = 200_000;
const timeout = 300_000;

let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;
let sent = 0;

beforeAll(async () => {
  remove = await deployGuest(bursting, folder);
  operator = await openOperator();
});
afterAll(async () => {
  await operator?.close();
  // The emulator never forgets a mapping that is deleted while it is stopped.
  await sluice('stream', 'start', 'bursting');
  await remove?.();
  kinesis.destroy();
});

/** Puts messages of many keys on the stream, each with an id of its own. */
async function send(count: number): Promise<void> {
  const producer = createProducer({ stream: namesOf('bursting').stream, client: kinesis });
  for (let at = 0; at < count; at++) {
    await producer.send({ key: `k${at}`, data: JSON.stringify({ id: `item-${sent + at}`, size: at }) });
  }
  await producer.close();
  sent += count;
}

/** All that was sent is counted, once: more would be found at once, because nothing is taken back. */
async function allLoaded(): Promise<void> {
  await until(`${sent} messages in the ledger`, async () =>
    ((await operator.tallies('bursting')).items?.read ?? 0) >= sent ? true : undefined,
  );
  expect(await operator.tallies('bursting')).toEqual({ items: { read: sent, loaded: sent, dropped: 0, rejected: 0 } });
  const { rows } = await operator.cassandra.execute('SELECT id FROM bursting.items');
  expect(new Set(rows.map(({ id }) => id)).size).toBe(sent);
}

const days = () => [86_400_000, 0].map((ago) => new Date(Date.now() - ago).toISOString().slice(0, 10));

interface Status {
  readonly consuming: boolean;
  readonly shards: number;
  readonly parallel: number;
  readonly batchSize: number;
  readonly lagSeconds: number | null;
}

/** `sluice …  --json`, as typed. */
async function ask<T>(...args: string[]): Promise<T> {
  const { exit, stdout, stderr } = await sluice(...args, '--json');
  if (exit !== 0) throw new Error(`sluice ${args.join(' ')}: exit ${exit}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}
const status = () => ask<Status>('stream', 'status', 'bursting');

describe('a burst of messages', () => {
  test('opens another shard, by a decision with its figures', { timeout }, async () => {
    expect(await status()).toMatchObject({ consuming: true, shards: 1, parallel: 1, batchSize: 500 });
    await send(1200);
    await allLoaded();
    const made = async () =>
      (await decisionsOf(operator.registry('bursting'), days())).some(({ outcome }) => outcome === 'made');
    await until('a decision that is made', async () => ((await made()) ? true : undefined), TICKS);
    const raised = (await ask<Kept[]>('decisions', 'bursting')).find(({ outcome }) => outcome === 'made') as Kept;
    expect(raised).toMatchObject({ action: 'raise', change: { lever: 'shards', from: 1, to: 2 } });
    expect(raised.figures.messages).toBeGreaterThanOrEqual(500);
    expect(raised.reason).toMatch(/ messages a minute and shard; the threshold is 500$/);
    expect(await status()).toMatchObject({ shards: 2, lagSeconds: 0 });
  });

  test('counts once, although the emulator reads every shard again from its beginning', async () => {
    await send(300);
    await allLoaded();
  });
});

describe('a deployment of a changed profile', () => {
  test('leaves what the manager has set, and does so within a minute where it does not', {
    timeout,
  }, async () => {
    const { stream } = bursting;
    const changed = { ...bursting, stream: { ...stream, retentionHours: 48 } };
    remove = await deployGuest(changed, folder);
    await until('two open shards', async () => ((await status()).shards === 2 ? true : undefined), TICKS);
    await send(100);
    await allLoaded();
  });
});

describe('consumption', () => {
  test('that is stopped and started again loads all that came in between, once', { timeout }, async () => {
    expect(await ask('stream', 'stop', 'bursting')).toEqual({ tenant: 'bursting', state: 'Disabled', changed: true });
    expect(await ask('stream', 'stop', 'bursting')).toMatchObject({ changed: false });
    const before = sent;
    await send(200);
    expect(await status()).toMatchObject({ consuming: false });
    expect((await operator.tallies('bursting')).items?.read).toBe(before);
    expect(await ask('stream', 'start', 'bursting')).toEqual({ tenant: 'bursting', state: 'Enabled', changed: true });
    await allLoaded();
  });
});
