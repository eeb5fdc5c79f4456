import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { typeText } from '../../../core/model/column-types.ts';
import { inferred } from '../../support/inferring.ts';

/** The column `x` of a file with these values in it. */
async function column(file: string, content: string) {
  const { proposal, trial } = await inferred(file, content);
  const found = proposal.columns.find(({ field }) => field === 'x');
  if (!found) throw new Error('there is no column x');
  expect(trial.counts.rejected).toBe(0);
  const type = found.type === null ? null : typeText(found.type);
  return { type, why: found.why, notes: found.notes.join('\n'), placeholders: proposal.placeholders };
}

const inCsv = (values: readonly string[]) =>
  column('a.csv', `id,x\n${values.map((value, index) => `k${index},${value}\n`).join('')}`);
const inJson = (values: readonly string[]) =>
  column('a.ndjson', values.map((value, index) => `{"id":"k${index}","x":${value}}\n`).join(''));

describe('cells are guessed to be', () => {
  test.each([
    ['int', ['-60', '0', '900'], 'whole numbers between -60 and 900'],
    ['int', ['7', '7'], 'whole numbers, all 7'],
    ['int', ['2147483647', '-2147483648'], 'whole numbers between -2,147,483,648 and 2,147,483,647'],
    ['bigint', ['1', '2147483648'], 'whole numbers between 1 and 2,147,483,648'],
    ['varint', ['1', '9223372036854775808'], 'whole numbers between 1 and 9,223,372,036,854,775,808'],
    ['double', ['1', '2.5', '-0.125'], 'numbers between -0.125 and 2.5'],
    ['double', ['1e300', '2'], 'numbers between'],
    ['decimal', ['1.50', '20.00'], 'numbers with 2 digits behind the point between 1.50 and 20.00'],
    ['decimal', ['0.1234567890123456789', '2'], 'numbers with up to 19 digits behind the point'],
    ['boolean', ['true', 'FALSE'], 'true or false'],
    ['date', ['2001-01-31', '1999-12-31'], 'days between 1999-12-31 and 2001-01-31'],
    ['timestamp', ['2001-01-31T08:15:00Z', '2001-01-31'], 'timestamps of ISO 8601'],
    ['time', ['08:15:00', '23:59:59.5'], 'times of day'],
    ['uuid', ['123e4567-e89b-12d3-a456-426614174000'], 'UUIDs'],
    ['inet', ['10.0.0.1', '::1'], 'IP addresses'],
    ['text', ['2001-02-30', '2001-01-31'], 'one of "2001-02-30", "2001-01-31"'],
    ['text', ['a', 'b', 'c', 'd', 'e', 'longest'], 'texts of at most 7 characters'],
  ] as const)('%s: %j', async (type, values, words) => {
    const found = await inCsv(values);
    expect(found.type).toBe(type);
    expect(found.why).toContain(`${values.length} of ${values.length} values are `);
    expect(found.why).toContain(words);
  });

  test('nothing in particular where no record has a value', async () => {
    expect(await inCsv(['', ''])).toMatchObject({ type: 'text', why: 'no record has a value' });
  });

  test('something of which some records have none', async () => {
    expect((await inCsv(['1', '', '3', ''])).why).toBe(
      '2 of 2 values are whole numbers between 1 and 3; 2 records have none',
    );
  });
});

describe('it is said of cells that', () => {
  test.each([
    [
      'days in an order that no value tells',
      ['01/02/2001', '03/04/2001'],
      'text',
      /no value tells whether day or month comes first/,
    ],
    ['days written day first', ['31/01/2001', '03/04/2001'], 'text', /day first \("31\/01\/2001"\)/],
    ['days written month first', ['01-31-2001', '03-04-2001'], 'text', /month first \("01-31-2001"\)/],
    ['days in both orders', ['31.01.2001', '01.31.2001'], 'text', /days in two orders/],
    ['days with names of months', ['Jan 1 2000', 'Feb 1 2000'], 'text', /name of a month such as "Jan 1 2000"/],
    ['leading zeros', ['00123', '90210'], 'text', /"00123" would lose its zeros/],
    ['plus signs', ['+49123', '+49124'], 'text', /"\+49123" would lose its plus sign/],
    ['whole numbers beyond 2^53', ['1', '9007199254740993'], 'bigint', /beyond 2\^53/],
    ['nothing but 0 and 1', ['0', '1'], 'int', /only 0 and 1: perhaps true and false/],
    ['nothing but y and n', ['Y', 'n'], 'text', /perhaps true and false/],
    [
      'times without a zone',
      ['2001-01-31T08:15', '2001-01-31T08:15Z'],
      'timestamp',
      /1 name no zone and are taken as UTC/,
    ],
    [
      'digits that a double would round',
      ['0.12345678901234567', '2'],
      'decimal',
      /a double would round 0.12345678901234567/,
    ],
    ['what may be money', ['1.50', '2.25'], 'decimal', /perhaps money/],
    ['seconds since 1970', ['1600000000', '1600000060'], 'int', /perhaps seconds since 1970/],
    ['milliseconds since 1970', ['1600000000000', '1600000060000'], 'bigint', /perhaps milliseconds since 1970/],
    ['days of eight digits', ['20010131', '20010201'], 'int', /perhaps days such as 20010131/],
    ['one text among numbers', ['1', '2', 'three'], 'text', /numbers but for "three"/],
    ['a placeholder among numbers', ['1', 'NA', '3', 'NA'], 'int', /"NA" \(2 times\) counts as no value/],
    ['a placeholder among texts', ['a', 'NA'], 'text', /"NA" \(once\) may mean that there is no value/],
  ] as const)('they are %s', async (_, values, type, note) => {
    const found = await inCsv(values);
    expect(found.type).toBe(type);
    expect(found.notes).toMatch(note);
  });

  test.each([
    [['1', '2', '3']],
    [['a', 'b']],

    [['2001-01-31', '2001-02-01']],
    [['1.5', '2.25', '3']],
    [['0', '1', '2']],
  ])('nothing of %j, which is plain', async (values) => {
    expect((await inCsv(values)).notes).toBe('');
  });

  test('a placeholder of one column is a value of another, so that it cannot be one', async () => {
    const { proposal, trial } = await inferred('a.csv', 'id,x,y\nk1,1,NA\nk2,NA,a\n');
    expect(proposal.placeholders).toEqual([]);
    expect(proposal.columns[1]).toMatchObject({ type: 'text', notes: [/"NA" is no int/] });
    expect(trial.counts).toMatchObject({ loaded: 2, rejected: 0 });
  });
});

