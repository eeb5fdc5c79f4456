import { type ColumnType, defineType, typeText } from '../../core/model/column-types.ts';
import * as parquet from './parquet-columns.ts';

/**
 * What becomes of a value of a file in a column of a type: for the tests, which take each through reader, database and back, and for
 * docs/types.md, which is made of them.
 */
export interface TypeCase {
  readonly type: ColumnType;
  readonly format: 'text' | 'JSON' | 'Parquet';
  /** As it stands in the file: the text of a cell, a JSON value, or type and value of a Parquet column. */
  readonly input: string;
  /** Of Parquet: the column as it is written. */
  readonly column?: parquet.ParquetColumn;
  /** The value as the database writes it in JSON; null when it is rejected. */
  readonly stored: string | null;
}

/** Input and value; input alone for what is rejected. */
type Pair = readonly [input: string, stored?: string];
type ParquetCase = readonly [input: string, column: parquet.ParquetColumn, stored?: string];

const of = (
  type: ColumnType,
  text: readonly Pair[],
  json: readonly Pair[],
  columns: readonly ParquetCase[],
): TypeCase[] => [
  ...text.map(([input, stored = null]): TypeCase => ({ type, format: 'text', input, stored })),
  ...json.map(([input, stored = null]): TypeCase => ({ type, format: 'JSON', input, stored })),
  ...columns.map(([input, column, stored = null]): TypeCase => ({ type, format: 'Parquet', input, column, stored })),
];

const string = (text: string) => JSON.stringify(text);
/** Pairs that are the same in a cell and as a JSON string. */
const quoted = (pairs: readonly Pair[]): Pair[] =>
  pairs.map(([input, ...stored]) => [string(input), ...stored] as unknown as Pair);
const stored = (pairs: readonly (readonly [string, string?])[]): Pair[] =>
  pairs.map(([input, value]) => (value === undefined ? [input] : [input, string(value)]));

const wholes = (bits: 8 | 16 | 32): TypeCase[] => {
  const limit = 2 ** (bits - 1);
  const common: Pair[] = [
    [String(limit - 1), String(limit - 1)],
    [String(-limit), String(-limit)],
    [String(limit)],
    [String(-limit - 1)],
    ['1.0', '1'],
    ['1e2', '100'],
    ['-0', '0'],
    ['1.5'],
    ['0.99999999999999999999'],
  ];
  return of(
    bits === 8 ? 'tinyint' : bits === 16 ? 'smallint' : 'int',
    [...common, ['+7', '7'], ['007', '7'], [' 7'], ['1,5'], ['1 000'], ['0x10'], ['NaN'], ['true'], ['١']],
    [...common, ['"7"', '7'], ['true'], ['[7]'], ['{}']],
    [
      ['INT32 7', parquet.int32(7), '7'],
      ['INT64 7', parquet.int64(7n), '7'],
      ['DECIMAL 7.00', parquet.decimal('7.00'), '7'],
      ['DOUBLE 7', parquet.double(7), '7'],
      ['DOUBLE 7.5', parquet.double(7.5)],
      ['BOOLEAN true', parquet.boolean(true)],
      [`INT64 ${limit}`, parquet.int64(BigInt(limit))],
    ],
  );
};

const LONG = '9223372036854775807';
const longs: readonly Pair[] = [
  [LONG, LONG],
  [`-${LONG}`, `-${LONG}`],
  ['9007199254740993', '9007199254740993'],
  ['9007199254740993.0', '9007199254740993'],
  ['1e18', '1000000000000000000'],
  ['-0', '0'],
  ['1.5'],
];

const decimals: readonly Pair[] = [
  ['1.50', '1.50'],
  ['-0.5', '-0.5'],
  ['1e-7', '0.0000001'],
  ['12e3', '12000'],
  ['0.1234567890123456789012345678901234567890', '0.1234567890123456789012345678901234567890'],
  ['-0.00', '0.00'],
  ['1e9999'],
];

