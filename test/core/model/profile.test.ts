import { describe, expect, test } from 'vitest';
import { opensAt } from '../../../core/control/hours.ts';
import { capped } from '../../../core/model/capped.ts';
import { caps } from '../../../core/model/caps.ts';
import { scalarTypes } from '../../../core/model/column-types.ts';
import { problemsBetween, problemsOf } from '../../../core/model/profile.ts';
import { placeOf } from '../../../core/model/profile-place.ts';
import { freshness, minRows, notNull, nullShare, oneOf, pattern, range, unique } from '../../../core/model/quality.ts';
import type { Tenant } from '../../../core/model/tenant.ts';
import { tenants } from '../../../tenants/index.ts';
import { problemLines, profileProblems } from '../../../tenants/problems.ts';
import { limits, readings, readingsTable, tenantOf } from '../../support/tenant.ts';

/** A profile with one thing changed, however wrong. */
// biome-ignore lint/suspicious/noExplicitAny: a mistake can be anywhere
const wrong = (change: (profile: Record<string, any>) => void): Tenant => {
  const good = tenantOf();
  const profile = {
    ...good,
    limits: { ...good.limits },
    stream: { ...good.stream },
    feeds: good.feeds.map((feed) => ({ ...feed, table: { ...feed.table } })),
  };
  change(profile);
  return profile;
};
const table = (change: Record<string, unknown>) =>
  wrong((profile) => {
    for (const feed of profile.feeds) feed.table = { ...feed.table, ...change };
  });
const ruled = (...quality: unknown[]) => wrong((p) => (p.feeds[0].quality = quality));
const contracted = (contract: unknown) => wrong((p) => (p.feeds[0].contract = contract));
const kept = { name: 'kept', description: 'is kept', severity: 'warn', row: () => true };
const ofFile = (file: unknown, changes = {}) => {
  const { row: _, ...rule } = kept;
  return ruled({ ...rule, file, ...changes });
};
/** A list in a list, and so on. */
const nested = (depth: number): unknown => (depth === 1 ? 'text' : { list: nested(depth - 1) });
const columns = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`c${at}`, 'text']));

