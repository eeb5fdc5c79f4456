import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namesOf } from '../../core/model/names.ts';
import { arrival, type FileDelivery, type FileRun } from '../../core/model/run.ts';
import { clientOptions } from '../../local/deploy.ts';
import { loadSettings } from '../../local/settings.ts';
import { deployGuest, emptyBuckets } from '../support/guest.ts';
import limited from '../support/tenants/limited/tenant.ts';
import { aws, openOperator, sluice, unique, until, withFolder } from '../support/user.ts';

/** What a tenant is promised about its files, on the real stack and by the commands that show it. */

const { staging, rejects, queue, deadLetters, ingestObject } = namesOf('limited');
let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;
let urls: { queue: string; deadLetters: string };

beforeAll(async () => {
  remove = await deployGuest(limited, join(import.meta.dirname, '..', 'support', 'tenants'));
  operator = await openOperator();
  const urlOf = async (name: string) => JSON.parse(await aws('sqs', 'get-queue-url', '--queue-name', name)).QueueUrl;
  urls = { queue: await urlOf(queue), deadLetters: await urlOf(deadLetters) };
});
afterAll(async () => {
  await operator?.close();
  await remove?.();
});

const csv = (...rows: string[]) => `id,size,ms\n${rows.join('\n')}\n`;
const rowsOf = (id: string, count: number, ms = '') =>
  csv(...Array.from({ length: count }, (_, index) => `${id}-${index},${index},${ms}`));

/** Runs a command to its document. */
async function command(...args: string[]) {
  const { exit, stdout, stderr } = await sluice(...args, '--json');
  return { exit, data: JSON.parse(stdout || 'null'), stderr };
}

