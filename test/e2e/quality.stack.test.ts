import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quote } from '../../adapters/cassandra/cql.ts';
import type { FileRun } from '../../core/model/run.ts';
import { deployGuest } from '../support/guest.ts';
import { openSender, type Sender } from '../support/senders.ts';
import picky from '../support/tenants/picky/tenant.ts';
import { openOperator, sluice, until, upload } from '../support/user.ts';

/** What becomes of files that a feed's policy takes or refuses, uploaded as any file is and judged by deployed functions. */

let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;
let sender: Sender;

beforeAll(async () => {
  remove = await deployGuest(picky, join(import.meta.dirname, '..', 'support', 'tenants'));
  operator = await openOperator();
  sender = openSender('picky');
});
afterAll(async () => {
  await operator?.close();
  sender?.close();
  await remove?.();
});

async function sent(feed: string, name: string, rows: readonly string[], header = 'id,size'): Promise<FileRun> {
  await upload([header, ...rows].join('\n'), `s3://sluice-picky-staging/${feed}/${name}.csv`);
  return operator.settledRun('picky', feed, `${feed}/${name}.csv`);
}

async function rowsOf(table: string, prefix: string): Promise<Record<string, unknown>[]> {
  const { rows } = await operator.cassandra.execute(`SELECT * FROM picky.${quote(table)}`);
  return rows.map((row) => ({ ...row })).filter(({ id }) => String(id).startsWith(prefix));
}

const good = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}${at},${at % 9}`);
const told = async (...args: string[]) => {
  const { exit, stdout, stderr } = await sluice(...args, '--json');
  if (exit !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

describe('a feed that takes no file with a bad record', () => {
  test('loads one without', async () => {
    const run = await sent('strict', 'right', good('r', 5));
    expect(run).toMatchObject({
      state: 'loaded',
      counts: { read: 5, loaded: 5 },
      quality: { checked: { refusal: null } },
    });
    expect(await rowsOf('strict', 'r')).toHaveLength(5);
  });

  test('leaves no row of one with, and tells every bad record', async () => {
    const run = await sent('strict', 'wrong', [...good('w', 13_000), 'w-bad,x', 'w-huge,101', ',1']);
    expect(run).toMatchObject({
      state: 'refused',
      reason: { code: 'SLU-3026', message: /^3 of 13003 records are bad \(0.02 %\)/ },
      counts: { read: 0, loaded: 0, dropped: 0, rejected: 0 },
    });
    expect(await rowsOf('strict', 'w')).toEqual([]);
    const groups = await told('rejects', run.id);
    const found = groups.map(({ code, rule, count }: Record<string, unknown>) => [code, rule, count]);
    expect(found.toSorted()).toEqual([
      ['SLU-2003', null, 1],
      ['SLU-2004', null, 1],
      ['SLU-2018', 'huge', 1],
    ]);
    // The receipt follows the end.
    const receipt = await until('its receipt lies there', () =>
      told('receipts', 'show', run.id).catch(() => undefined),
    );
    expect(receipt).toMatchObject({
      state: 'refused',
      quality: { checked: { counts: { read: 13_003, rejected: 3 } } },
    });
    const { stdout } = await sluice('runs', 'show', run.id);
    expect(stdout).toContain('judged before   13003 read, 13000 good, 0 dropped, 3 bad');
    expect(stdout).toContain(`Next: sluice rejects ${run.id}`);
  });
});

test('a feed with a threshold takes a file up to it', async () => {
  const run = await sent('few', 'up-to-it', [...good('u', 3), 'u-bad,x']);
  expect(run).toMatchObject({ state: 'partial', counts: { read: 4, loaded: 3, rejected: 1 } });
  const beyond = await sent('few', 'beyond', [...good('b', 3), 'b-bad,x', 'b-bad,y']);
  expect(beyond).toMatchObject({ state: 'refused', reason: { code: 'SLU-3026', message: /allows 25 %/ } });
  expect(await rowsOf('few', 'b')).toEqual([]);
});

test('a feed that wants each key once refuses a file that has one twice, in more keys than memory takes, and names both records', async () => {
  const run = await sent('keyed', 'twice', [...good('t', 250_000), 't7,1']);
  expect(run).toMatchObject({
    state: 'refused',
    reason: { code: 'SLU-3027', message: /record 250001 after record 8$/ },
  });
  expect(run.firstRejections).toMatchObject([{ position: 250_001, line: 250_002, code: 'SLU-2021' }]);
  expect(await rowsOf('keyed', 't')).toEqual([]);
  const short = await sent('keyed', 'short', good('s', 1));
  expect(short).toMatchObject({ state: 'refused', reason: { message: /"min-rows" is broken: .*; there are 1$/ } });
});

test('rules count and reject, unknown columns are rescued, and drift is told', async () => {
  const rows = ['l1,5,a', 'l2,11,b', 'l3,101,c'];
  const run = await sent('loose', 'mixed', rows, 'id,size,colour');
  expect(run).toMatchObject({
    state: 'partial',
    counts: { read: 3, loaded: 2, rejected: 1 },
    quality: {
      rules: { odd: 2, huge: 1 },
      drift: { against: 'the contract', added: ['colour'] },
      columns: { size: { nulls: 0, min: 5, max: 11 }, rest: { nulls: 0 } },
      topRejected: [{ column: 'size', value: '101', count: 1 }],
    },
  });
  const stored = await rowsOf('loose', 'l');
  expect(new Map(stored.map(({ id, rest }) => [id, rest]))).toEqual(
    new Map([
      ['l1', new Map([['colour', 'a']])],
      ['l2', new Map([['colour', 'b']])],
    ]),
  );
});

test('messages are judged by the rules on records, and the quality of all is told by day', async () => {
  await sender.say(
    'one',
    [5, 11, 101].map((size) => JSON.stringify({ id: `m${size}`, size })),
  );
  const { loose } = await until('three messages are counted', async () => {
    const tallies = await operator.tallies('picky');
    return tallies.loose?.read === 3 ? { loose: tallies.loose } : undefined;
  });
  expect(loose).toEqual({ read: 3, loaded: 2, dropped: 0, rejected: 1 });
  const { feeds } = await told('quality', 'picky');
  const total = (name: string) => feeds.find(({ feed }: { feed: string }) => feed === name).total;
  expect(total('loose')).toMatchObject({ files: 1, messages: 3, read: 6, bad: 2, broken: { odd: 4, huge: 2 } });
  expect(total('strict')).toMatchObject({ files: 2, refused: 1, read: 13_008, bad: 3 });
  const { stdout } = await sluice('quality', 'picky', 'loose');
  expect(stdout).toMatch(/^odd +warn +4 +\d{4}-\d\d-\d\d +size is at most 10$/m);
});
