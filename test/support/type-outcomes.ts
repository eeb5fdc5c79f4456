import { csvReader } from '../../core/formats/csv.ts';
import { readNdjson } from '../../core/formats/ndjson.ts';
import { byColumn } from '../../core/model/by-column.ts';
import type { Code } from '../../core/model/codes.ts';
import type { ColumnType } from '../../core/model/column-types.ts';
import { conformer } from '../../core/model/conform.ts';
import { durationText, parseDuration } from '../../core/model/duration.ts';
import { Fields } from '../../core/model/fields.ts';
import { inetBytes } from '../../core/model/inet.ts';
import { type FieldValues, RowError } from '../../core/model/row.ts';
import { defineTable, type Table } from '../../core/model/table.ts';
import { type ParquetColumn, parquetFile } from './parquet-columns.ts';
import { outcomesOf } from './read-file.ts';
import { readAll } from './reading.ts';
import type { TypeCase } from './type-cases.ts';

/** What became of a case: a row of its table, or the rejection. */
export type Outcome =
  | { readonly row: Readonly<Record<string, unknown>> }
  | { readonly code: Code; readonly message: string };

/** A table with a column of a type, for the cases of that type. */
export const tableOfType = (type: ColumnType, name = 'cases'): Table =>
  defineTable({ name, columns: { id: 'int', v: type }, partitionKey: ['id'] });

/** Takes a case from its file through reader, `byColumn` and the check of a transform's output. */
export async function outcomeOf({ type, format, input, column }: TypeCase, id = 1): Promise<Outcome> {
  const table = tableOfType(type);
  const values = column ? { id, v: await parquetValue(column) } : await fieldsOf(format, id, input);
  try {
    const row = byColumn(table)(new Fields(values)) as Readonly<Record<string, unknown>>;
    conformer(table)(row);
    return { row };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return { code: error.code, message: error.message };
  }
}

async function parquetValue(column: ParquetColumn): Promise<unknown> {
  const [row] = await outcomesOf(parquetFile(column), 'parquet');
  if (typeof row !== 'object') throw new Error(`${row} in the file of Parquet`);
  return row.v;
}

async function fieldsOf(format: TypeCase['format'], id: number, input: string): Promise<FieldValues> {
  const text = format === 'text' ? `id,v\n${id},"${input.replaceAll('"', '""')}"\n` : `{"id":${id},"v":${input}}\n`;
  const { rows } = await readAll(format === 'text' ? csvReader({ format: 'csv' }) : readNdjson, [text]);
  const [row] = rows;
  if (!row) throw new Error(`${input} is no record of ${format}`);
  return row.values;
}

/** A value as the database writes it in JSON, but for binary fractions, which are written as JavaScript does. */
export function databaseJson(type: ColumnType, value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof type === 'object') {
    if ('list' in type) return `[${(value as unknown[]).map((part) => databaseJson(type.list, part)).join(', ')}]`;
    if ('set' in type) {
      const parts = Array.from(value as Set<unknown>, (part) => databaseJson(type.set, part));
      return `[${parts.sort().join(', ')}]`;
    }
    if ('udt' in type) {
      const parts = value as Readonly<Record<string, unknown>>;
      const fields = Object.entries(type.fields);
      return `{${fields.map(([name, part]) => `"${name}": ${databaseJson(part, parts[name])}`).join(', ')}}`;
    }
    const entries = Array.from(value as Map<unknown, unknown>, ([key, part]) => {
      const name = databaseJson(type.map[0], key);
      return `${name.startsWith('"') ? name : `"${name}"`}: ${databaseJson(type.map[1], part)}`;
    });
    return `{${entries.sort().join(', ')}}`;
  }
  switch (type) {
    case 'float':
      return Object.is(value, -0) ? '-0' : shortestFloat(value as number);
    case 'double':
      return Object.is(value, -0) ? '-0' : String(value).replace('e+', 'e');
    case 'decimal':
      return String(value);
    case 'timestamp':
      return JSON.stringify((value as Date).toISOString().replace('T', ' '));
    case 'time': {
      const [whole, fraction = ''] = String(value).split('.');
      return `"${whole}.${fraction.padEnd(9, '0')}"`;
    }
    case 'duration':
      return JSON.stringify(durationText(parseDuration(value as string) ?? { months: 0, days: 0, nanoseconds: 0n }));
    case 'uuid':
    case 'timeuuid':
      return JSON.stringify(String(value).toLowerCase());
    case 'inet':
      return JSON.stringify(javaAddress(inetBytes(value as string) as Uint8Array));
    case 'blob':
      return `"0x${Buffer.from(value as Uint8Array).toString('hex')}"`;
    case 'text':
    case 'date':
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

/** The shortest digits that stand for a float of 32 bits. */
function shortestFloat(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text)).replace('e+', 'e');
  }
  return String(value);
}

/** Java leaves no groups of zeros out. */
const javaAddress = (bytes: Uint8Array): string =>
  bytes.length === 4
    ? bytes.join('.')
    : Array.from({ length: 8 }, (_, at) =>
        (((bytes[2 * at] as number) << 8) | (bytes[2 * at + 1] as number)).toString(16),
      ).join(':');