/** `sluice upload limited <feed>` with files of these contents. */
const uploaded = (feed: string, contents: Readonly<Record<string, string>>, ...options: string[]) =>
  withFolder(async (folder) => {
    for (const [name, content] of Object.entries(contents)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return command('upload', 'limited', feed, folder, ...options);
  });

/** Puts an object without anybody hearing of it: the event is lost. */
async function putUnheard(key: string, content: string): Promise<FileDelivery> {
  const notify = ['s3api', 'put-bucket-notification-configuration', '--bucket', staging];
  const before = await aws('s3api', 'get-bucket-notification-configuration', '--bucket', staging);
  await aws(...notify, '--notification-configuration', '{}');
  try {
    return await withFolder(async (folder) => {
      const file = join(folder, 'unheard');
      await writeFile(file, content);
      const answer = await aws('s3api', 'put-object', '--bucket', staging, '--key', key, '--body', file);
      return arrival({ bucket: staging, key, versionId: JSON.parse(answer).VersionId });
    });
  } finally {
    await aws(...notify, '--notification-configuration', before);
  }
}

const deliver = (delivery: FileDelivery, url = urls.queue) =>
  aws('sqs', 'send-message', '--queue-url', url, '--message-body', JSON.stringify({ sluice: delivery }));

/** Hands deliveries to the function side by side: the emulator takes a queue's messages one after the other; AWS does not. */
async function atOnce(deliveries: readonly FileDelivery[]): Promise<void> {
  const client = new LambdaClient(clientOptions(loadSettings()));
  const invoke = (delivery: FileDelivery) => {
    const attributes = { ApproximateReceiveCount: '1' };
    const record = { messageId: '1', receiptHandle: 'none', attributes, body: JSON.stringify({ sluice: delivery }) };
    const Payload = JSON.stringify({ Records: [record] });
    return client.send(new InvokeCommand({ FunctionName: ingestObject, Payload }));
  };
  await Promise.all(deliveries.map(invoke));
  client.destroy();
}

const settledRuns = (feed: string, key: string, count: number): Promise<FileRun[]> =>
  until(`${count} runs of ${key}`, async () => {
    const runs = (await operator.runsOf('limited', feed)).filter(({ object }) => object.key === key);
    return runs.length >= count && runs.every(({ endedAt }) => endedAt) ? runs : undefined;
  });

const storedIds = async (prefix: string): Promise<string[]> => {
  const { rows } = await operator.cassandra.execute('SELECT id FROM limited.items');
  return rows
    .map((row) => String(row.get('id')))
    .filter((id) => id.startsWith(prefix))
    .sort();
};

const rowsUsed = async (): Promise<{ used: number; reserved: number; left: number }> => {
  const { data } = await command('quota', 'limited');
  return data.limits.find(({ limit }: { limit: string }) => limit === 'rowsPerDay');
};

describe('sluice upload', () => {
  test('tells what becomes of each file beforehand, sends what is taken, and follows it to its end', async () => {
    const id = unique('u');
    const files = {
      'good.csv': rowsOf(id, 3),
      'deep/partial.csv': csv(`${id}-a,1,`, `${id}-b,many,`),
      'notes.txt': 'hello',
      'empty.csv': '',
      'large.csv': rowsOf(id, 20_000),
    };
    const { exit, data } = await uploaded('items', files, '--as', id, '--wait');
    expect(exit).toBe(6);
    const states = Object.fromEntries(data.files.map(({ key, state }: { key: string; state: string }) => [key, state]));
    expect(states).toEqual({
      [`items/${id}/good.csv`]: 'loaded',
      [`items/${id}/deep/partial.csv`]: 'partial',
      [`items/${id}/notes.txt`]: 'refused',
      [`items/${id}/empty.csv`]: 'refused',
      [`items/${id}/large.csv`]: 'refused',
    });
    expect(await storedIds(id)).toEqual([`${id}-0`, `${id}-1`, `${id}-2`, `${id}-a`]);
  });

  test('sends nothing with --dry-run, and exits with 0 when all is loaded', async () => {
    const id = unique('u');
    expect(await uploaded('items', { 'a.csv': rowsOf(id, 1) }, '--as', id, '--dry-run')).toMatchObject({ exit: 0 });
    expect(await uploaded('items', { 'a.csv': rowsOf(id, 1) }, '--as', id, '--wait')).toMatchObject({ exit: 0 });
    expect(await settledRuns('items', `items/${id}/a.csv`, 1)).toHaveLength(1);
  });

  test('sends nothing when more files are given than the deployed profile takes in one upload', async () => {
    const id = unique('n');
    const files = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`${index}.csv`, rowsOf(id, 1)]));
    const { exit, data } = await uploaded('items', files, '--as', id);
    expect([exit, data.error.code]).toEqual([4, 'SLU-3018']);
    expect(data.error.message).toContain('7 files were given; the deployed profile of limited allows 6');
    const listed = await aws('s3api', 'list-objects-v2', '--bucket', staging, '--prefix', `items/${id}/`);
    expect(listed).not.toContain('"Key"');
  });

  test('names the nearest tenant and feed when there is none of the name', async () => {
    const tenant = await command('upload', 'limitd', 'items', '.');
    expect([tenant.exit, tenant.data.error.message]).toEqual([3, expect.stringContaining('did you mean limited?')]);
    const feed = await command('upload', 'limited', 'itmes', '.');
    expect([feed.exit, feed.data.error.message]).toEqual([3, expect.stringContaining('did you mean items?')]);
  });

  test('says until when a file is deferred, here and on the server', async () => {
    const id = unique('h');
    const { exit, data, stderr } = await uploaded('yearly', { 'a.csv': rowsOf(id, 1) }, '--as', id, '--wait');
    expect(exit).toBe(6);
    expect(data.files).toMatchObject([
      { state: 'deferred', reason: { code: 'SLU-3013' }, until: expect.stringContaining('-02-29T00:00') },
    ]);
    expect(stderr).toContain('1 deferred');
    const { data: quota } = await command('quota', 'limited');
    expect(quota.waiting).toMatchObject([{ key: `yearly/${id}/a.csv`, waitsFor: 'hours' }]);
    const { stdout } = await sluice('runs', 'limited', '--feed', 'yearly');
    expect(stdout).toMatch(/deferred to \d{4}-02-29T00:00Z/);
  });
});