describe('values of JSON are guessed to be', () => {
  test.each([
    ['int', ['1', '2']],
    ['double', ['1', '2.5']],
    ['bigint', ['1', '9007199254740993']],
    ['varint', ['1', '123456789012345678901234567890']],
    ['decimal', ['0.1234567890123456789']],
    ['boolean', ['true', 'false', 'null']],
    ['text', ['"1"', '"2"']],
    ['text', ['"true"']],
    ['text', ['1', '"a"', 'true']],
    ['date', ['"2001-01-31"']],
    ['timestamp', ['"2001-01-31T08:15:00Z"']],
    ['uuid', ['"123e4567-e89b-12d3-a456-426614174000"']],
    ['list<int>', ['[1,2]', '[]']],
    ['list<text>', ['["a"]', '["b","c"]']],
    ['list<list<int>>', ['[[1],[2]]']],
    ['map<text, double>', ['{"lat":1.5,"lon":2}']],
    ['map<text, text>', ['{"a":1,"b":"x"}']],
    ['list<text>', ['["NA","","1"]']],
    [null, ['[1,null]']],
    [null, ['{"a":[],"b":"?"}']],
    [null, ['{"a":{"b":1}}']],
    [null, ['{"a":1}', '[1]']],
    [null, ['{"a":1}', '"a"']],
  ])('%s: %j', async (type, values) => {
    expect((await inJson(values)).type).toBe(type);
  });

  test('left out where no column takes them, and it is said why', async () => {
    const found = await inJson(['{"a":{"b":1}}']);
    expect(found.why).toBe('1 of 1 values are objects with a');
    expect(found.notes).toMatch(/left out/);
  });

  test('numbers in quotes are text, and it is said', async () => {
    expect((await inJson(['"1"', '"2"'])).notes).toMatch(/numbers in quotes/);
  });
});

describe('the columns of Parquet', () => {
  test('are what the file says that they are, unless a value does not fit', async () => {
    const { proposal, trial } = await inferred('types.parquet', await readFile(parquet('types.parquet')));
    const typeOf = (field: string) => proposal.columns.find((column) => column.field === field)?.type;
    const fields = [
      'text',
      'bytes',
      'bool',
      'int8',
      'int64',
      'uint32',
      'uint64',
      'half',
      'double',
      'decimal128',
      'date',
      'time_ns',
      'ts_ms',
    ];
    expect(fields.map(typeOf)).toEqual([
      ...[
        'text',
        'blob',
        'boolean',
        'int',
        'bigint',
        'bigint',
        'varint',
        'float',
        'double',
        'decimal',
        'date',
        'time',
        'timestamp',
      ],
    ]);
    const fine = proposal.columns.find(({ field }) => field === 'ts_us');
    expect(fine).toMatchObject({
      type: 'text',
      notes: [/^TIMESTAMP of micros in the file, which "2000.*" does not fit as timestamp$/],
    });
    expect(trial.counts).toMatchObject({ loaded: 3, rejected: 0 });
  });

  test('that are nested are told by their values', async () => {
    const { proposal, trial } = await inferred('nested.parquet', await readFile(parquet('nested-v2.parquet')));
    expect(proposal.columns.some(({ type }) => typeof type === 'object')).toBe(true);
    expect(trial.counts.rejected).toBe(0);
  });
});

const parquet = (name: string) => join(import.meta.dirname, '..', 'formats', 'parquet', name);
