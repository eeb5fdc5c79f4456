import type { BadFile } from './bad-file.ts';

/** Values of a column by the letters that are their ids, in order; a letter alone stands for a row without a value. */
type Rows = readonly (readonly [id: string, ...values: unknown[]])[];

/** What is not among the rows is rejected: the records at these positions. */
const file = (name: string, rows: Rows, rejected: readonly number[], because: string): BadFile => {
  const header = name.endsWith('.csv') ? 1 : 0;
  return {
    file: `types/${name}`,
    feed: 'typed',
    state: rejected.length > 0 ? 'partial' : 'loaded',
    rows,
    rejected: rejected.map((position) => [position, position + header, 'SLU-2004']),
    because,
  };
};
const upTo = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const day = (text: string): Date => new Date(text);

/** Values that are none of their column's type, or only nearly. */
export const typeFiles: readonly BadFile[] = [
  file(
    'date-not-in-calendar.csv',
    [['a', '2000-02-29']],
    upTo(2, 8),
    'JavaScript would roll 31 February over into March',
  ),
  file('date-other-orders.csv', [], upTo(1, 10), 'which of the numbers is the month is not guessed'),
  file(
    'date-years.csv',
    [
      ['a', '0000-01-01'],
      ['b', '9999-12-31'],
    ],
    upTo(3, 6),
    'years have four digits; with five the texts would sort wrongly, and two could be any century',
  ),
  file('date-with-time.csv', [], upTo(1, 4), 'the time, or a blank, would be lost'),
  file(
    'timestamp-no-zone.csv',
    [
      ['a', day('2001-01-31T08:15:00Z')],
      ['b', day('2001-01-31T08:15:00Z')],
      ['c', day('2001-01-31T00:00:00Z')],
    ],
    [],
    'a time without a zone is UTC, wherever the function runs',
  ),
  file(
    'timestamp-zones.csv',
    [
      ['a', day('2001-01-31T07:15:00Z')],
      ['b', day('2001-01-31T13:45:00Z')],
      ['c', day('2001-01-31T07:15:00Z')],
    ],
    upTo(4, 7),
    'a zone is an offset; a name has had several',
  ),
  file(
    'timestamp-leap-second.csv',
    [['a', day('2016-12-31T23:59:59Z')]],
    [2, 3],
    'there was such a second, and neither JavaScript nor Cassandra can keep it',
  ),
  file(
    'timestamp-too-fine.csv',
    [
      ['a', day('2001-01-31T08:15:00.123Z')],
      ['b', day('2001-01-31T08:15:00.123Z')],
    ],
    [3, 4],
    'the database keeps milliseconds; microseconds would be cut off, zeros are none',
  ),
  file('timestamp-numbers.ndjson', [], upTo(1, 4), 'whether a number counts seconds or milliseconds is not guessed'),
  file(
    'timestamp-years.csv',
    [
      ['a', day('9999-12-31T23:59:59.999Z')],
      ['d', day('0000-01-01T00:00:00Z')],
    ],
    [2, 3],
    'years have four digits',
  ),
  file('timestamp-other-forms.csv', [], upTo(1, 6), 'JavaScript’s Date would take some of them, in its own zone'),
  file(
    'time-other-forms.csv',
    [['a', '23:59:59.999999999']],
    upTo(2, 8),
    'a time of day has two digits each, up to 23:59:59',
  ),

  // Whole numbers
  file(
    'int-too-large.csv',
    [
      ['a', 2147483647],
      ['b', -2147483648],
    ],
    [3, 4, 5],
    'one more than 32 bits hold would come out as another number',
  ),
  file(
    'int-not-whole.csv',
    [
      ['a', 3],
      ['b', 300],
    ],
    upTo(3, 7),
    'a number may be written in any way as long as it is whole',
  ),
  file(
    'int-other-scripts.csv',
    [],
    upTo(1, 8),
    'digits of other scripts, full-width ones, a minus sign that is none, and blanks that cannot be seen',
  ),
  file(
    'int-other-forms.csv',
    [
      ['m', 7],
      ['n', 7],
      ['o', 0],
      ['p', 5],
    ],
    upTo(1, 12),
    'hexadecimal, separators of thousands, blanks and brackets of accountants are not guessed',
  ),
  file('int-with-words.csv', [], upTo(1, 13), 'units, and words for no value: a feed names its own `placeholders`'),
  file('int-with-quotes.csv', [], upTo(1, 5), 'quotes of editors and quotes inside of quotes are no digits'),
  file(
    'int-of-json.ndjson',
    [['a', 12], ['b', 12], ['c', 12], ['f'], ['i'], ['j', 100]],
    [4, 5, 7, 8, 11],
    'a text of digits is a number, true is none, and null is no value',
  ),
  file(
    'tinyint-smallint.csv',
    [
      ['a', 32767, 127],
      ['d', -32768, -128],
    ],
    [2, 3],
    'one more than 8 or 16 bits hold',
  ),
  file(
    'bigint-2-63.csv',
    [
      ['a', 9223372036854775807n],
      ['b', -9223372036854775808n],
      ['e', 9007199254740993n],
    ],
    [3, 4],
    'the first number beyond 64 bits is the smallest one of all to a computer',
  ),
  file(
    'bigint-2-63.ndjson',
    [
      ['a', 9223372036854775807n],
      ['b', -9223372036854775808n],
      ['d', 9007199254740993n],
      ['e', 9007199254740993n],
      ['f', 9007199254740993n],
    ],
    [3],
    'JSON.parse would round all of them',
  ),
  file(
    'varint-any.csv',
    [
      ['a', 123456789012345678901234567890n],
      ['b', 0n],
      ['c', 1n],
    ],
    [4, 5],
    'any length, but whole and decimal',
  ),

  // Fractions
  file(
    'double-beyond.csv',
    [
      ['a', 1e308],
      ['d', 5e-324],
      ['f', 0],
      ['h', 9007199254740992],
      ['i', 0.1],
    ],
    [2, 3, 5, 7],
    'what would become infinity, nothing, or another whole number',
  ),
  file(
    'double-other-forms.csv',
    [
      ['a', 0.5],
      ['b', 5],
      ['c', 100000],
      ['h', Number.NaN],
      ['i', Number.POSITIVE_INFINITY],
      ['j', Number.NEGATIVE_INFINITY],
      ['o', -0],
    ],
    [4, 5, 6, 7, 11, 12, 13, 14],
    'a comma may be a point or separate thousands; minus zero is a number of its own',
  ),
  file(
    'double-of-json.ndjson',
    [
      ['a', 0.1],
      ['c', 0.1],
      ['e', -0],
      ['f', Number.NaN],
    ],
    [2, 4, 7],
    '1e400 is infinity to JSON.parse; the nearest double of a fraction is what a double is for',
  ),
  file(
    'float-beyond.csv',
    [
      ['a', Math.fround(0.1)],
      ['b', Math.fround(3.4e38)],
      ['e', 16777216],
    ],
    [3, 4, 6],
    '32 bits have an end, and hold no whole number beyond 2^24 for sure',
  ),
  file(
    'decimal-exact.csv',
    [
      ['a', '1.50'],
      ['b', '0.1234567890123456789012345678901234567890'],
      ['c', '1000'],
      ['d', '0.001'],
      ['f', '0.0'],
      ['g', '1.5'],
      ['h', '7.50'],
    ],
    [5],
    'every digit is kept; an exponent of ten thousand would fill the memory',
  ),
  file('decimal-other-forms.csv', [], upTo(1, 8), 'currencies and other points are not guessed'),
  file(
    'decimal-of-json.ndjson',
    [
      ['a', '1.5'],
      ['b', '1.50'],
      ['c', '0.1'],
      ['d', '12345678901234567890.123456789'],
      ['e', `1${'0'.repeat(400)}`],
      ['f'],
    ],
    [],
    'JSON.parse would round them; the zero at the end of a number is lost to JSON, not of a text',
  ),

  // Others
  file(
    'boolean-other-words.csv',
    [
      ['a', true],
      ['b', false],
      ['c', true],
    ],
    upTo(4, 13),
    '1, yes and t mean other things elsewhere',
  ),
  file(
    'boolean-of-json.ndjson',
    [['a', true], ['b', false], ['c', true], ['g']],
    [4, 5, 6],
    'JSON has true and false, and a number is neither',
  ),
  file(
    'uuid-variants.csv',
    [
      ['a', '123e4567-e89b-42d3-a456-426614174000'],
      ['b', '123E4567-E89B-42D3-A456-426614174000'],
      ['c', '00000000-0000-0000-0000-000000000000'],
    ],
    upTo(4, 9),
    'braces, urn: and missing dashes are other ways of writing it',
  ),
  file(
    'timeuuid-variants.csv',
    [['a', '123e4567-e89b-12d3-a456-426614174000']],
    [2, 3],
    'only version 1 has a time that Cassandra reads',
  ),
  file(
    'inet-variants.csv',
    [
      ['a', '192.0.2.1'],
      ['b', '2001:db8::1'],
      ['c', '192.0.2.1'],
    ],
    upTo(4, 13),
    'names, networks, zones, ports and leading zeros (octal to some) are no addresses',
  ),
  file(
    'blob-variants.csv',
    [
      ['a', new Uint8Array([0xca, 0xfe])],
      ['b', new Uint8Array([0xca, 0xfe])],
      ['c', new Uint8Array()],
    ],
    upTo(4, 8),
    'without 0x a text could be base64, or just a text',
  ),
  file(
    'duration-variants.csv',
    [
      ['a', '1h30m'],
      ['b', '1h30m'],
      ['c', '1y2mo3d'],
    ],
    upTo(4, 8),
    'a number has no unit, and 01:30 is a time of day',
  ),
  file(
    'text-surrogates.ndjson',
    [
      ['a', '🦥'],
      ['d', 'a\0b'],
      ['e', '7'],
      ['f', 'true'],
    ],
    [2, 3, 7],
    'half of a pair would become U+FFFD in the database; a zero character is a character',
  ),
  {
    file: 'types/key-missing.csv',
    feed: 'typed',
    state: 'partial',
    rows: [
      [' ', 2],
      ['NULL', 3],
    ],
    rejected: [
      [1, 2, 'SLU-2003'],
      [4, 5, 'SLU-2002'],
    ],
    because: 'an empty key is none; a blank and the word NULL are texts like any',
  },
  {
    file: 'types/key-missing.ndjson',
    feed: 'typed',
    state: 'partial',
    rows: [['7', 4]],
    rejected: [
      [1, 1, 'SLU-2003'],
      [2, 2, 'SLU-2003'],
      [3, 3, 'SLU-2003'],
      [5, 5, 'SLU-2003'],
    ],
    because: 'absent, null, empty, or under another name: a row without its key is no row',
  },
  file(
    'list-variants.ndjson',
    [['a', [1, 2]], ['b', []], ['f', [1, 2]], ['i']],
    [3, 4, 5, 7, 8],
    'every element is of the type, and none is null; one value is no list of one',
  ),
  file('list-in-text.csv', [['a', [1, 2]], ['e']], [2, 3, 4], 'in a cell a list is written as JSON'),
  file(
    'set-variants.ndjson',
    [
      ['a', new Set(['a', 'b'])],
      ['c', new Set()],
    ],
    [2, 4, 5],
    'of two equal elements one would be lost',
  ),
  file(
    'map-variants.ndjson',
    [
      ['a', new Map([['a', 1]])],
      ['b', new Map()],
    ],
    [3, 4, 5, 6],
    'every value is of the type, and none is null',
  ),
];
