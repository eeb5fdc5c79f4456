import { describe, expect, test } from 'vitest';
import {
  notNull,
  oneOf,
  pattern,
  type RecordRule,
  type Rule,
  range,
  type Severity,
} from '../../../core/model/quality.ts';
import { RowError } from '../../../core/model/row.ts';
import { defineTable } from '../../../core/model/table.ts';
import { defineFeed } from '../../../core/model/tenant.ts';
import { ingestMessages } from '../../../core/pipeline/messages.ts';
import { transformer } from '../../../core/pipeline/transform.ts';
import { readings, tenantOf } from '../../support/tenant.ts';
import { ingestObject, memoryWorld, message } from '../../support/world.ts';

const table = defineTable({
  name: 'comments',
  columns: { id: 'text', upvotes: 'int', mood: 'text', price: 'decimal', day: 'date', at: 'timestamp' },
  partitionKey: ['id'],
});

/** Takes records through a feed whose transform hands every field on; `drop` and `twice` do as they say. */
function judged(quality: readonly Rule[], records: readonly Record<string, unknown>[], first = 5_000) {
  const feed = defineFeed({
    name: 'comments',
    description: '',
    formats: ['ndjson'],
    table,
    quality,
    transform({ values: { drop, twice, ...row } }) {
      if (drop) return null;
      return (twice ? [row, { ...row, upvotes: 0 }] : row) as never;
    },
  });
  const rows = records.map((values, index) => ({ position: index + 1, values, raw: JSON.stringify(values) }));
  return transformer(feed, { tenant: 't', origin: 'test' }, { first, least: 20, most: 3 })(rows);
}

const named = { name: 'min-upvotes', description: 'at least 50 upvotes', column: 'upvotes' };
const rule = (severity: Severity, changes: Partial<RecordRule> = {}): RecordRule => ({
  ...named,
  severity,
  record: (fields) => fields.integer('upvotes') >= 50,
  ...changes,
});

const few = { id: 'few', upvotes: 3 };
const many = { id: 'many', upvotes: 80 };

describe('a rule that is broken', () => {
  test('is counted when it warns, and its record is loaded', () => {
    const { transformed, rejected } = judged([rule('warn')], [few, many]);
    expect(transformed.map(({ broken }) => broken)).toEqual([['min-upvotes'], []]);
    expect(rejected).toEqual([]);
  });

  test.each<Severity>(['reject', 'refuse'])('costs its record when it is to %s', (severity) => {
    const { transformed, rejected } = judged([rule(severity)], [few, many]);
    expect(transformed.map(({ row }) => row.position)).toEqual([2]);
    expect(rejected).toEqual([
      {
        position: 1,
        stage: 'judge',
        code: 'SLU-2018',
        message: 'the rule "min-upvotes" is broken: at least 50 upvotes; column "upvotes" is 3',
        column: 'upvotes',
        value: '3',
        rules: ['min-upvotes'],
        raw: JSON.stringify(few),
      },
    ]);
  });

  test('is told with all others that the record breaks; the first that rejects gives the reason', () => {
    const angry = rule('reject', { name: 'calm', column: 'mood', record: () => false });
    const { rejected } = judged([rule('warn'), angry, rule('reject', { name: 'again' })], [{ ...few, mood: 'angry' }]);
    expect(rejected).toMatchObject([{ message: /"calm".*"angry"/, rules: ['calm', 'min-upvotes', 'again'] }]);
  });

  test('by a field that it reads and the record does not have, names that', () => {
    const { rejected } = judged([rule('reject')], [{ id: 'none' }]);
    expect(rejected).toMatchObject([
      { code: 'SLU-2018', column: 'upvotes', message: /"min-upvotes".*missing or empty/ },
    ]);
  });
});

describe('a rule judges', () => {
  test('nothing that the transform drops', () => {
    expect(judged([rule('reject')], [{ ...few, drop: true }]).transformed).toMatchObject([{ outputs: [], broken: [] }]);
  });

  test('every row that the transform makes of a record', () => {
    const each: Rule = { ...named, severity: 'reject', row: (row) => (row as typeof few).upvotes >= 50 };
    expect(judged([each], [{ ...many, twice: true }]).rejected).toMatchObject([{ message: /"upvotes" is 0/ }]);
  });
});

const UNFIT: readonly [what: string, record: NonNullable<RecordRule['record']>, message: RegExp][] = [
  ['throws', () => expect.fail('no'), /"min-upvotes" threw: AssertionError: no/],
  ['answers nothing', (() => {}) as never, /answered undefined, not true or false/],
  ['answers a number', (() => 1) as never, /answered 1, not/],
  ['answers a promise that fails', (() => Promise.reject(new Error('late'))) as never, /answered a promise/],
  ['is async', (async () => true) as never, /is async/],
  ['is a generator of the async kind', async function* () {} as never, /is async/],
];

