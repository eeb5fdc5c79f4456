import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KEPT_PART } from '../../core/control/kept.ts';
import { addCounts, noCounts } from '../../core/model/row.ts';
import type { StreamRun } from '../../core/model/run.ts';
import { aggregate, together } from '../support/aggregate.ts';
import { deployGuest } from '../support/guest.ts';
import { openSender } from '../support/senders.ts';
import mortal, { MESSAGES_PER_DAY } from '../support/tenants/mortal/tenant.ts';
import { aws, loggedSince, openOperator, sluice, until } from '../support/user.ts';

/** Messages that are put together, too many, or deadly to the function, on the deployed tenant; each is counted once, also after the shards have changed. */

let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;
const sender = openSender('mortal');
let told = 0;

const runs = async (): Promise<StreamRun[]> => {
  const days = [0, 86_400_000].map((ago) => new Date(Date.now() - ago).toISOString().slice(0, 10));
  return (await Promise.all(days.map((day) => operator.ledger('mortal').streamRuns(day)))).flat();
};
const firstRuns = async () => (await runs()).filter(({ replay }) => !replay);
const total = async () => {
  const counts = noCounts();
  for (const { feeds } of await firstRuns()) for (const tally of Object.values(feeds)) addCounts(counts, tally.counts);
  return counts;
};
const note = (id: string, more = {}) => JSON.stringify({ id, ...more });
const say = async (count: number, ...records: (string | Uint8Array)[]) => {
  told += count;
  return sender.say('k', records);
};
const allCounted = (milliseconds?: number) =>
  until(`${told} messages in the ledger`, async () => ((await total()).read >= told ? true : undefined), milliseconds);
const rowsOf = async () => {
  const { rows } = await operator.cassandra.execute('SELECT id, value FROM mortal.notes');
  return new Map(rows.map((row) => [String(row.get('id')), row.get('value') as number | null]));
};

beforeAll(async () => {
  remove = await deployGuest(mortal, join(import.meta.dirname, '..', 'support', 'tenants'));
  operator = await openOperator();
});

afterAll(async () => {
  sender.close();
  await operator?.close();
  await remove?.();
});

test('an aggregated record is as many messages as it holds, in their order; a broken one is a rejection', async () => {
  const values = Array.from({ length: 20 }, (_, value) => ({ id: 'agg', value }));
  const record = together(...values, { feed: 'more', message: { id: 'enveloped' } }, { do: 'throw' });
  const broken = aggregate([{ key: 'k', data: Buffer.from(note('never')) }]);
  const [position, brokenPosition] = await say(23, record, broken.fill(0xff, 12, 13));
  await allCounted();
  const rows = await rowsOf();
  expect([rows.get('agg'), rows.has('enveloped'), rows.has('never')]).toEqual([19, true, false]);
  expect((await sender.messageRejections('notes')).get(`${position}.21`)).toMatchObject({ code: 'SLU-2006' });
  expect((await sender.messageRejections('_')).get(brokenPosition as string)).toMatchObject({ code: 'SLU-2022' });
});

describe('messages on which the function dies', () => {
  const poison = [note('exit', { do: 'exit' }), note('memory', { do: 'memory' })];
  const good = Array.from({ length: 30 }, (_, at) => note(`beside-${at}`));

  test('do not hold their shard up, and are rejected alone, whole and with the reason, without anybody', async () => {
    const all = [
      ...good.slice(0, 13),
      poison[0] as string,
      ...good.slice(13, 21),
      poison[1] as string,
      ...good.slice(21),
    ];
    const positions = await say(all.length, ...all);
    await until('the batch is given up', async () => ((await sender.givenUp()) > 0 ? true : undefined), 90_000);
    const dlq = JSON.parse((await sluice('dlq', 'mortal', '--json')).stdout);
    expect(dlq).toMatchObject([{ tenant: 'mortal', why: expect.stringMatching(/^RetryAttemptsExhausted: 32 of/) }]);
    await say(1, note('behind'));
    await until('the message behind them', async () => ((await rowsOf()).has('behind') ? true : undefined), 30_000);

    await allCounted(240_000);
    const rows = await rowsOf();
    expect(good.map((text) => rows.has(JSON.parse(text).id)).every(Boolean)).toBe(true);
    const rejections = await sender.messageRejections('_');
    expect(rejections.get(positions[13] as string)).toMatchObject({
      code: 'SLU-2023',
      raw: poison[0],
      message: expect.stringMatching(/died on this message alone: Runtime.ExitError/),
    });
    expect(rejections.get(positions[22] as string)).toMatchObject({ code: 'SLU-2023', raw: poison[1] });
    await until('nothing is given up', async () => ((await sender.givenUp()) === 0 ? true : undefined), 60_000);
  }, 420_000);
});