describe('deliveries', () => {
  test('of one version, however many, give one run and count once', async () => {
    const id = unique('d');
    await uploaded('items', { 'a.csv': rowsOf(id, 4) }, '--as', id, '--wait');
    const before = await rowsUsed();
    const [run] = await settledRuns('items', `items/${id}/a.csv`, 1);
    const { object } = run as FileRun;
    await Promise.all([1, 2, 3].map(() => deliver(arrival(object))));
    await uploaded('items', { 'b.csv': rowsOf(id, 1) }, '--as', id, '--wait');
    expect(await settledRuns('items', `items/${id}/a.csv`, 1)).toEqual([run]);
    expect((await rowsUsed()).used).toBe(before.used + 1);
  });

  test('of a version that comes after a later one has loaded are superseded', async () => {
    const id = unique('s');
    const key = `items/${id}.csv`;
    const early = await putUnheard(key, csv(`${id}-early,1,`));
    await until('the next second', async () => (new Date().getMilliseconds() < 200 ? true : undefined));
    await uploaded('items', { [`${id}.csv`]: csv(`${id}-late,1,`) }, '--wait');
    await deliver(early);
    const runs = await settledRuns('items', key, 2);
    expect(runs.map(({ state }) => state).sort()).toEqual(['loaded', 'superseded']);
    expect(await storedIds(id)).toEqual([`${id}-late`]);
  });

  test('that never came are found by sluice backfill, once', async () => {
    const id = unique('b');
    await putUnheard(`items/${id}/lost.csv`, rowsOf(id, 2));
    const { data } = await command('backfill', 'limited', 'items', '--prefix', id);
    expect(data.sent.map(({ key }: { key: string }) => key)).toEqual([`items/${id}/lost.csv`]);
    await settledRuns('items', `items/${id}/lost.csv`, 1);
    expect((await command('backfill', 'limited', 'items', '--prefix', id)).data).toMatchObject({ looked: 1, sent: [] });
  });

  test('that were given up are listed with what they are about, stay there, and are redriven', async () => {
    const id = unique('q');
    await deliver(await putUnheard(`items/${id}.csv`, rowsOf(id, 2)), urls.deadLetters);
    for (let look = 0; look < 2; look++) {
      const { data } = await command('dlq', 'limited');
      expect(data).toMatchObject([{ key: `items/${id}.csv`, run: null, why: expect.stringContaining('no attempt') }]);
    }
    expect((await command('dlq', 'redrive', 'limited')).data).toMatchObject({ moved: 1 });
    expect((await settledRuns('items', `items/${id}.csv`, 1)).map(({ state }) => state)).toEqual(['loaded']);
    expect((await command('dlq', 'limited')).data).toEqual([]);
  });
});

describe('content and versions', () => {
  test('the same content under another name is skipped, and loaded all the same by a replay', async () => {
    const id = unique('c');
    const content = rowsOf(id, 2);
    await uploaded('once', { 'first.csv': content }, '--as', id, '--wait');
    const { exit, data } = await uploaded('once', { 'copy.csv': content }, '--as', id, '--wait');
    expect(exit).toBe(6);
    expect(data.files).toMatchObject([{ state: 'skipped', reason: { code: 'SLU-3014' } }]);
    expect(await command('replay', data.files[0].run, '--wait')).toMatchObject({ exit: 0 });
  });

  test('the same content at the same moment is loaded once: the others wait for the first, and are skipped', async () => {
    const id = unique('k');
    const content = rowsOf(id, 2, '2000');
    const deliveries: FileDelivery[] = [];
    for (const name of ['a', 'b', 'c']) deliveries.push(await putUnheard(`once/${id}-${name}.csv`, content));
    await atOnce(deliveries);
    const runs = await until('three runs that have ended', async () => {
      const mine = (await operator.runsOf('limited', 'once')).filter(({ object }) => object.key.includes(id));
      return mine.length === 3 && mine.every(({ endedAt }) => endedAt) ? mine : undefined;
    });
    expect(runs.map(({ state }) => state).sort()).toEqual(['loaded', 'skipped', 'skipped']);
    expect(runs.filter(({ attempt }) => attempt > 1).length).toBeGreaterThan(0);
  });

  test('a new version of a key deletes the rows that it has no more, where the profile says so', async () => {
    const id = unique('r');
    await uploaded('latest', { 'a.csv': csv(`${id}-1,1,`, `${id}-2,1,`) }, '--as', id, '--wait');
    await uploaded('latest', { 'a.csv': csv(`${id}-2,2,`, `${id}-3,2,`) }, '--as', id, '--wait');
    expect(await storedIds(id)).toEqual([`${id}-2`, `${id}-3`]);
  });
});

