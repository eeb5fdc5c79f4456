import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { databaseNames } from '../../../core/infer/names.ts';
import { problemsOf } from '../../../core/model/profile.ts';
import { defineTenant } from '../../../core/model/tenant.ts';
import { parquetFile } from '../../corpus/parquet-file.ts';
import { feedIn } from '../../support/feed-source.ts';
import { inferred } from '../../support/inferring.ts';
import { limits } from '../../support/tenant.ts';

describe('names of the database', () => {
  test.each([
    [
      ['Flight Date', 'flightDate', 'FLIGHT-DATE'],
      ['flight_date', 'flight_date_2', 'flight_date_3'],
    ],
    [
      ['Größe (m²)', 'Été'],
      ['gro_e_m2', 'ete'],
    ],
    [
      ['1st', '2nd'],
      ['column_1st', 'column_2nd'],
    ],
    [
      ['日本', '🦥', ''],
      ['column', 'column_2', 'column_3'],
    ],
    [
      ['x'.repeat(60), 'x'.repeat(61)],
      ['x'.repeat(48), `${'x'.repeat(46)}_2`],
    ],
    [
      ['userID', 'HTTPStatus', 'a__b_'],
      ['user_id', 'httpstatus', 'a_b'],
    ],
  ])('for %j are %j', (names, expected) => {
    expect(databaseNames(names)).toEqual(expected);
  });
});

describe('the key', () => {
  const keyOf = async (text: string) => {
    const { partitionKey, clusteringKey, keyWhy, notes } = (await inferred('a.csv', text)).proposal;
    return { key: [partitionKey, clusteringKey], why: keyWhy, notes: notes.join('\n') };
  };

  test('is the one column that differs in all records', async () => {
    expect(await keyOf('a,b\nx,1\ny,1\n')).toMatchObject({ key: [['a'], []], why: 'a is different in all 2 records' });
  });

  test('is, of several, what is called an identifier, and the others are named', async () => {
    const { key, notes } = await keyOf('at,name,order_id\n2001-01-01,x,7\n2001-01-02,y,8\n');
    expect(key).toEqual([['order_id'], []]);
    expect(notes).toContain('unique too: name; at');
  });

  test('is two columns, or three, where no single one differs; times do not choose partitions', async () => {
    const day = await keyOf('day,sensor,v\n2001-01-01,a,1.5\n2001-01-01,b,1.5\n2001-01-02,a,1.5\n');
    expect(day).toMatchObject({ key: [['sensor'], ['day']], why: 'day with sensor are different in all 3 records' });
    expect(day.notes).toContain('2 partitions by sensor, the largest with 2 rows (a)');
    expect((await keyOf('a,b,c\n1,1,1\n1,1,2\n1,2,1\n2,1,1\n')).key).toEqual([['a'], ['b', 'c']]);
  });

  test('is everything where nothing is unique, and it is said how many records would be lost', async () => {
    const { key, why } = await keyOf('a,b\nx,y\nx,y\nx,z\n');
    expect(key).toEqual([['a'], ['b']]);
    expect(why).toMatch(/^nothing is unique: .*; 1 records repeat another/);
  });

  test('has no column that is empty in a record', async () => {
    expect((await keyOf('id,b\n1,x\n,y\n')).key).toEqual([['b'], []]);
  });

  test('is the column that most records have where none is in all of them, and it is said what would be rejected', async () => {
    const { proposal, trial } = await inferred('a.csv', 'a,b\n1,\n2,\n,y\n');
    expect(proposal).toMatchObject({ partitionKey: ['a'], keyWhy: /1 records have no a and would be rejected/ });
    expect(trial.counts).toMatchObject({ loaded: 2, rejected: 1 });
    expect((await keyOf('x,y\n1.5,2.5\n2.5,3.5\n')).key).toEqual([['x'], []]);
  });
});

describe('the format', () => {
  test.each([
    [
      'a.csv',
      'id;n\n1;2,5\n2;3,5\n',
      { format: 'csv', delimiter: ';' },
      /a semicolon delimits: it cuts 3 of the first 3 lines/,
    ],
    ['a.csv', 'id|n\n1|2\n', { format: 'csv', delimiter: '|' }, /a bar delimits/],
    ['a.tsv', 'id\tn\n1\t2\n', { format: 'tsv' }, /^(?!.*delimits)/],
    [
      'a.csv',
      '1,2001-01-31\n2,2001-02-01\n',
      { format: 'csv', columns: ['column_1', 'column_2'] },
      /no header: the first line has the value "1"/,
    ],
    ['a.csv', 'country,2019,2020\nx,1,2\n', { format: 'csv' }, /^(?!.*no header)/],
    ['a.txt', 'id,n\n1,2\n', { format: 'csv', extensions: ['.txt'] }, /although \.txt stands for plain lines/],
    ['a.txt', 'It was a dark night\nand stormy.\n', { format: 'lines' }, /^(?!.*although)/],
    ['a.dat', 'id,n\n1,2\n', { format: 'csv', extensions: ['.dat'] }, /csv by its content/],
    ['a.log', '{"id":1}\n{"id":2}\n', { format: 'ndjson', extensions: ['.log'] }, /ndjson by its content/],
    ['a', 'id,n\n1,2\n', { format: 'csv' }, /csv by its content/],
    ['a.jsonl', '{"id":1}\n', { format: 'ndjson' }, /^(?!.*content)/],
    ['a.json', '[{"id":1}]', { format: 'json' }, /^(?!.*array)/],
    ['a.json', '{"id":1}\n{"id":2}\n', { format: 'ndjson', extensions: ['.json'] }, /an object a line/],
    [
      'a.json',
      '{"n":2,"a":{"b":[{"id":1},{"id":2}],"c":[{"id":1}]}}',
      { format: 'json', path: ['a', 'b'] },
      /array at a\.b \(2\); there are others at a\.c \(1\)/,
    ],
    ['a.json', '{"id":1,"name":"Ann"}', { format: 'json' }, /one object, and so one record/],
    ['a.xml', '<rows><row id="1"/><row id="2"/></rows>', { format: 'xml' }, /each child of the root/],
    [
      'a.xml',
      '<f><title>t</title><es><e id="1"><t>a</t><t>b</t></e><e id="2"><t>c</t></e></es></f>',
      { format: 'xml', record: 'e', lists: ['t'] },
      /the record is <e>, which is there 2 times .*<t> may be there twice/,
    ],
    [
      'a.xml',
      '<r><e id="1"><id>2</id></e><e id="3"/></r>',
      { format: 'xml', attributes: '@' },
      /attributes and elements/,
    ],
    ['a.bin', parquetFile(), { format: 'parquet', extensions: ['.bin'] }, /parquet by its content/],
  ])('of %s with %j is %j', async (file, content, settings, note) => {
    const { proposal, trial } = await inferred(file, content);
    expect(proposal.settings).toEqual(settings);
    expect(proposal.notes.join(' ')).toMatch(note);
    expect(trial.counts.rejected).toBe(0);
  });
});