const SPECIAL: readonly Pair[] = [
  ['NaN', 'NaN'],
  ['Infinity', 'Infinity'],
  ['-Infinity', '-Infinity'],
];

const instants: readonly Pair[] = stored([
  ['2001-01-31T08:15:00.123Z', '2001-01-31 08:15:00.123Z'],
  ['2001-01-31 08:15', '2001-01-31 08:15:00.000Z'],
  ['2001-01-31', '2001-01-31 00:00:00.000Z'],
  ['2001-01-31T23:15:00-06:00', '2001-02-01 05:15:00.000Z'],
  ['2001-02-01T10:45+0530', '2001-02-01 05:15:00.000Z'],
  ['2001-01-31T08:15:00+01', '2001-01-31 07:15:00.000Z'],
  ['2001-01-31T08:15:00.123000000Z', '2001-01-31 08:15:00.123Z'],
  ['2001-01-31T08:15:00.1234Z'],
  ['2000-02-29T00:00Z', '2000-02-29 00:00:00.000Z'],
  ['1900-02-29T00:00Z'],
  ['1969-12-31T23:59:59.999Z', '1969-12-31 23:59:59.999Z'],
  ['0001-01-01T00:00Z', '0001-01-01 00:00:00.000Z'],
  ['9999-12-31T23:59:59.999Z', '9999-12-31 23:59:59.999Z'],
  ['+10000-01-01T00:00Z'],
  ['2016-12-31T23:59:60Z'],
  ['2001-01-31T24:00Z'],
  ['2001-01-31T08:60Z'],
  ['2001-01-31T08:15:00 Europe/Berlin'],
  ['31.01.2001 08:15'],
  ['980928900'],
]);

const days: readonly Pair[] = stored([
  ['2001-01-31', '2001-01-31'],
  ['2000-02-29', '2000-02-29'],
  ['1969-12-31', '1969-12-31'],
  ['0001-01-01', '0001-01-01'],
  ['9999-12-31', '9999-12-31'],
  ['1900-02-29'],
  ['2001-02-30'],
  ['10000-01-01'],
  ['31.01.2001'],
  ['20010131'],
  ['2001-01-31T00:00:00Z'],
]);

const times: readonly Pair[] = stored([
  ['08:15:00', '08:15:00.000000000'],
  ['23:59:59.999999999', '23:59:59.999999999'],
  ['08:15:00.5', '08:15:00.500000000'],
  ['08:15'],
  ['24:00:00'],
  ['23:59:60'],
  ['08:15:00Z'],
  ['08:15:00.1234567891'],
]);

const durations: readonly Pair[] = stored([
  ['1h30m', '1h30m'],
  ['90m', '1h30m'],
  ['1y2mo3w4d5h6m7s8ms9us10ns', '1y2mo25d5h6m7s8ms9us10ns'],
  ['-2d', '-2d'],
  ['PT1H30M', '1h30m'],
  ['P1Y2M3DT4H5M6.000000007S', '1y2mo3d4h5m6s7ns'],
  ['P2W', '14d'],
  ['23mo', '1y11mo'],
  ['1.5h'],
  ['1h1h'],
  ['30m1h'],
  ['90'],
  ['2147483648d'],
]);

const uuids: readonly Pair[] = stored([
  ['01234567-89ab-4def-8123-456789abcdef', '01234567-89ab-4def-8123-456789abcdef'],
  ['01234567-89AB-4DEF-8123-456789ABCDEF', '01234567-89ab-4def-8123-456789abcdef'],
  ['0123456789ab4def8123456789abcdef'],
  ['{01234567-89ab-4def-8123-456789abcdef}'],
]);

const timeuuids: readonly Pair[] = stored([
  ['01234567-89ab-1def-8123-456789abcdef', '01234567-89ab-1def-8123-456789abcdef'],
  ['01234567-89ab-4def-8123-456789abcdef'],
]);

