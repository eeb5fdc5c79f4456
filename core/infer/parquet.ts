import type { SchemaElement } from 'hyparquet';
import { Unreadable } from '../formats/format.ts';
import { rangesOf } from '../formats/parquet/ranges.ts';
import { parquetSchema } from '../formats/parquet.ts';
import type { ScalarType } from '../model/column-types.ts';
import type { StoredObject } from '../ports.ts';

/** The type that a file's own schema gives a field, and what it calls it. */
export interface ToldType {
  readonly type: ScalarType;
  readonly says: string;
}

/** The types of the columns of a Parquet file, but for those of nested ones; none when it is compressed once more. */
export async function toldTypes(stored: StoredObject, signal: AbortSignal): Promise<ReadonlyMap<string, ToldType>> {
  const schema = parquetSchema(rangesOf(stored, signal), { format: 'parquet' });
  const { leaves } = await schema.catch((error) => {
    if (error instanceof Unreadable) return { leaves: [] };
    throw error;
  });
  const flat = leaves.filter(({ path }) => path.length === 1);
  return new Map(
    flat.flatMap(({ path: [name = ''], element }) => {
      const type = typeOf(element);
      return type === undefined ? [] : [[name, { type, says: saysOf(element) }] as const];
    }),
  );
}

function typeOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): ScalarType | undefined {
  if (logical?.type === 'INTEGER') return wholeOf(logical.bitWidth, logical.isSigned);
  const named = NAMED[logical?.type ?? converted ?? ''];
  return named ?? PHYSICAL[type ?? ''];
}

/** Without its sign a number needs a bit more. */
const wholeOf = (bits: number, isSigned: boolean): ScalarType =>
  bits + (isSigned ? 0 : 1) <= 32 ? 'int' : bits + (isSigned ? 0 : 1) <= 64 ? 'bigint' : 'varint';

const NAMED: Readonly<Record<string, ScalarType>> = {
  ...{ STRING: 'text', UTF8: 'text', ENUM: 'text', DECIMAL: 'decimal', DATE: 'date', UUID: 'uuid', FLOAT16: 'float' },
  ...{ TIME: 'time', TIME_MILLIS: 'time', TIME_MICROS: 'time', INTERVAL: 'duration' },
  ...{ TIMESTAMP: 'timestamp', TIMESTAMP_MILLIS: 'timestamp', TIMESTAMP_MICROS: 'timestamp' },
  ...{ INT_8: 'int', INT_16: 'int', INT_32: 'int', INT_64: 'bigint' },
  ...{ UINT_8: 'int', UINT_16: 'int', UINT_32: 'bigint', UINT_64: 'varint' },
};

const PHYSICAL: Readonly<Record<string, ScalarType>> = {
  ...{ BOOLEAN: 'boolean', INT32: 'int', INT64: 'bigint', INT96: 'timestamp', FLOAT: 'float', DOUBLE: 'double' },
  ...{ BYTE_ARRAY: 'blob', FIXED_LEN_BYTE_ARRAY: 'blob' },
};

function saysOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): string {
  if (logical?.type === 'TIMESTAMP')
    return `TIMESTAMP of ${logical.unit.toLowerCase()}${logical.isAdjustedToUTC ? '' : ' without a zone'}`;
  if (logical?.type === 'INTEGER') return `${logical.isSigned ? 'INT' : 'UINT'}${logical.bitWidth}`;
  return logical?.type ?? converted ?? String(type);
}