const MISTAKES: readonly [what: string, profile: Tenant, path: string, message: RegExp][] = [
  [
    'an unknown setting',
    wrong((p) => (p.limits.maxFileByte = 1)),
    'limits.maxFileByte',
    /no such setting; did you mean maxFileBytes\?/,
  ],
  [
    'an unknown setting like no other',
    wrong((p) => (p.colour = 'red')),
    'colour',
    /no such setting; known are id, name, contact/,
  ],
  [
    'an unknown setting of a feed',
    wrong((p) => (p.feeds[0].format = ['csv'])),
    'feeds.0.format',
    /did you mean formats\?/,
  ],
  ['a missing setting', wrong((p) => delete p.contact), 'contact', /is missing; expected is a string/],
  ['a missing part', wrong((p) => delete p.stream), 'stream', /is missing; expected is an? object/],
  [
    'a wrong type',
    wrong((p) => (p.limits.maxFileRows = '100')),
    'limits.maxFileRows',
    /"100" is not a (whole )?number/,
  ],
  ['half a row', wrong((p) => (p.limits.maxFileRows = 1.5)), 'limits.maxFileRows', /1.5 is not a whole number/],
  ['no rows', wrong((p) => (p.limits.maxFileRows = 0)), 'limits.maxFileRows', /0 is not at least 1/],
  ['a blank contact', wrong((p) => (p.contact = ' ')), 'contact', /must not be empty/],
  [
    'a file beyond the cap',
    wrong((p) => (p.limits.maxFileBytes = 1e14)),
    'limits.maxFileBytes',
    /at most 50,000,000,000,000, the platform’s cap/,
  ],
  [
    'a message beyond the cap',
    wrong((p) => (p.limits.maxMessageBytes = 2 ** 21)),
    'limits.maxMessageBytes',
    /at most 1,048,576/,
  ],
  ['files a day beyond the cap', wrong((p) => (p.limits.filesPerDay = 1e9)), 'limits.filesPerDay', /at most 100,000/],
  [
    'files in an upload beyond the cap',
    wrong((p) => (p.limits.filesPerUpload = 1e6)),
    'limits.filesPerUpload',
    /at most 10,000/,
  ],
  ['bytes a day beyond the cap', wrong((p) => (p.limits.bytesPerDay = 1e16)), 'limits.bytesPerDay', /cap/],
  ['too short a retention', wrong((p) => (p.stream.retentionHours = 1)), 'stream.retentionHours', /at least 24/],
  ['a batch beyond the cap', wrong((p) => (p.stream.batchSize = 20_000)), 'stream.batchSize', /at most 10,000/],
  [
    'a period that does not divide an hour',
    wrong((p) => (p.stream.periodMinutes = 7)),
    'stream.periodMinutes',
    /a divisor of 60/,
  ],
  [
    'a misspelt threshold',
    wrong((p) => (p.stream.thresholds = { lagSecond: 5 })),
    'stream.thresholds.lagSecond',
    /did you mean lagSeconds\?/,
  ],
  [
    'more parallel batches than Lambda has',
    wrong((p) => (p.stream.scaling = { maxParallel: 11 })),
    'stream.scaling.maxParallel',
    /at most 10/,
  ],
  [
    'fewer shards at most than to begin with',
    wrong((p) => Object.assign(p.stream, { shards: 4, scaling: { maxShards: 2 } })),
    'stream.scaling.maxShards',
    /2 is less than stream.shards, 4/,
  ],
  [
    'more shards at least than to begin with',
    wrong((p) => (p.stream.scaling = { minShards: 2 })),
    'stream.scaling.minShards',
    /2 is more than stream.shards, 1/,
  ],
  [
    'smaller batches at most than to begin with',
    wrong((p) => (p.stream.scaling = { maxBatch: 100 })),
    'stream.scaling.maxBatch',
    /100 is less than stream.batchSize, 500/,
  ],
  ['an id with capitals', wrong((p) => (p.id = 'Acme')), 'id', /"Acme" is not lower case/],
  ['an id with a path', wrong((p) => (p.id = '../acme')), 'id', /is not lower case/],
  ['an id that is too long', wrong((p) => (p.id = 'a'.repeat(33))), 'id', /at most 32/],
  ['an id like a ledger', wrong((p) => (p.id = 'acme_ops')), 'id', /ends in _ops/],
  ['an id of Cassandra’s own', wrong((p) => (p.id = 'system')), 'id', /is taken by Cassandra/],
  ['the id of a role of Cassandra’s', wrong((p) => (p.id = 'cassandra')), 'id', /is taken by/],
  ['the id of the platform', wrong((p) => (p.id = 'platform')), 'id', /is taken by/],
  ['no feeds', wrong((p) => (p.feeds = [])), 'feeds', /must not be empty/],
  [
    'a feed twice',
    wrong((p) => (p.feeds[1].name = 'readings')),
    'feeds.1.name',
    /"readings" is the name of feed 0 already/,
  ],
  ['a feed with a slash', wrong((p) => (p.feeds[1].name = 'a/b')), 'feeds.1.name', /"a\/b" is not lower case/],
  ['a feed named like none', wrong((p) => (p.feeds[1].name = '_')), 'feeds.1.name', /stands for no feed/],
  ['no formats', wrong((p) => (p.feeds[0].formats = [])), 'feeds.0.formats', /must not be empty/],
  [
    'an unknown format',
    wrong((p) => (p.feeds[0].formats = ['ndjsn'])),
    'feeds.0.formats.0',
    /"ndjsn" is not one of csv, .*ndjson.*; did you mean ndjson\?/,
  ],
  [
    'a setting that its format does not have',
    wrong((p) => (p.feeds[0].formats = ['csv', { format: 'ndjson', delimitr: ';' }])),
    'feeds.0.formats.1.delimitr',
    /no such setting; known are format, extensions/,
  ],
  [
    'a setting of a format with a slip of the pen',
    wrong((p) => (p.feeds[0].formats = [{ format: 'csv', delimitr: ';' }])),
    'feeds.0.formats.0.delimitr',
    /no such setting; did you mean delimiter\?/,
  ],
  [
    'settings of an unknown format',
    wrong((p) => (p.feeds[0].formats = [{ format: 'ndjsn' }])),
    'feeds.0.formats.0.format',
    /"ndjsn" is not one of csv, .*; did you mean ndjson\?/,
  ],
  [
    'a quote of two characters',
    wrong((p) => (p.feeds[0].formats = [{ format: 'csv', quote: "''" }])),
    'feeds.0.formats.0.quote',
    /"''" is not one character/,
  ],
  [
    'a delimiter that is the quote',
    wrong((p) => (p.feeds[0].formats = [{ format: 'tsv', delimiter: '"' }])),
    'feeds.0.formats.0.delimiter',
    /holds the quote/,
  ],
  [
    'two formats of one extension',
    wrong((p) => (p.feeds[0].formats = ['csv', { format: 'tsv', extensions: ['.csv'] }])),
    'feeds.0.formats.1',
    /the extension .csv stands for format 0 already/,
  ],
  [
    'one new name for two columns',
    wrong((p) => (p.feeds[0].formats = [{ format: 'csv', rename: { a: 'x', b: 'x' } }])),
    'feeds.0.formats.0.rename.a',
    /"x" is the new name of two columns/,
  ],
  [
    'a column that is named twice',
    wrong((p) => (p.feeds[0].formats = [{ format: 'csv', columns: ['a', 'b', 'a'] }])),
    'feeds.0.formats.0.columns.2',
    /"a" is there twice/,
  ],
  ['a contract without columns', contracted({ unknown: 'reject' }), 'feeds.0.contract', /names no column/],
  [
    'a column that is named twice',
    contracted({ required: ['at'], optional: ['x', 'at'] }),
    'feeds.0.contract.optional.1',
    /"at" is named twice/,
  ],
  ['a misspelt contract', contracted({ require: ['at'] }), 'feeds.0.contract.require', /did you mean required\?/],
  [
    'an unknown end of unknown columns',
    contracted({ required: ['at'], unknown: 'keep' }),
    'feeds.0.contract.unknown',
    /"keep" is not ignore, reject or/,
  ],
  [
    'a rescue into a column that is not there',
    contracted({ required: ['at'], unknown: { rescue: 'nte' } }),
    'feeds.0.contract.unknown.rescue',
    /did you mean note\?/,
  ],
  [
    'a rescue into a number',
    contracted({ required: ['at'], unknown: { rescue: 'value' } }),
    'feeds.0.contract.unknown.rescue',
    /"value" is double; expected is map<text, text> or text/,
  ],
  [
    'a rescue into the key',
    contracted({ required: ['at'], unknown: { rescue: 'sensor' } }),
    'feeds.0.contract.unknown.rescue',
    /"sensor" is part of the key/,
  ],
  [
    'an unknown policy for errors',
    wrong((p) => (p.feeds[0].errors = 'skip')),
    'feeds.0.errors',
    /"skip" is not continue, skip-file or \{ threshold \}/,
  ],
  [
    'a threshold of nothing',
    wrong((p) => (p.feeds[0].errors = { threshold: {} })),
    'feeds.0.errors.threshold',
    /a count, a share, or both/,
  ],
  [
    'a threshold above all',
    wrong((p) => (p.feeds[0].errors = { threshold: { share: 2 } })),
    'feeds.0.errors.threshold.share',
    /2 is not at most 1/,
  ],
  ['a rule without a description', ruled({ ...kept, description: '' }), 'feeds.0.quality.0.description', /empty/],
  [
    'an unknown severity',
    ruled({ ...kept, severity: 'refused' }),
    'feeds.0.quality.0.severity',
    /"refused" is not one of warn, reject, refuse; did you mean refuse\?/,
  ],
  ['an unknown part of a rule', ruled({ ...kept, colum: 'at' }), 'feeds.0.quality.0.colum', /did you mean column\?/],
  ['a rule with blanks', ruled({ ...kept, name: 'is kept' }), 'feeds.0.quality.0.name', /"is kept" is not lower case/],
  ['a rule twice', ruled(kept, kept), 'feeds.0.quality.1.name', /"kept" is the name of another rule/],
  ['too many rules', ruled(...Array.from({ length: 51 }, () => kept)), 'feeds.0.quality', /at most 50/],
  ['a rule without code', ruled({ ...kept, row: undefined }), 'feeds.0.quality.0', /nothing to judge by/],
  ['a rule by two', ruled({ ...kept, record: () => true }), 'feeds.0.quality.0', /record and row together/],
  [
    'a rule that waits',
    ruled({ ...kept, row: async () => true }),
    'feeds.0.quality.0.row',
    /is async; a rule does not/,
  ],
  [
    'a rule on a column that the table lacks',
    ruled({ ...kept, column: 'valu' }),
    'feeds.0.quality.0.column',
    /no column is named "valu"; did you mean value\?/,
  ],
  [
    'a rule on the file that rejects',
    ofFile({ minRows: 1 }, { severity: 'reject' }),
    'feeds.0.quality.0.severity',
    /takes warn or refuse/,
  ],
  ['a rule on the file about nothing', ofFile({}), 'feeds.0.quality.0.file', /exactly one of { minRows }, { unique }/],
  ['half a rule on the file', ofFile({ nullsIn: 'value' }), 'feeds.0.quality.0.file', /{ nullsIn, maxShare }/],
  ['two rules in one', ofFile({ minRows: 1, unique: [] }), 'feeds.0.quality.0.file', /exactly one/],
  ['a misspelt rule on the file', ofFile({ minRow: 1 }), 'feeds.0.quality.0.file.minRow', /did you mean minRows\?/],
  ['fewer rows than none', ofFile({ minRows: 0 }), 'feeds.0.quality.0.file.minRows', /at least 1/],
  [
    'a share above all',
    ofFile({ nullsIn: 'value', maxShare: 5 }),
    'feeds.0.quality.0.file.maxShare',
    /5 is not at most 1/,
  ],
  [
    'uniqueness of a column that the table lacks',
    ofFile({ unique: ['sensr'] }),
    'feeds.0.quality.0.file.unique.0',
    /did you mean sensor\?/,
  ],
  [
    'nulls in the key',
    ofFile({ nullsIn: 'sensor', maxShare: 0 }),
    'feeds.0.quality.0.file.nullsIn',
    /"sensor" is part of the key: it is never null/,
  ],
  [
    'the newest of a number',
    ofFile({ newestOf: 'value', maxAgeHours: 1 }),
    'feeds.0.quality.0.file.newestOf',
    /"value" is double; expected is a timestamp or a date/,
  ],
  [
    'a cron expression with a minute that is none',
    wrong((p) => (p.hours = { cron: '61 * * * *', minutes: 5 })),
    'hours.cron',
    /"61 \* \* \* \*" is no cron expression: Invalid value for minute: 61/,
  ],
  [
    'a cron expression with a word',
    wrong((p) => (p.feeds[1].hours = { cron: '0 0 * foo *', minutes: 5 })),
    'feeds.1.hours.cron',
    /is no cron expression: configuration entry 4 \(foo\)/,
  ],
  [
    'a cron expression with seconds',
    wrong((p) => (p.hours = { cron: '0 0 3 * * *', minutes: 5 })),
    'hours.cron',
    /has 6 fields; expected are five fields: minute, hour/,
  ],
  [
    'a cron expression by nickname',
    wrong((p) => (p.hours = { cron: '@daily', minutes: 5 })),
    'hours.cron',
    /has 1 field;/,
  ],
  [
    'a cron expression that the moment of asking would fill',
    wrong((p) => (p.hours = { cron: '0 3 ? * 1', minutes: 5 })),
    'hours.cron',
    /"\*" stands for every value/,
  ],
  [
    'a cron expression that never comes',
    wrong((p) => (p.feeds[0].hours = { cron: '0 0 31 4,6 *', minutes: 5 })),
    'feeds.0.hours.cron',
    /"0 0 31 4,6 \*" never comes/,
  ],
  [
    'a stream without its feed',
    wrong((p) => (p.stream.feed = 'reading')),
    'stream.feed',
    /no feed is named "reading"; did you mean readings\?/,
  ],
  [
    'a transform that is none',
    wrong((p) => (p.feeds[0].transform = 'x')),
    'feeds.0.transform',
    /"x" is not a function/,
  ],
  ['a transform that waits', wrong((p) => (p.feeds[0].transform = async () => null)), 'feeds.0.transform', /is async/],
  [
    'an unknown type',
    table({ columns: { ...readingsTable.columns, note: 'string' } }),
    'feeds.0.table.columns.note',
    /"string" is not one of .*; did you mean text\?/,
  ],
  [
    'a nearly known type',
    table({ columns: { ...readingsTable.columns, note: 'timestmp' } }),
    'feeds.0.table.columns.note',
    /did you mean timestamp\?/,
  ],
  [
    'an unknown type inside of a collection',
    table({ columns: { ...readingsTable.columns, note: { list: { map: ['text', 'interval'] } } } }),
    'feeds.0.table.columns.note.list.map.1',
    /"interval" is not one of .*; did you mean duration\?/,
  ],
  [
    'a type that is none',
    table({ columns: { ...readingsTable.columns, note: { array: 'text' } } }),
    'feeds.0.table.columns.note',
    /\{"array":"text"\} is not one of text, int and so on, \{ list: … \}/,
  ],
  [
    'a map without values',
    table({ columns: { ...readingsTable.columns, note: { map: ['text'] } } }),
    'feeds.0.table.columns.note',
    /is not one of text/,
  ],
  [
    'a type that is nested too deeply',
    table({ columns: { ...readingsTable.columns, note: nested(9) } }),
    'feeds.0.table.columns.note.list.list.list.list.list.list.list.list',
    /nested deeper than 8 levels/,
  ],
  [
    'a user-defined type without fields',
    table({ columns: { ...readingsTable.columns, note: { udt: 'place', fields: {} } } }),
    'feeds.0.table.columns.note.fields',
    /is empty/,
  ],
  [
    'a user-defined type that breaks out',
    table({ columns: { ...readingsTable.columns, note: { udt: 'a"; DROP', fields: { 'b c': 'text' } } } }),
    'feeds.0.table.columns.note.fields.b c',
    /the name is not lower case/,
  ],
  [
    'one user-defined type with different fields',
    table({
      columns: {
        ...readingsTable.columns,
        one: { udt: 'place', fields: { at: 'int' } },
        other: { list: { udt: 'place', fields: { at: 'text' } } },
      },
    }),
    'feeds.0.table.columns',
    /the type "place" has other fields elsewhere/,
  ],
  [
    'a collection in the key',
    table({ columns: { ...readingsTable.columns, tags: { set: 'text' } }, clusteringKey: ['at', 'tags'] }),
    'feeds.0.table.clusteringKey',
    /"tags": a set<text> cannot be in the key/,
  ],
  [
    'a duration in the key',
    table({ columns: { ...readingsTable.columns, length: 'duration' }, clusteringKey: ['at', 'length'] }),
    'feeds.0.table.clusteringKey',
    /"length": a duration has no order/,
  ],
  ['a table named in capitals', table({ name: 'Readings' }), 'feeds.0.table.name', /"Readings" is not lower case/],
  ['a table that breaks out', table({ name: 'a"; DROP KEYSPACE x' }), 'feeds.0.table.name', /is not lower case/],
  [
    'a column with a space',
    table({ columns: { ...readingsTable.columns, 'a b': 'text' } }),
    'feeds.0.table.columns.a b',
    /the name is not/,
  ],
  [
    'a column that a row without it would seem to have',
    table({ columns: { ...readingsTable.columns, constructor: 'text' } }),
    'feeds.0.table.columns.constructor',
    /choose another/,
  ],
  ['an empty partition key', table({ partitionKey: [] }), 'feeds.0.table.partitionKey', /is empty/],
  [
    'a key column that is not there',
    table({ partitionKey: ['sensr'] }),
    'feeds.0.table.partitionKey',
    /no column is named "sensr"; did you mean sensor\?/,
  ],
  [
    'a key column that is there twice',
    table({ clusteringKey: ['sensor'] }),
    'feeds.0.table.partitionKey',
    /"sensor" is in the key twice/,
  ],
  [
    'too many columns',
    table({ columns: columns(226), partitionKey: ['c0'], clusteringKey: [] }),
    'feeds.0.table.columns',
    /226 columns; Keyspaces writes at most 225/,
  ],
  [
    'too many columns for a ttl',
    table({ columns: columns(167), partitionKey: ['c0'], clusteringKey: [], ttl: 60 }),
    'feeds.0.table.columns',
    /at most 166 with a ttl/,
  ],
  ['an endless ttl', table({ ttl: 1e10 }), 'feeds.0.table.ttl', /at most 630,720,000/],
  [
    'one table in two shapes',
    wrong((p) => (p.feeds[1].table.columns = { ...readingsTable.columns, more: 'int' })),
    'feeds.1.table.name',
    /the feed readings has a table "readings" of another shape/,
  ],
];