describe('a rule cannot judge when it', () => {
  test.each(UNFIT)('%s: its record is rejected, even if it only warns', (_, record, message) => {
    const { transformed, rejected } = judged([rule('warn', { record })], [many]);
    expect(transformed).toEqual([]);
    expect(rejected).toMatchObject([{ code: 'SLU-2019', stage: 'judge', message, rules: ['min-upvotes'] }]);
  });

  test('does not return: the record is rejected, the ones beside it are loaded, and in the end patience is lost', () => {
    const patient = rule('warn', {
      record({ values }) {
        while (values.id === 'odd');
        return true;
      },
    });
    const odd = { id: 'odd' };
    const { transformed, rejected } = judged([patient], [many, odd, many], 40);
    expect(transformed).toHaveLength(2);
    expect(rejected).toMatchObject([
      { position: 2, code: 'SLU-2019', stage: 'judge', message: /"min-upvotes" did not return within 0.04 s/ },
    ]);
    expect(judged([patient], [odd, odd, odd, many], 40).refusal).toMatchObject({ code: 'SLU-2010' });
  });

  test('has lost its code', () => {
    expect(judged([{ ...named, severity: 'warn' }], [many]).rejected).toMatchObject([
      { code: 'SLU-2019', message: /has no code/ },
    ]);
  });

  test('throws a RowError that nobody foresaw: that is a no', () => {
    const thrown = rule('warn', {
      record() {
        throw new RowError('SLU-2004', 'unfit', 'mood');
      },
    });
    expect(judged([thrown], [many]).transformed).toMatchObject([{ broken: ['min-upvotes'] }]);
  });
});

const COMMON: readonly [
  rule: RecordRule<Readonly<Record<string, unknown>>>,
  kept: readonly object[],
  broken: readonly object[],
][] = [
  [notNull('mood'), [{ mood: '' }, { mood: 'calm' }], [{}, { mood: null }]],
  [
    range('upvotes', { min: 1, max: 3 }),
    [{}, { upvotes: null }, { upvotes: 1 }, { upvotes: 3 }],
    [{ upvotes: 0 }, { upvotes: 4 }],
  ],
  [range('price', { max: 10 }), [{ price: '9.99' }, { price: '10.00' }], [{ price: '10.01' }]],
  [range('day', { min: '2001-01-01' }), [{ day: '2001-01-01' }], [{ day: '2000-12-31' }]],
  [range('at', { min: new Date(1000) }), [{ at: new Date(1000) }], [{ at: new Date(999) }]],
  [pattern('mood', /^c/g), [{}, { mood: 'calm' }, { mood: 'cool' }, { mood: 'cold' }], [{ mood: 'angry' }]],
  [oneOf('mood', ['calm', 'angry']), [{}, { mood: 'calm' }], [{ mood: '' }, { mood: 'Calm' }]],
];

describe('the common rule', () => {
  test.each(COMMON)('$name is kept and broken as its description says', (common, kept, broken) => {
    const outcome = (values: object) => judged([common], [{ id: 'x', ...values }]).rejected.length;
    expect(kept.map(outcome)).toEqual(kept.map(() => 0));
    expect(broken.map(outcome)).toEqual(broken.map(() => 1));
  });

  test('says what it wants', () => {
    const told = COMMON.map(([{ name, description }]) => `${name}: ${description}`);
    expect(told).toEqual([
      'mood-not-null: mood is there',
      'upvotes-range: upvotes is at least 1 and at most 3',
      'price-range: price is at most 10',
      'day-range: day is at least 2001-01-01',
      'at-range: at is at least 1970-01-01T00:00:01.000Z',
      'mood-pattern: mood is a text like /^c/g',
      'mood-one-of: mood is one of calm, angry',
    ]);
  });
});

test('a rule that was interrupted, and is not reached again, is not blamed for the transform', () => {
  let calls = 0;
  const slow = rule('warn', {
    record() {
      while (++calls > 0);
      return true;
    },
  });
  const feed = defineFeed({
    name: 'comments',
    description: '',
    formats: ['ndjson'],
    table,
    quality: [slow],
    transform() {
      while (calls > 0);
      return { id: 'a' };
    },
  });
  const judge = transformer(feed, { tenant: 't', origin: 'test' }, { first: 40, least: 20, most: 3 });
  expect(judge([{ position: 1, values: {}, raw: '' }]).rejected).toMatchObject([
    { code: 'SLU-2010', stage: 'transform' },
  ]);
});

const warm = defineFeed({
  ...readings,
  quality: [range('value', { max: 30 }, 'warn'), range('value', { max: 50 }, 'reject')].map((each, index) => ({
    ...each,
    name: ['warm', 'hot'][index] as string,
  })),
});

test('messages are judged as files are, and counted once by rule', async () => {
  const world = memoryWorld(tenantOf({}, [warm]));
  const batch = [20, 40, 60].map((value, at) => message(at + 1, { sensor: 's', at, value }));
  await ingestMessages(batch, world.attempt());
  await ingestMessages(batch, world.attempt());
  const [run] = await world.ledger.streamRuns('2026-01-02');
  expect(run?.feeds.readings).toMatchObject({
    counts: { read: 3, loaded: 2, dropped: 0, rejected: 1 },
    rules: { warm: 2, hot: 1 },
  });
  expect(run?.firstRejections).toMatchObject([{ code: 'SLU-2018', rules: ['hot', 'warm'] }]);
});

test('a file’s rejections name the rules', async () => {
  const world = memoryWorld(tenantOf({}, [warm]));
  const object = world.upload('readings/a.csv', 'sensor,at,value\ns,1,20\ns,2,60\n');
  const run = await ingestObject(object, world.attempt());
  expect(run).toMatchObject({ state: 'partial', counts: { read: 2, loaded: 1, dropped: 0, rejected: 1 } });
  expect([...world.rejects().values()].flat()).toMatchObject([{ position: 2, rules: ['hot', 'warm'] }]);
});
