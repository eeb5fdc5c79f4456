import { types } from 'cassandra-driver';
import type { ColumnType, ScalarType } from '../../core/model/column-types.ts';
import { durationText, parseDuration } from '../../core/model/duration.ts';
import { inetBytes, inetText } from '../../core/model/inet.ts';
import type { Table } from '../../core/model/table.ts';

/**
 * Values of our column types as the driver takes and gives them. Where it would not keep one exactly it is given the bytes themselves, which
 * it sends as they are.
 */
type Convert = (value: unknown) => unknown;

const same: Convert = (value) => value;

/** A collection without elements: the driver sends an empty list or set as null, which would delete the cell. */
const NO_ELEMENTS = Buffer.alloc(4);

/** The columns' values of a row as parameters, in the order of the names; null and undefined stay. */
export function parametersOf(table: Table, names: readonly string[]) {
  const columns = names.map((name) => [name, nullable(toDriver(table.columns[name] ?? 'text'))] as const);
  return (values: Readonly<Record<string, unknown>>): unknown[] =>
    columns.map(([name, convert]) => convert(values[name]));
}

/** The columns of a row as the driver gives it, as values of our types. */
export function valuesOf(table: Table): (row: Readonly<Record<string, unknown>>) => Record<string, unknown> {
  const columns = Object.entries(table.columns).map(([name, type]) => [name, nullable(fromDriver(type))] as const);
  return (row) => Object.fromEntries(columns.map(([name, convert]) => [name, convert(row[name])]));
}

const nullable =
  (convert: Convert): Convert =>
  (value) =>
    value === null || value === undefined ? value : convert(value);

const takes: Partial<Record<ScalarType, Convert>> = {
  bigint: (value) => (typeof value === 'bigint' ? String(value) : value),
  varint: String,
  blob: (value) => bufferOf(value as Uint8Array),
  inet: (value) => bufferOf(inetBytes(value as string) as Uint8Array),
  duration: (value) => {
    const duration = parseDuration(value as string);
    if (!duration) throw new TypeError(`${String(value)} is not a duration`);
    return new types.Duration(duration.months, duration.days, types.Long.fromString(String(duration.nanoseconds)));
  },
};

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function toDriver(type: ColumnType): Convert {
  if (typeof type === 'string') return takes[type] ?? same;
  if ('list' in type || 'set' in type) {
    const of = toDriver('list' in type ? type.list : type.set);
    return (value) => {
      const elements = Array.from(value as Iterable<unknown>, of);
      return elements.length === 0 ? NO_ELEMENTS : elements;
    };
  }
  if ('map' in type) {
    const [key, of] = [toDriver(type.map[0]), toDriver(type.map[1])];
    return (value) => new Map(Array.from(value as ReadonlyMap<unknown, unknown>, ([k, v]) => [key(k), of(v)]));
  }
  const fields = Object.entries(type.fields).map(([name, part]) => [name, nullable(toDriver(part))] as const);
  // A field that is absent is null: there is no leaving it as it is in a frozen value.
  return (value) =>
    Object.fromEntries(fields.map(([name, of]) => [name, of((value as Record<string, unknown>)[name]) ?? null]));
}

const gives: Partial<Record<ScalarType, Convert>> = {
  bigint: (value) => BigInt(String(value)),
  varint: (value) => BigInt(String(value)),
  decimal: (value) => exactDecimal(value as types.BigDecimal),
  date: String,
  time: String,
  uuid: String,
  timeuuid: String,
  inet: (value) => inetText((value as types.InetAddress).getBuffer()),
  duration: (value) => {
    // The driver's own text rounds: 23 months come out as `2y11mo`.
    const { months, days, nanoseconds } = value as unknown as { months: number; days: number; nanoseconds: types.Long };
    return durationText({ months, days, nanoseconds: BigInt(String(nanoseconds)) });
  },
};

/** The driver's own text of a decimal has a point in the wrong place when its scale is negative, as others may write it. */
function exactDecimal(value: types.BigDecimal): string {
  const bytes = types.BigDecimal.toBuffer(value);
  const scale = bytes.readInt32BE(0);
  return scale < 0 ? `${types.Integer.fromBuffer(bytes.subarray(4))}${'0'.repeat(-scale)}` : value.toString();
}

function fromDriver(type: ColumnType): Convert {
  if (typeof type === 'string') return gives[type] ?? same;
  if ('list' in type) {
    const of = fromDriver(type.list);
    return (value) => (value as unknown[]).map(of);
  }
  if ('set' in type) {
    const of = fromDriver(type.set);
    return (value) => new Set((value as unknown[]).map(of));
  }
  if ('map' in type) {
    const [key, of] = [fromDriver(type.map[0]), fromDriver(type.map[1])];
    return (value) => new Map(Array.from(value as Map<unknown, unknown>, ([k, v]) => [key(k), of(v)]));
  }
  const fields = Object.entries(type.fields).map(([name, part]) => [name, nullable(fromDriver(part))] as const);
  return (value) =>
    Object.fromEntries(fields.map(([name, of]) => [name, of((value as Record<string, unknown>)[name]) ?? null]));
}

/** Bytes of a parameter, estimated; a value that is neither text nor bytes nor made of others counts as eight. */
export function sizeOf(value: unknown, ofText = (text: string): number => text.length): number {
  if (typeof value === 'string') return ofText(value);
  if (typeof value !== 'object' || value === null) return 8;
  if (value instanceof Uint8Array) return value.byteLength;
  let parts: readonly unknown[] = [];
  if (value instanceof Map) parts = [...value].flat();
  else if (Array.isArray(value)) parts = value;
  else if (Object.getPrototypeOf(value) === Object.prototype) parts = Object.values(value);
  return parts.length === 0 ? 8 : parts.reduce((sum: number, part) => sum + 4 + sizeOf(part, ofText), 4);
}