const addresses: readonly Pair[] = stored([
  ['192.0.2.1', '192.0.2.1'],
  ['::1', '0:0:0:0:0:0:0:1'],
  ['2001:DB8:0:0::1', '2001:db8:0:0:0:0:0:1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['localhost'],
  ['192.0.2.256'],
  ['192.0.2.01'],
  ['192.0.2.1:80'],
  ['192.0.2.0/24'],
  ['fe80::1%eth0'],
]);

const hexes: readonly Pair[] = stored([
  ['0xcafe', '0xcafe'],
  ['0xCAFE', '0xcafe'],
  ['0x', '0x'],
  ['cafe'],
  ['0xcaf'],
  ['yv4='],
]);

const place = defineType({ name: 'place', fields: { name: 'text', at: { list: 'double' } } });

export const typeCases: readonly TypeCase[] = [
  ...of(
    'text',
    [
      ['Zürich', '"Zürich"'],
      ['007', '"007"'],
      [' a ', '" a "'],
      ['🦥', '"🦥"'],
      ['null', '"null"'],
    ],
    [
      ['"Zürich"', '"Zürich"'],
      ['"\\ud83e\\udda5"', '"🦥"'],
      ['"\\ud83e"'],
      ['"\\u0000"', '"\\u0000"'],
      ['7', '"7"'],
      ['9007199254740993', '"9007199254740993"'],
      ['true', '"true"'],
      ['["a"]'],
      ['{}'],
    ],
    [
      ['STRING Zürich', parquet.string('Zürich'), '"Zürich"'],
      ['INT64 9007199254740993', parquet.int64(9007199254740993n), '"9007199254740993"'],
      ['DECIMAL 1.50', parquet.decimal('1.50'), '"1.50"'],
      ['BYTE_ARRAY 0xcafe', parquet.bytes(0xca, 0xfe)],
    ],
  ),
  ...wholes(32),
  ...wholes(16),
  ...wholes(8),
  ...of(
    'bigint',
    [...longs, ['9223372036854775808'], ['NaN'], ['1e9999']],
    [...longs, ['9223372036854775808'], [string(LONG), LONG], ['true']],
    [
      ['INT64 9223372036854775807', parquet.int64(9223372036854775807n), LONG],
      ['INT32 -1', parquet.int32(-1), '-1'],
      ['UINT64 18446744073709551615', parquet.uint64(18446744073709551615n)],
      ['DECIMAL 9007199254740993.00', parquet.decimal('9007199254740993.00'), '9007199254740993'],
    ],
  ),
  ...of(
    'varint',
    [...longs, ['123456789012345678901234567890', '123456789012345678901234567890']],
    [...longs, ['-123456789012345678901234567890', '-123456789012345678901234567890']],
    [
      ['UINT64 18446744073709551615', parquet.uint64(18446744073709551615n), '18446744073709551615'],
      [
        'DECIMAL 12345678901234567890123456789012345678',
        parquet.decimal('12345678901234567890123456789012345678'),
        '12345678901234567890123456789012345678',
      ],
    ],
  ),
  ...of(
    'decimal',
    [...decimals, ['.5', '0.5'], ['5.', '5'], ['1,50'], ['1.5.0'], ['NaN'], ['€1.50']],
    [
      ...decimals.slice(1, 5),
      ['1.50', '1.5'],
      ['-0.00', '0'],
      ['1e9999'],
      ['0.1', '0.1'],
      ['9007199254740993', '9007199254740993'],
      ['"1.50"', '1.50'],
      ['true'],
    ],
    [
      ['DECIMAL 1.50', parquet.decimal('1.50'), '1.50'],
      ['DOUBLE 0.1', parquet.double(0.1), '0.1'],
      ['DOUBLE NaN', parquet.double(Number.NaN)],
      ['INT64 9007199254740993', parquet.int64(9007199254740993n), '9007199254740993'],
    ],
  ),
  ...of(
    'float',
    [
      ['0.1', '0.1'],
      ['-0', '-0'],
      ['16777216', '16777216'],
      ['16777217'],
      ['16777217.0', '16777216'],
      ['3.4028235e38', '3.4028235e38'],
      ['3.5e38'],
      ['1e-45', '1e-45'],
      ['1e-46'],
      ...SPECIAL,
      ['nan'],
      ['inf'],
    ],
    [['0.1', '0.1'], ['-0.0', '-0'], ['16777217'], ['1e39'], ['"NaN"', 'NaN'], ['true']],
    [
      ['FLOAT 0.1', parquet.float(0.1), '0.1'],
      ['FLOAT NaN', parquet.float(Number.NaN), 'NaN'],
      ['DOUBLE 1e39', parquet.double(1e39)],
    ],
  ),
  ...of(
    'double',
    [
      ['0.1', '0.1'],
      ['-0', '-0'],
      ['0.12345678901234567890', '0.12345678901234568'],
      ['9007199254740992', '9007199254740992'],
      ['9007199254740993'],
      ['1e30', '1e30'],
      ['1.7976931348623157e308', '1.7976931348623157e308'],
      ['1e309'],
      ['5e-324', '5e-324'],
      ['1e-325'],
      ...SPECIAL,
    ],
    [
      ['0.1', '0.1'],
      ['-0.0', '-0'],
      ['9007199254740993'],
      ['0.12345678901234567890', '0.12345678901234568'],
      ['1e309'],
      ['"Infinity"', 'Infinity'],
    ],
    [
      ['DOUBLE -0', parquet.double(-0), '-0'],
      ['DOUBLE -Infinity', parquet.double(Number.NEGATIVE_INFINITY), '-Infinity'],
      ['DECIMAL 0.10', parquet.decimal('0.10'), '0.1'],
      ['INT64 9007199254740993', parquet.int64(9007199254740993n)],
    ],
  ),
  ...of(
    'boolean',
    [['true', 'true'], ['False', 'false'], ['1'], ['yes'], ['t']],
    [['true', 'true'], ['"FALSE"', 'false'], ['1'], ['0']],
    [
      ['BOOLEAN false', parquet.boolean(false), 'false'],
      ['INT32 1', parquet.int32(1)],
    ],
  ),
  ...of(
    'timestamp',
    instants,
    [...quoted(instants.slice(0, 8)), ['980928900000']],
    [
      [
        'TIMESTAMP(MILLIS) 2001-01-31T08:15:00.123Z',
        parquet.timestamp('MILLIS', '2001-01-31T08:15:00.123Z'),
        '"2001-01-31 08:15:00.123Z"',
      ],
      ['TIMESTAMP(NANOS) 2001-01-31T08:15:00.000456789Z', parquet.timestamp('NANOS', '2001-01-31T08:15Z', 456_789n)],
      [
        'TIMESTAMP(MICROS) 2001-01-31T08:15:00.123000Z',
        parquet.timestamp('MICROS', '2001-01-31T08:15:00.123Z'),
        '"2001-01-31 08:15:00.123Z"',
      ],
      [
        'TIMESTAMP(MILLIS) 2001-01-31T08:15:00, local',
        parquet.timestamp('MILLIS', '2001-01-31T08:15Z', 0n, false),
        '"2001-01-31 08:15:00.000Z"',
      ],
      ['INT64 980928900000', parquet.int64(980_928_900_000n)],
    ],
  ),
  ...of(
    'date',
    days,
    [...quoted(days.slice(0, 2)), ['20010131']],
    [
      ['DATE 2001-01-31', parquet.date('2001-01-31'), '"2001-01-31"'],
      ['TIMESTAMP(MILLIS) 2001-01-31T00:00:00Z', parquet.timestamp('MILLIS', '2001-01-31')],
    ],
  ),
  ...of(
    'time',
    times,
    [...quoted(times.slice(0, 4)), ['29700']],
    [
      ['TIME(NANOS) 08:15:00.123456789', parquet.time('NANOS', 29_700_123_456_789n), '"08:15:00.123456789"'],
      ['INT64 29700000000000', parquet.int64(29_700_000_000_000n)],
    ],
  ),
  ...of(
    'duration',
    durations,
    [...quoted(durations.slice(0, 2)), ['90']],
    [
      ['INTERVAL 1 month 2 days 3500 ms', parquet.interval(1, 2, 3500), '"1mo2d3s500ms"'],
      ['INT64 90', parquet.int64(90n)],
    ],
  ),
  ...of('uuid', uuids, quoted(uuids), [
    [
      'UUID 01234567-89ab-4def-8123-456789abcdef',
      parquet.uuid('01234567-89ab-4def-8123-456789abcdef'),
      string('01234567-89ab-4def-8123-456789abcdef'),
    ],
  ]),
  ...of('timeuuid', timeuuids, quoted(timeuuids), [
    [
      'UUID 01234567-89ab-1def-8123-456789abcdef',
      parquet.uuid('01234567-89ab-1def-8123-456789abcdef'),
      string('01234567-89ab-1def-8123-456789abcdef'),
    ],
  ]),
  ...of(
    'inet',
    addresses,
    [...quoted(addresses.slice(0, 2)), ['3221225985']],
    [['STRING ::1', parquet.string('::1'), '"0:0:0:0:0:0:0:1"']],
  ),
  ...of(
    'blob',
    hexes,
    [...quoted(hexes.slice(0, 2)), ['[202, 254]']],
    [
      ['BYTE_ARRAY 0xcafe', parquet.bytes(0xca, 0xfe), '"0xcafe"'],
      ['STRING cafe', parquet.string('cafe')],
    ],
  ),
  ...of(
    { list: 'text' },
    [['["a", "b"]', '["a", "b"]'], ['[]', '[]'], ['a, b'], ['["a", null]'], ['{"a": 1}'], ['["a"']],
    [['["a", "a"]', '["a", "a"]'], ['[]', '[]'], ['["a", 7]', '["a", "7"]'], ['["a", null]'], ['"a"'], ['[["a"]]']],
    [['LIST [a, b]', parquet.list(parquet.string('a'), parquet.string('b')), '["a", "b"]']],
  ),
  ...of(
    { set: 'inet' },
    [['["::1"]', '["0:0:0:0:0:0:0:1"]']],
    [['["192.0.2.2", "192.0.2.1"]', '["192.0.2.1", "192.0.2.2"]'], ['["::1", "0::1"]'], ['["localhost"]']],
    [['LIST [192.0.2.1]', parquet.list(parquet.string('192.0.2.1')), '["192.0.2.1"]']],
  ),
  ...of(
    { map: ['int', 'decimal'] },
    [['{"1": "1.50"}', '{"1": 1.50}']],
    [
      ['{"2": "0.1", "1": 1e2}', '{"1": 100, "2": 0.1}'],
      ['{}', '{}'],
      ['{"1": 1, "01": 2}'],
      ['{"x": 1}'],
      ['{"1": null}'],
      ['[1]'],
    ],
    [['MAP {1: 1.50}', parquet.map([parquet.int32(1), parquet.decimal('1.50')]), '{"1": 1.50}']],
  ),
  ...of(
    place,
    [['{"name": "Zürich", "at": [47.5, 8.5]}', '{"name": "Zürich", "at": [47.5, 8.5]}']],
    [
      ['{"name": "Zürich"}', '{"name": "Zürich", "at": null}'],
      ['{"name": null}', '{"name": null, "at": null}'],
      ['{"nam": "Zürich"}'],
      ['{"at": ["x"]}'],
      ['["Zürich"]'],
    ],
    [['STRUCT {name: Zürich}', parquet.struct({ name: parquet.string('Zürich') }), '{"name": "Zürich", "at": null}']],
  ),
];

/** The cases of each type, by its name. */
export const casesByType: ReadonlyMap<string, readonly TypeCase[]> = Map.groupBy(typeCases, ({ type }) =>
  typeText(type),
);