describe('replay and reset', () => {
  test('a replay is a run of its own with later write times; one of rejects keeps the times of its run', async () => {
    const id = unique('p');
    const { data } = await uploaded('items', { 'a.csv': csv(`${id}-1,1,`, `${id}-2,many,`) }, '--as', id, '--wait');
    const [{ run }] = data.files;
    const some = await command('replay', run, '--rejects-only', '--wait');
    expect(some).toMatchObject({ exit: 6, data: { generation: 1, ended: { counts: { read: 1, rejected: 1 } } } });
    const all = await command('replay', run, '--wait');
    expect(all).toMatchObject({ exit: 6, data: { generation: 2, ended: { counts: { read: 2, loaded: 1 } } } });
    const [first, rejectsOnly, whole] = (await settledRuns('items', `items/${id}/a.csv`, 3)).toSorted(
      (a, b) => a.generation - b.generation,
    ) as [FileRun, FileRun, FileRun];
    expect(rejectsOnly.writeTimeBase).toBe(first.writeTimeBase);
    expect(whole.writeTimeBase).toBeGreaterThan(first.writeTimeBase);
    expect(whole.digest).toBe(first.digest);
  });

  test('reset begins a refused run anew; what waits or is gone is refused with the reason', async () => {
    const id = unique('x');
    await withFolder(async (folder) => {
      await writeFile(join(folder, 'a.txt'), 'hello');
      await aws('s3', 'cp', '--no-progress', join(folder, 'a.txt'), `s3://${staging}/items/${id}.txt`);
    });
    const [refused] = (await settledRuns('items', `items/${id}.txt`, 1)) as [FileRun];
    const again = await command('runs', 'reset', refused.id, '--wait');
    expect(again).toMatchObject({ exit: 6, data: { generation: 1, ended: { state: 'refused' } } });

    const waiting = (await operator.runsOf('limited', 'yearly')).find(({ state }) => state === 'deferred');
    const early = await command('runs', 'reset', waiting?.id ?? 'none');
    expect([early.exit, early.data.error.message]).toEqual([2, expect.stringContaining('waits until')]);

    const { key, versionId } = refused.object;
    await aws('s3api', 'delete-object', '--bucket', staging, '--key', key, '--version-id', versionId);
    const gone = await command('replay', refused.id);
    expect([gone.exit, gone.data.error.code]).toEqual([3, 'SLU-3005']);
  });
});

test('every file has a receipt, in the bucket and by sluice receipts', async () => {
  const id = unique('e');
  const { data } = await uploaded('items', { 'a.csv': rowsOf(id, 2) }, '--as', id, '--wait');
  const [{ run }] = data.files;
  const { data: receipt } = await until('the receipt', async () => {
    const shown = await command('receipts', 'show', run);
    return shown.exit === 0 ? shown : undefined;
  });
  expect(receipt).toMatchObject({ run, tenant: 'limited', state: 'loaded', counts: { read: 2, loaded: 2 } });
  const { data: all } = await command('receipts', 'limited', '--feed', 'items');
  expect(all.map((each: { run: string }) => each.run)).toContain(run);
  expect(await aws('s3', 'ls', '--recursive', `s3://${rejects}/receipts/items/`)).toContain(`${run}.json`);
});

