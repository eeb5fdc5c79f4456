import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namesOf } from '../../core/model/names.ts';
import { balanced, type Counts, type Rejection } from '../../core/model/row.ts';
import { NO_FEED, type RunState } from '../../core/model/run.ts';
import { openSender, type Sender } from '../support/senders.ts';
import { aws, openOperator, unique, until, withFolder } from '../support/user.ts';

/** What a stranger does on the first day: each ends in a run or a rejection that says what, where and how to go on. */

const id = unique('H');
const senders = { aviation: openSender('aviation'), wildlife: openSender('wildlife') };
type TenantId = keyof typeof senders;
let operator: Awaited<ReturnType<typeof openOperator>>;
const before = new Map<Sender, { givenUp: number; queued: number }>();

const each = async (work: (sender: Sender, tenant: TenantId) => Promise<void>) => {
  for (const [tenant, sender] of Object.entries(senders)) await work(sender, tenant as TenantId);
};

let flights = 0;
const flight = (more: Record<string, unknown> = {}) => ({
  flight_id: `${id}-${++flights}`,
  date: '1998-03-01T08:15:00Z',
  delay: 20,
  distance: 2176,
  origin: 'LAS',
  destination: 'PHL',
  ...more,
});
const FLIGHT_COLUMNS = 'flight_id,date,delay,distance,origin,destination';
const csvOf = (...rows: Record<string, unknown>[]) =>
  [FLIGHT_COLUMNS, ...rows.map((row) => Object.values(row).join(','))].join('\n');
const one = () => csvOf(flight());
const bytes = (...parts: (string | Uint8Array)[]) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const latin1 = (text: string) => Buffer.from(text, 'latin1');

const STRIKE_COLUMNS =
  'Airport Name,Aircraft Make Model,Effect Amount of damage,Flight Date,Aircraft Airline Operator,Origin State,Phase of flight,Wildlife Size,Wildlife Species,Time of day,Cost Other,Cost Repair,Cost Total $,Speed IAS in knots';
const strike = (airport: string, day = '1991-06-22') =>
  `${airport},C-141B,None,${day},MILITARY,South Carolina,Approach,Medium,Turkey vulture,Day,0,10,10,200`;

interface FileCase {
  readonly what: string;
  /** Key below the bucket; `NAME` is replaced by a name of this run. */
  readonly key: string;
  readonly content: string | Uint8Array;
  readonly tenant?: TenantId;
  /** The feed whose ledger has the run; the first folder of the key when absent. */
  readonly feed?: string;
  readonly state: RunState;
  /** `[read, loaded, dropped, rejected]` */
  readonly counts: readonly [number, number, number, number];
  /** Code and text of a refusal's reason, or of the first rejection. */
  readonly says?: readonly [code: string, text: RegExp];
}