describe('a profile', () => {
  test('that is right has no problems, and so have those of this checkout', () => {
    expect(problemsOf(tenantOf())).toEqual([]);
    expect(problemLines(profileProblems(tenants))).toEqual([]);
  });

  test.each(MISTAKES)('with %s is told so at its place', (_, profile, path, message) => {
    const found = problemsOf(profile);
    expect(found.map((problem) => problem.path)).toContain(path);
    expect(found.find((problem) => problem.path === path)?.message).toMatch(message);
  });

  test('has all its mistakes told at once', () => {
    const profile = wrong((p) => {
      p.id = 'A';
      p.limits.maxFileBytes = -1;
      p.colour = 'red';
      p.stream.feed = 'x';
      p.feeds[0].formats = ['xls'];
      p.feeds[1].table.partitionKey = ['nothing'];
    });
    const paths = problemsOf(profile).map(({ path }) => path);
    expect(paths.toSorted()).toEqual([
      'colour',
      'feeds.0.formats.0',
      'feeds.1.table.name',
      'feeds.1.table.partitionKey',
      'id',
      'limits.maxFileBytes',
      'stream.feed',
    ]);
  });

  test.each([
    [undefined],
    [null],
    [7],
    ['tenant'],
    [[]],
    [{ feeds: 7 }],
    [{ feeds: [null, 7, {}] }],
    [{ feeds: [{ table: { columns: 7 } }] }],
  ])('that is no profile at all (%j) is told so and breaks nothing', (garbage) => {
    expect(problemsOf(garbage as unknown as Tenant).length).toBeGreaterThan(0);
  });

  test.each(['* * * * *', '0 0 29 2 *', '0 3 L * *', '*/15 8-17 * jan-mar mon#1', ' 30  2 * * 1-5 '])(
    'may have the hours of "%s"',
    (cron) => {
      const right = { ...tenantOf(), hours: { cron, minutes: 5 } };
      expect(problemsOf(right)).toEqual([]);
      const now = new Date('2026-03-05T12:34:56Z');
      expect(opensAt(right.hours, opensAt(right.hours, now) ?? now)).toBeNull();
    },
  );

  test('may have every kind of rule', () => {
    const ofColumns = [notNull('value'), range('value', { min: 0 }), pattern('note', /x/), oneOf('note', ['x'])];
    const ofFiles = [minRows(1), unique(), unique(['value']), nullShare('value', 0.5), freshness('day', 24)];
    const timed = { ...readingsTable, columns: { ...readingsTable.columns, day: 'date' } } as const;
    const feed = { ...readings, table: timed, quality: [...ofColumns, ...ofFiles] };
    expect(problemsOf(tenantOf({}, [feed]))).toEqual([]);
  });

  test('may use every type of column that tables have', () => {
    const place = { udt: 'place', fields: { at: { list: 'double' }, names: { map: ['text', 'text'] } } };
    const more = { b: { list: place }, c: { set: 'inet' }, d: place, e: nested(8) };
    const all = { ...Object.fromEntries(scalarTypes.map((type) => [`a_${type}`, type])), ...more };
    expect(problemsOf(table({ columns: all, partitionKey: ['a_text'], clusteringKey: [] }))).toEqual([]);
  });
});