describe('messages beyond the quota', () => {
  test('are not loaded, and say why', async () => {
    const { read } = await total();
    const more = MESSAGES_PER_DAY - read + 10;
    await say(more, ...Array.from({ length: more }, (_, at) => note(`quota-${at}`)));
    await allCounted();
    const rows = await rowsOf();
    expect(Array.from({ length: more }, (_, at) => rows.has(`quota-${at}`)).filter(Boolean)).toHaveLength(more - 10);
    const { stdout } = await sluice('quota', 'mortal', '--json');
    const { messages } = JSON.parse(stdout);
    expect(messages.limits[0]).toEqual({ limit: 'messagesPerDay', allowed: 100, used: 100, left: 0 });
    expect(messages.over.messages).toBe(10);
    expect(messages.kept).toHaveLength(1);
    expect((await sluice('report', 'mortal')).stdout).toContain('(10 over the quota)');
  });

  test('that are kept are loaded by a replay, and are then no longer kept', async () => {
    const [run] = (await firstRuns()).filter(({ feeds }) => feeds.notes?.overQuota);
    const { exit, stdout } = await sluice('replay', run?.id as string, '--json');
    const replayed = JSON.parse(stdout);
    expect(replayed).toMatchObject({ of: run?.id, loaded: replayed.read - replayed.rejected });
    expect(exit).toBe(replayed.rejected > 0 ? 6 : 0);
    const over = run?.feeds.notes?.overQuota?.messages ?? 0;
    expect(replayed.loaded).toBeGreaterThanOrEqual(over);
    const kept = () => operator.registry('mortal').list(KEPT_PART);
    await until('the tick sees that all are loaded', async () => ((await kept()).length === 0 ? true : undefined));
    expect((await total()).read).toBe(told);
  });
});

test('one rejected message can be replayed alone, and is rejected again in a run of its own', async () => {
  const [rejected] = [...(await sender.messageRejections('notes')).values()].filter(({ code }) => code === 'SLU-2006');
  const run = (await firstRuns()).find(({ firstRejections }) =>
    firstRejections.some(({ position }) => position === rejected?.position),
  );
  const { exit, stdout } = await sluice('replay', run?.id as string, '--message', String(rejected?.position), '--json');
  expect(exit).toBe(6);
  expect(JSON.parse(stdout)).toMatchObject({ read: 1, loaded: 0, rejected: 1 });
  const shown = await sluice('rejects', JSON.parse(stdout).run);
  expect(shown.stdout).toContain('SLU-2006');
});

test('after the shards have changed everything is read again, and each message still counts once', async () => {
  const before = await runs();
  await aws(
    'kinesis',
    'update-shard-count',
    '--stream-name',
    'sluice-mortal',
    '--target-shard-count',
    '2',
    '--scaling-type',
    'UNIFORM_SCALING',
  );
  const since = Date.now();
  await until('an invocation that finds nothing new', async () => {
    const logged = await loggedSince('sluice-mortal-ingest-stream', since);
    return logged.some(({ records = 0, counts }) => records > 20 && counts?.read === 0) ? true : undefined;
  });
  const feedsOf = (all: readonly StreamRun[]) => new Map(all.map(({ id, feeds }) => [id, feeds]));
  expect(feedsOf(await runs())).toEqual(feedsOf(before));
});

test('the audit finds nothing', async () => {
  const { stdout } = await sluice('audit', 'mortal', '--json');
  expect(JSON.parse(stdout).disagreements).toEqual([]);
});