const nothing = [0, 0, 0, 0] as const;
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
const CASES: readonly FileCase[] = [
  {
    what: 'a folder that is nearly a feed',
    key: 'flight/NAME.csv',
    content: one(),
    feed: NO_FEED,
    state: 'refused',
    counts: nothing,
    says: ['SLU-3001', /"flight\/H-.*did you mean flights\//],
  },
  {
    what: 'a folder that is no feed at all',
    key: 'quarterly-budget/NAME.csv',
    content: one(),
    feed: NO_FEED,
    state: 'refused',
    counts: nothing,
    says: ['SLU-3001', /flights\/, airports\//],
  },
  {
    what: 'a file at the root of the bucket',
    key: 'NAME.csv',
    content: one(),
    feed: NO_FEED,
    state: 'refused',
    counts: nothing,
    says: ['SLU-3001', /upload under one of: flights\//],
  },
  {
    what: 'an unknown folder of the other tenant',
    key: 'strike/NAME.csv',
    content: strike('A'),
    tenant: 'wildlife',
    feed: NO_FEED,
    state: 'refused',
    counts: nothing,
    says: ['SLU-3001', /did you mean strikes\//],
  },
  {
    what: 'an extension that the feed does not take',
    key: 'flights/NAME.xlsx',
    content: 'PK',
    state: 'refused',
    counts: nothing,
    says: ['SLU-3002', /\.csv, \.ndjson/],
  },
  {
    what: 'an empty file',
    key: 'flights/NAME-empty.csv',
    content: '',
    state: 'refused',
    counts: nothing,
    says: ['SLU-3004', /0 bytes/],
  },
  {
    what: 'an empty file of the other tenant',
    key: 'strikes/NAME-empty.ndjson',
    content: '',
    tenant: 'wildlife',
    state: 'refused',
    counts: nothing,
    says: ['SLU-3004', /0 bytes/],
  },
  {
    what: 'a file of blank lines',
    key: 'flights/NAME-blank.csv',
    content: '\ufeff\r\n\n  \n',
    state: 'refused',
    counts: nothing,
    says: ['SLU-3009', /no header|no columns|has no name/],
  },
  {
    what: 'a header without records: a day on which nothing happened',
    key: 'flights/NAME-header.csv',
    content: `${FLIGHT_COLUMNS}\n`,
    state: 'loaded',
    counts: nothing,
  },
  {
    what: 'a file with the line ends of old Macs',
    key: 'flights/NAME-mac.csv',
    content: one().replaceAll('\n', '\r'),
    state: 'refused',
    counts: nothing,
    says: ['SLU-3009', /line 1: .*carriage return/],
  },
  {
    what: 'a header with a column twice',
    key: 'flights/NAME-twice.csv',
    content: 'flight_id,date,date\n1,2,3',
    state: 'refused',
    counts: nothing,
    says: ['SLU-3009', /column "date" is there twice/],
  },
  {
    what: 'a header in Latin-1',
    key: 'flights/NAME-header-latin1.csv',
    content: bytes(latin1('flight_id,délai\n'), 'x,1\n'),
    state: 'refused',
    counts: nothing,
    says: ['SLU-3006', /line 1: the header .*not UTF-8/],
  },
  {
    what: 'records in Latin-1 among good ones',
    key: 'flights/NAME-latin1.csv',
    content: bytes(one(), '\n', latin1('né,1998-03-01,1,100,LAS,PHL\n'), Object.values(flight()).join(',')),
    state: 'partial',
    counts: [3, 2, 0, 1],
    says: ['SLU-3006', /line 3: the record holds bytes that are not UTF-8/],
  },
  {
    what: 'a record in Latin-1 of the other tenant',
    key: 'strikes/NAME-latin1.csv',
    content: bytes(`${STRIKE_COLUMNS}\n${strike(id)}\n`, latin1(`${strike('Montréal')}\n`)),
    tenant: 'wildlife',
    state: 'partial',
    counts: [2, 1, 0, 1],
    says: ['SLU-3006', /line 3/],
  },
  {
    what: 'UTF-16 with a byte order mark',
    key: 'flights/NAME-utf16.csv',
    content: bytes(Buffer.from([0xff, 0xfe]), Buffer.from(one(), 'utf16le')),
    state: 'refused',
    counts: nothing,
    says: ['SLU-3006', /UTF-16/],
  },
  {
    what: 'UTF-16 without one',
    key: 'flights/NAME-utf16-bare.ndjson',
    content: Buffer.from(JSON.stringify(flight()), 'utf16le'),
    state: 'refused',
    counts: nothing,
    says: ['SLU-3006', /UTF-16/],
  },
  {
    what: 'a picture that is called CSV',
    key: 'flights/NAME-png.csv',
    content: PNG,
    state: 'refused',
    counts: nothing,
    says: ['SLU-3006', /binary/],
  },
  {
    what: 'ragged records',
    key: 'flights/NAME-ragged.csv',
    content: `${csvOf(flight())}\n1,2\n${Object.values(flight()).join(',')},,\n${Object.values(flight()).join(',')}`,
    state: 'partial',
    counts: [4, 2, 0, 2],
    says: ['SLU-2002', /line 3: 2 columns where the header has 6/],
  },
  {
    what: 'a quote that is never closed',
    key: 'strikes/NAME-quote.csv',
    content: `${STRIKE_COLUMNS}\n"${strike('X')}\n${strike(`${id} B`)}\n`,
    tenant: 'wildlife',
    state: 'partial',
    counts: [2, 1, 0, 1],
    says: ['SLU-2001', /line 2: the quote in column 1 is never closed/],
  },
  {
    what: 'broken JSON lines',
    key: 'flights/NAME-broken.ndjson',
    content: [
      JSON.stringify(flight()),
      '{"flight_id": ',
      '[1, 2]',
      'null',
      '"text"',
      JSON.stringify(flight()),
      '',
    ].join('\n'),
    state: 'partial',
    counts: [6, 2, 0, 4],
    says: ['SLU-2001', /line 2: not JSON/],
  },
  {
    what: 'a missing key column, in CSV',
    key: 'flights/NAME-key.csv',
    content: csvOf(flight({ flight_id: '' }), flight()),
    state: 'partial',
    counts: [2, 1, 0, 1],
    says: ['SLU-2003', /column "flight_id" is missing or empty/],
  },
  {
    what: 'a missing key column, in JSON',
    key: 'flights/NAME-key.ndjson',
    content: `{"flight_id":"x","date":"1998-03-01","delay":1,"distance":100,"destination":"PHL"}\n${JSON.stringify(flight())}`,
    state: 'partial',
    counts: [2, 1, 0, 1],
    says: ['SLU-2003', /column "origin" is missing or empty/],
  },
  {
    what: 'values of a wrong type',
    key: 'flights/NAME-type.ndjson',
    content: [
      flight({ delay: { minutes: 5 } }),
      flight({ delay: '20 min' }),
      flight({ date: 'yesterday' }),
      flight({ distance: 12.5 }),
      flight(),
    ]
      .map((row) => JSON.stringify(row))
      .join('\n'),
    state: 'partial',
    counts: [5, 1, 0, 4],
    says: ['SLU-2004', /column "delay": \{"minutes":5\} is not a number/],
  },
  {
    what: 'a date that no calendar has, of the other tenant',
    key: 'strikes/NAME-date.csv',
    content: `${STRIKE_COLUMNS}\n${strike('X', '1991-02-30')}\n${strike(`${id} C`)}\n`,
    tenant: 'wildlife',
    state: 'partial',
    counts: [2, 1, 0, 1],
    says: ['SLU-2004', /column "Flight Date" \(date\): "1991-02-30"/],
  },
  {
    what: 'a number beyond all bounds inside a wrong value',
    key: 'flights/NAME-bigint.ndjson',
    content: `${JSON.stringify(flight()).replace('20', '{"n":12345678901234567890}')}\n${JSON.stringify(flight())}`,
    state: 'partial',
    counts: [2, 1, 0, 1],
    says: ['SLU-2004', /column "delay": \{"n":"12345678901234567890"\}/],
  },
  {
    what: 'a key value that is larger than Cassandra takes',
    key: 'flights/NAME-huge-key.csv',
    content: csvOf(flight({ flight_id: 'é'.repeat(40_000) }), flight()),
    state: 'partial',
    counts: [2, 1, 0, 1],
    says: ['SLU-2008', /./],
  },
  {
    what: 'a record that is longer than the platform reads',
    key: 'flights/NAME-long.ndjson',
    content: `${JSON.stringify(flight({ note: 'x'.repeat(300_000) }))}\n${JSON.stringify(flight())}`,
    state: 'partial',
    counts: [2, 1, 0, 1],
    says: ['SLU-2009', /line 1: the record is longer than 65536 characters/],
  },
  {
    what: 'a file beyond the profile’s limit',
    key: 'strikes/NAME-large.csv',
    content: Buffer.alloc(10_000_001, 0x61),
    tenant: 'wildlife',
    state: 'refused',
    counts: nothing,
    says: ['SLU-3003', /10000001 bytes; the profile allows 10000000/],
  },
];

/** Keys that are names of files too: one `aws s3 cp --recursive` takes them all. */
const FILE_NAMES = [
  'a name with blanks',
  'plus+plus',
  'per%cent and %20',
  'slash%2Fencoded',
  'caf\u00e9 composed',
  'cafe\u0301 decomposed',
  'emoji 🦆 and 漢字',
  '"double" and \'single\' quotes',
  'ampersand&question?hash#semicolon;equals=comma,',
  '$(date) `id` $HOME %s {0}',
  '..dots..',
  '<script>alert(1)</script>'.replaceAll('/', '∕'),
];
/** Keys that a file system has no name for. */
const ODD_KEYS: readonly [what: string, key: string, feed: string, code?: string][] = [
  ['a folder up inside the feed', 'flights/../NAME.csv', 'flights'],
  ['a folder up and out', '../../flights/NAME.csv', NO_FEED, 'SLU-3001'],
  ['a slash in front', '/flights/NAME.csv', NO_FEED, 'SLU-3001'],
  ['two slashes', 'flights//NAME.csv', 'flights'],
  ['a tab and a line end', 'flights/NAME\ttab.csv', 'flights'],
  ['an encoded slash after the folder', 'flights%2FNAME.csv', NO_FEED, 'SLU-3001'],
];
const long = (name: string) => {
  const start = `flights/${name}-`;
  return `${start}${'ü'.repeat((1024 - start.length - 4) / 2)}${(1024 - start.length) % 2 ? 'x' : ''}.csv`;
};
const named = (key: string) => key.replace('NAME', id);

beforeAll(async () => {
  operator = await openOperator();
  await each(async (sender) => {
    before.set(sender, { givenUp: await sender.givenUp(), queued: await sender.queued() });
  });
  await withFolder(async (folder) => {
    for (const name of FILE_NAMES) {
      const file = join(folder, id, `${name}.csv`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, one());
    }
    await aws('s3', 'cp', '--recursive', '--quiet', folder, `s3://${namesOf('aviation').staging}/flights/`);
  });
  const puts = [
    ...CASES.map(({ key, content, tenant = 'aviation' }) => senders[tenant].put(named(key), content)),
    ...ODD_KEYS.map(([, key]) => senders.aviation.put(named(key), one())),
    senders.aviation.put(long(id), one()),
  ];
  await Promise.all(puts);
});
afterAll(async () => {
  await operator.close();
  await each(async (sender) => sender.close());
});

describe('files', () => {
  test.each(CASES)('$what', async ({ key, tenant = 'aviation', feed, state, counts, says }) => {
    const run = await operator.settledRun(tenant, feed ?? (key.split('/')[0] as string), named(key));
    expect({ state: run.state, counts: Object.values(run.counts) }).toEqual({ state, counts });
    expect(balanced(run.counts)).toBe(true);
    if (!says) return expect(run.reason).toBeNull();
    const said = run.reason ?? run.firstRejections[0];
    expect(said?.code).toBe(says[0]);
    const place = said && 'line' in said ? `line ${said.line}: ` : '';
    expect(`${place}${said?.message}`).toMatch(says[1]);
  });

  test.each(FILE_NAMES)('the file name %s', async (name) => {
    const run = await operator.settledRun('aviation', 'flights', `flights/${id}/${name}.csv`);
    expect(run.state).toBe('loaded');
    expect(run.counts.loaded).toBe(1);
  });

  test.each(ODD_KEYS)('the key with %s', async (_, key, feed, code) => {
    const run = await operator.settledRun('aviation', feed, named(key));
    expect(run.reason?.code).toBe(code);
    expect(run.counts.loaded).toBe(code ? 0 : 1);
  });

  test('the longest key that S3 takes', async () => {
    expect(Buffer.byteLength(long(id))).toBe(1024);
    expect((await operator.settledRun('aviation', 'flights', long(id))).state).toBe('loaded');
  });

  test('an object that was deleted before it was read', async () => {
    const key = `flights/${id}-deleted.csv`;
    // Put where no notification goes to any function in time: the version is gone before anybody is told of it.
    const version = await senders.aviation.put(`quarantine/${id}.csv`, one());
    await senders.aviation.remove(`quarantine/${id}.csv`, version);
    await senders.aviation.notify(key, version);
    const run = await operator.settledRun('aviation', 'flights', key);
    expect(run).toMatchObject({ state: 'refused', reason: { code: 'SLU-3005' } });
  });

  test('an object encrypted with a key that its uploader kept', async () => {
    const key = `flights/${id}-sealed.csv`;
    await senders.aviation.putSealed(key, one());
    const run = await operator.settledRun('aviation', 'flights', key);
    expect(run).toMatchObject({
      state: 'refused',
      reason: { code: 'SLU-3011', message: expect.stringContaining('SSE-C') },
    });
  });

  test('an object below a delete marker is still read: its version is there', async () => {
    const key = `flights/${id}-marked.csv`;
    await senders.aviation.put(key, one());
    await aws('s3', 'rm', `s3://${namesOf('aviation').staging}/${key}`);
    expect((await operator.settledRun('aviation', 'flights', key)).state).toBe('loaded');
  });
});

interface MessageCase {
  readonly what: string;
  readonly data: string | Uint8Array;
  readonly feed?: string;
  readonly says: readonly [code: string, text: RegExp];
}

const MESSAGES: Readonly<Record<TenantId, readonly MessageCase[]>> = {
  aviation: [
    { what: 'no JSON', data: 'flight_id=7&delay=3', says: ['SLU-2001', /not JSON/] },
    { what: 'JSON cut short', data: '{"flight_id": "7", "del', says: ['SLU-2001', /not JSON/] },
    { what: 'a list', data: '[{"flight_id": 7}]', says: ['SLU-2001', /not an array/] },
    { what: 'a number', data: '42', says: ['SLU-2001', /not a number/] },
    { what: 'null', data: 'null', says: ['SLU-2001', /not null/] },
    { what: 'nothing at all', data: '', says: ['SLU-2001', /empty/] },
    { what: 'blanks', data: ' \n', says: ['SLU-2001', /empty/] },
    { what: 'Latin-1', data: latin1('{"flight_id": "é"}'), says: ['SLU-3006', /not UTF-8/] },
    { what: 'UTF-16', data: Buffer.from('{"flight_id": "7"}', 'utf16le'), says: ['SLU-2001', /./] },
    { what: 'a picture', data: PNG, says: ['SLU-3006', /not UTF-8/] },
    {
      what: '1 MiB',
      data: Buffer.alloc(1_048_576 - 64, 0x20),
      says: ['SLU-2009', /1048512 bytes; the profile allows 10000/],
    },
    {
      what: 'a feed nearly known',
      data: '{"feed": "flihgts", "message": {}}',
      says: ['SLU-3008', /"flihgts"; did you mean flights\?/],
    },
    { what: 'a feed unknown', data: '{"feed": "orders", "message": {}}', says: ['SLU-3008', /flights, airports/] },
    {
      what: 'a feed that is an object',
      data: '{"feed": {"name": "flights"}, "message": {}}',
      says: ['SLU-3008', /flights, airports/],
    },
    {
      what: 'a feed that is a number beyond 2^53',
      data: '{"feed": 12345678901234567890, "message": {}}',
      says: ['SLU-3008', /12345678901234567890/],
    },
    {
      what: 'a feed as long as the message',
      data: JSON.stringify({ feed: 'x'.repeat(9000), message: {} }),
      says: ['SLU-3008', /x…/],
    },
    {
      what: 'a sink nearly known',
      data: '{"sink": "casandra", "message": {}}',
      says: ['SLU-3030', /"casandra"; did you mean cassandra\?/],
    },
    {
      what: 'deep nesting',
      data: `{"delay": ${'['.repeat(4000)}1234567890123456${']'.repeat(4000)}}`,
      says: ['SLU-2012', /nested/],
    },
    {
      what: 'a missing key column',
      data: JSON.stringify(flight({ origin: null })),
      feed: 'flights',
      says: ['SLU-2003', /column "origin" is missing or empty/],
    },
    {
      what: 'a wrong type',
      data: JSON.stringify(flight({ delay: true })),
      feed: 'flights',
      says: ['SLU-2004', /column "delay": true is not a number/],
    },
    {
      what: 'names of JavaScript’s own',
      data: '{"__proto__": {"feed": "x"}, "constructor": 1, "toString": 2}',
      feed: 'flights',
      says: ['SLU-2003', /column "origin"/],
    },
  ],
  wildlife: [
    { what: 'no JSON', data: '<strike/>', says: ['SLU-2001', /not JSON/] },
    { what: 'a feed of another tenant', data: '{"feed": "flights", "message": {}}', says: ['SLU-3008', /strikes/] },
    {
      what: 'an empty object',
      data: '{}',
      feed: 'strikes',
      says: ['SLU-2003', /column "Airport Name" is missing or empty/],
    },
  ],
};

describe.each(Object.keys(MESSAGES) as TenantId[])('messages of %s', (tenant) => {
  const sender = senders[tenant];
  const cases = MESSAGES[tenant];
  let positions: string[] = [];
  let rejections: ReadonlyMap<string, Rejection>;
  let before: Counts;
  const total = async (): Promise<Counts> =>
    Object.values(await operator.tallies(tenant)).reduce(
      (sum, counts) => ({
        read: sum.read + counts.read,
        loaded: sum.loaded + counts.loaded,
        dropped: sum.dropped + counts.dropped,
        rejected: sum.rejected + counts.rejected,
      }),
      { read: 0, loaded: 0, dropped: 0, rejected: 0 },
    );
  const good = (): string =>
    tenant === 'aviation'
      ? JSON.stringify(flight())
      : JSON.stringify(
          Object.fromEntries(
            STRIKE_COLUMNS.split(',').map((name, at) => [name, strike(unique(id)).split(',')[at] as string]),
          ),
        );

  beforeAll(async () => {
    before = await total();
    positions = await sender.say(id, [good(), ...cases.map(({ data }) => data), good()]);
    await until(`${positions.length} messages more in the ledger`, async () =>
      (await total()).read >= before.read + positions.length ? true : undefined,
    );
    const feeds = [...new Set(cases.map(({ feed = NO_FEED }) => feed))];
    rejections = new Map((await Promise.all(feeds.map(sender.messageRejections))).flatMap((found) => [...found]));
  });

  test.each(cases.map((one, index) => ({ ...one, index })))('$what', ({ index, says }) => {
    const rejection = rejections.get(positions[index + 1] as string);
    expect(rejection?.code).toBe(says[0]);
    expect(rejection?.message).toMatch(says[1]);
  });

  test('the good messages around them are loaded, each is counted once, and the counts balance', async () => {
    const after = await total();
    expect(balanced(after)).toBe(true);
    expect(after).toEqual({
      read: before.read + cases.length + 2,
      loaded: before.loaded + 2,
      dropped: before.dropped,
      rejected: before.rejected + cases.length,
    });
  });

  test('the next good message goes through', async () => {
    const { loaded } = await total();
    await sender.say(id, [good()]);
    await until('one more message loaded', async () => ((await total()).loaded > loaded ? true : undefined), 30_000);
  });
});

test('afterwards nothing waits, nothing is given up, and every good row is there once', async () => {
  await each(async (sender, tenant) => {
    const { givenUp = 0, queued = 0 } = before.get(sender) ?? {};
    const drained = async () => ((await sender.queued()) <= queued ? true : undefined);
    await until(`the queue of ${tenant} is as empty as before`, drained, 30_000);
    expect(await sender.givenUp()).toBe(givenUp);
  });
  const query = "SELECT flight_id FROM aviation.flights_by_origin WHERE origin = 'LAS' AND day = '1998-03-01'";
  const { rows } = await operator.cassandra.execute(query, [], { prepare: true, fetchSize: 10_000 });
  const ids = rows.map((row) => String(row.get('flight_id'))).filter((name) => name.startsWith(`${id}-`));
  expect(new Set(ids).size).toBe(ids.length);
  const inCases = CASES.filter(({ tenant = 'aviation' }) => tenant === 'aviation').map(({ counts }) => counts[1]);
  const inKeys = FILE_NAMES.length + ODD_KEYS.filter(([, , , code]) => !code).length;
  const longAndMarked = 2;
  const messages = 3;
  expect(ids).toHaveLength(inCases.reduce((sum, loaded) => sum + loaded, 0) + inKeys + longAndMarked + messages);
});