test('files beyond those that are loaded at once wait for their turn, and are let in by the end of another', async () => {
  const id = unique('t');
  const deliveries: FileDelivery[] = [];
  for (const name of ['a', 'b', 'c']) {
    deliveries.push(await putUnheard(`items/${id}-${name}.csv`, rowsOf(`${id}-${name}`, 2, '3000')));
  }
  await atOnce(deliveries);
  const ofMine = ({ object }: FileRun) => object.key.startsWith(`items/${id}`);
  const runs = await until('three runs that have ended', async () => {
    const mine = (await operator.runsOf('limited', 'items')).filter(ofMine);
    return mine.length === 3 && mine.every(({ endedAt }) => endedAt) ? mine : undefined;
  });
  expect(runs.map(({ state }) => state)).toEqual(['loaded', 'loaded', 'loaded']);
  const [waited] = runs.filter(({ attempt }) => attempt > 1);
  const others = runs.filter((run) => run !== waited).map(({ endedAt }) => endedAt?.getTime() ?? 0);
  // It begins when another has ended, and not after the minute that it would wait unheard.
  const began = waited?.startedAt.getTime() ?? 0;
  expect(began).toBeGreaterThanOrEqual(Math.min(...others));
  expect(began).toBeLessThan(Math.min(...others) + 30_000);
  const listed = await aws('s3', 'ls', '--recursive', `s3://${rejects}/receipts/items/`);
  expect(listed).toContain(`${waited?.id}.deferred.json`);
});

test('simultaneous files never go beyond the quota of the day; what is left over waits for the next', async () => {
  const id = unique('z');
  const { left } = await rowsUsed();
  // Three of these fit and no four.
  const rows = Math.min(400, Math.floor(left / 3.5));
  const names = Array.from({ length: 6 }, (_, index) => `${index}.csv`);
  const files = Object.fromEntries(names.map((name) => [name, rowsOf(`${id}-${name}`, rows)]));
  const { exit, data } = await uploaded('items', files, '--as', id, '--wait');
  expect(exit).toBe(6);
  const fit = Math.floor(left / rows);
  const states = data.files.map(({ state }: { state: string }) => state).sort();
  expect(states).toEqual([...Array(6 - fit).fill('deferred'), ...Array(fit).fill('loaded')]);
  const after = await rowsUsed();
  expect(after).toMatchObject({ left: left - fit * rows, reserved: 0 });
  const { data: quota } = await command('quota', 'limited');
  const waiting = quota.waiting.filter(({ waitsFor }: { waitsFor: string }) => waitsFor === 'quota');
  expect(waiting).toHaveLength(6 - fit);
});

test('a run that failed for a passing reason says when it is tried again, and is tried then', async () => {
  const id = unique('w');
  const { data } = await uploaded('items', { 'a.csv': csv(`${id}-1,1,`, `${id}-2,many,`) }, '--as', id, '--wait');
  const [{ run }] = data.files;
  // Its receipt comes behind its end; a function that finds no bucket for it waits, and takes nothing else meanwhile.
  await until('its receipt', async () => ((await command('receipts', 'show', run)).exit === 0 ? true : undefined));
  // Its rejects cannot be read: their bucket is away. What others tell may come until it is.
  await until('the bucket is away', async () => {
    await emptyBuckets([rejects]);
    const { exit, stderr } = await sluice('aws', 's3api', 'delete-bucket', '--bucket', rejects);
    // Of a slow answer the AWS CLI asks again, and finds the bucket gone.
    return exit === 0 || stderr.includes('NoSuchBucket') ? true : undefined;
  });
  const { data: again } = await command('replay', run, '--rejects-only');
  const retrying = await until('it is to be tried again', async () => {
    const { data: shown } = await command('runs', 'show', again.run);
    return shown?.state === 'retrying' ? shown : undefined;
  });
  expect(retrying).toMatchObject({ attempt: expect.any(Number), reason: { code: 'SLU-5002' } });
  expect(Date.parse(retrying.nextTryAt)).toBeGreaterThan(Date.parse(retrying.startedAt));
  const { stdout } = await sluice('runs', 'show', again.run);
  expect(stdout).toMatch(/retrying after attempt \d, next at \d\d:\d\d:\d\dZ|running/);
  await aws('s3api', 'create-bucket', '--bucket', rejects);
  const ended = await until('it is tried again', async () => {
    const { data: shown } = await command('runs', 'show', again.run);
    return shown?.endedAt ? shown : undefined;
  });
  // Its rejects went with the bucket.
  expect(ended).toMatchObject({ state: 'loaded', counts: { read: 0 }, nextTryAt: null });
  expect(ended.attempt).toBeGreaterThan(retrying.attempt);
  // Each try waits twice as long as the one before: a busy machine comes to the fourth.
}, 300_000);