test('a file with nothing to propose from is refused', async () => {
  await expect(inferred('a.csv', 'id,n\n')).rejects.toThrow('SLU-3009');
  await expect(inferred('a.ndjson', '{"a":{"b":[1,null]}}\n')).rejects.toThrow('no field of its records');
  await expect(inferred('a.csv', 'id,id\n1,2\n')).rejects.toThrow('SLU-3009');
});

test('records that cannot be read are left out, and it is said how many', async () => {
  const { proposal, trial } = await inferred('a.csv', 'id,n\n1,2\n2\n3,4\n');
  expect(proposal).toMatchObject({ records: 2, broken: 1 });
  expect(proposal.notes.join()).toContain('1 records cannot be read');
  expect(trial.counts).toEqual({ read: 3, loaded: 2, dropped: 0, rejected: 1 });
});

describe('whatever a file holds', () => {
  const cell = fc.oneof(
    fc.constantFrom(
      '',
      '1',
      '-0',
      '007',
      '+5',
      '1.50',
      '1e400',
      'NaN',
      'NA',
      'null',
      'true',
      '2001-02-29',
      '2001-01-31',
    ),
    fc.constantFrom('01/02/2001', '2001-01-31T08:15Z', '2001-01-31 08:15', '10.0.0.1', '0xcafe', '9223372036854775808'),
    fc.integer().map(String),
    fc.double().map(String),
    fc.uuid(),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
  );
  const name = fc.oneof(
    fc.constantFrom(
      'id',
      'constructor',
      "it's",
      '"',
      '\\',
      `\${x}`,
      '`',
      '*/',
      '//',
      '\u2028',
      'a\nb',
      '__proto__x',
      '2020',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  );
  const names = fc.uniqueArray(
    name.filter((text) => text.trim() !== ''),
    {
      minLength: 1,
      maxLength: 6,
      selector: (text) => text.trim(),
    },
  );

  /** The feed's own code, imported, does what was tried; and its profile has no mistake. */
  const holds = async (file: string, content: string) => {
    const found = await inferred(file, content).catch((error) => {
      expect(error.message).toMatch(/^SLU-3\d\d\d: /);
      return null;
    });
    if (!found) return;
    const { proposal, trial } = found;
    // Only where no column is in every record is one without its key foreseen.
    const keyless = Number(/; (\d+) records have no/.exec(proposal.keyWhy)?.[1] ?? 0);
    const unforeseen = trial.reasons.filter(({ code }) => !['SLU-2001', 'SLU-2002', 'SLU-2003'].includes(code));
    expect(unforeseen).toEqual([]);
    expect(trial.counts.loaded).toBe(proposal.records - keyless);
    const feed = await feedIn(proposal);
    const tenant = defineTenant({
      id: 'acme',
      name: 'Acme',
      contact: 'x',
      limits,
      stream: { shards: 1, retentionHours: 24, feed: feed.name },
      feeds: [feed],
    });
    expect(problemsOf(tenant)).toEqual([]);
    expect(feed.formats.length).toBe(1);
    expect(feed.table.columns).toEqual(
      Object.fromEntries(proposal.columns.flatMap(({ column, type }) => (type === null ? [] : [[column, type]]))),
    );
  };

  test('the feed that is proposed loads every record of a CSV file that can be read', async () => {
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const plain = (text: string) => (/[",\r\n;|\t]/.test(text) || text === '' ? quoted(text) : text);
    const table = names.chain((header) =>
      fc
        .array(fc.array(cell, { minLength: header.length, maxLength: header.length }), { minLength: 1, maxLength: 12 })
        .map((rows) => [header, ...rows]),
    );
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom('a.csv', "it's.csv", 'a*/b.csv', 'é.csv'), async (rows, file) => {
        await holds(file, rows.map((row) => `${row.map(plain).join(',')}\n`).join(''));
      }),
      { numRuns: 300 },
    );
  });

  test('and every record of NDJSON', async () => {
    const record = fc.dictionary(name, fc.oneof(cell, fc.jsonValue({ maxDepth: 2 })), {
      maxKeys: 5,
      noNullPrototype: true,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 8 }), async (records) => {
        await holds('a.ndjson', records.map((each, id) => `${JSON.stringify({ ...each, key: `k${id}` })}\n`).join(''));
      }),
      { numRuns: 300 },
    );
  });
});