describe('tenants together', () => {
  const named = (...ids: string[]) => ids.map((id) => ({ ...tenantOf(), id }));
  test.each([
    ['the same id twice', named('a', 'b', 'a'), ['2.id'], /belongs to tenant a already/],
    ['a ledger where another has its data', named('a', 'a_ops'), ['1.id'], /keyspace a_ops belongs to tenant a/],
    ['data where another has its ledger', named('a_ops', 'a'), ['1.id'], /keyspace a_ops belongs to tenant a_ops/],
  ])('cannot have %s', (_, all, paths, message) => {
    const found = problemsBetween(all);
    expect(found.map(({ path }) => path)).toEqual(paths);
    expect(found[0]?.message).toMatch(message);
  });

  test('with ids of their own have no problems', () => expect(problemsBetween(named('a', 'b'))).toEqual([]));
});

describe('the platform’s caps', () => {
  test('hold whatever a profile says, and where it says nothing', () => {
    const most = capped({ ...limits, maxFileBytes: Number.MAX_SAFE_INTEGER, maxFileRows: 10 });
    expect(most).toMatchObject({ maxFileBytes: caps.maxFileBytes, maxFileRows: 10, filesPerDay: caps.filesPerDay });
  });
});

describe('the place of a mistake', () => {
  const files = [
    {
      path: 'tenants/acme/tenant.ts',
      text: "import readings from './feeds/readings.ts';\n\nexport default defineTenant({\n  id: 'acme',\n  limits: {\n    maxFileBytes: 1,\n    maxFileRow: 2,\n  },\n  stream: { shards: 1, feed: 'reading' },\n  feeds: [readings],\n});\n",
    },
    {
      path: 'tenants/acme/feeds/readings.ts',
      text: "const table = defineTable({\n  name: 'readings_table',\n  columns: {\n    sensor: 'text',\n    value: 'string',\n  },\n  partitionKey: ['sensr'],\n});\n\nexport default defineFeed({\n  name: 'readings',\n  formats: ['csv'],\n  table,\n  transform(fields) {\n    return null;\n  },\n});\n",
    },
  ];
  const tenant = tenantOf({}, [readings]);
  test.each([
    ['limits.maxFileRow', 'no such setting', 'tenants/acme/tenant.ts:7'],
    ['limits.maxFileBytes', 'too much', 'tenants/acme/tenant.ts:6'],
    ['stream.feed', 'no feed is named "reading"', 'tenants/acme/tenant.ts:9'],
    ['contact', 'is missing', 'tenants/acme/tenant.ts:1'],
    ['feeds.0.table.columns.value', '"string" is not one of', 'tenants/acme/feeds/readings.ts:5'],
    ['feeds.0.table.partitionKey', 'no column is named "sensr"', 'tenants/acme/feeds/readings.ts:7'],
    ['feeds.0.formats.0', 'is not', 'tenants/acme/feeds/readings.ts:12'],
    ['feeds.0.name', 'is not lower case', 'tenants/acme/feeds/readings.ts:11'],
    ['feeds.0.table.name', 'is not lower case', 'tenants/acme/feeds/readings.ts:2'],
    ['feeds.0.transform', 'is async', 'tenants/acme/feeds/readings.ts:14'],
  ])('%s (%s) is %s', (path, message, place) => {
    expect(placeOf({ path, message }, tenant, files)).toBe(place);
  });
});
