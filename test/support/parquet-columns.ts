import type { SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';

/** A column `v` of a Parquet file with one value in it. */
export interface ParquetColumn {
  readonly schema: readonly SchemaElement[];
  readonly value: unknown;
}

const leaf = (type: SchemaElement['type'], value: unknown, more: Partial<SchemaElement> = {}): ParquetColumn => ({
  schema: [{ name: 'v', repetition_type: 'OPTIONAL', ...(type && { type }), ...more }],
  value,
});

export const boolean = (value: boolean) => leaf('BOOLEAN', value);
export const int32 = (value: number) => leaf('INT32', value);
export const int64 = (value: bigint) => leaf('INT64', value);
export const uint64 = (value: bigint) => leaf('INT64', value, { converted_type: 'UINT_64' });
export const float = (value: number) => leaf('FLOAT', value);
export const double = (value: number) => leaf('DOUBLE', value);
export const string = (value: string) => leaf('BYTE_ARRAY', value, { converted_type: 'UTF8' });
export const bytes = (...value: number[]) => leaf('BYTE_ARRAY', Uint8Array.from(value));
export const date = (day: string) => leaf('INT32', Date.parse(day) / 86_400_000, { converted_type: 'DATE' });

/** A decimal with as many places as its text has. */
export function decimal(text: string): ParquetColumn {
  const scale = text.split('.')[1]?.length ?? 0;
  const type = { converted_type: 'DECIMAL', precision: 38, scale, type_length: 16 } as const;
  return leaf('FIXED_LEN_BYTE_ARRAY', BigInt(text.replace('.', '')), type);
}

const perMillisecond = { MILLIS: 1n, MICROS: 1000n, NANOS: 1_000_000n } as const;
type Unit = keyof typeof perMillisecond;

/** An instant in units since 1970: that of the date, and more units of that size. */
export const timestamp = (unit: Unit, instant: string, more = 0n, isAdjustedToUTC = true) =>
  leaf('INT64', BigInt(Date.parse(instant)) * perMillisecond[unit] + more, {
    logical_type: { type: 'TIMESTAMP', unit, isAdjustedToUTC },
  });

export const time = (unit: Unit, units: bigint) =>
  leaf('INT64', units, { logical_type: { type: 'TIME', unit, isAdjustedToUTC: true } });

export const uuid = (text: string) =>
  leaf('FIXED_LEN_BYTE_ARRAY', text, { type_length: 16, logical_type: { type: 'UUID' } });

export function interval(months: number, days: number, milliseconds: number): ParquetColumn {
  const value = new Uint8Array(Uint32Array.of(months, days, milliseconds).buffer);
  return leaf('FIXED_LEN_BYTE_ARRAY', value, { type_length: 12, converted_type: 'INTERVAL' });
}

const renamed = ({ schema: [first, ...rest] }: ParquetColumn, name: string): SchemaElement[] => [
  { ...(first as SchemaElement), name },
  ...rest,
];

/** A list whose elements are like the given ones. */
export const list = (...elements: readonly ParquetColumn[]): ParquetColumn => ({
  schema: [
    { name: 'v', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...renamed(elements[0] as ParquetColumn, 'element'),
  ],
  value: elements.map(({ value }) => value),
});

export const map = (...entries: readonly (readonly [key: ParquetColumn, value: ParquetColumn])[]): ParquetColumn => {
  const [[key, value]] = entries as [(typeof entries)[0]];
  const [first, ...rest] = renamed(key, 'key');
  return {
    schema: [
      { name: 'v', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'MAP' },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      { ...(first as SchemaElement), repetition_type: 'REQUIRED' },
      ...rest,
      ...renamed(value, 'value'),
    ],
    value: entries.map(([k, v]) => ({ key: k.value, value: v.value })),
  };
};

export const struct = (fields: Readonly<Record<string, ParquetColumn>>): ParquetColumn => ({
  schema: [
    { name: 'v', repetition_type: 'OPTIONAL', num_children: Object.keys(fields).length },
    ...Object.entries(fields).flatMap(([name, column]) => renamed(column, name)),
  ],
  value: Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value])),
});

/** A file with the one column, and one row. */
export const parquetFile = ({ schema, value }: ParquetColumn): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      schema: [{ name: 'root', num_children: 1 }, ...schema],
      columnData: [{ name: 'v', data: [value] }],
      statistics: false,
    }),
  );
