import type { ColumnType, ScalarType, UserType } from './column-types.ts';
import { decimalText } from './digits.ts';
import { parseDuration } from './duration.ts';
import { inetBytes, inetText } from './inet.ts';

/**
 * A text that two values of a type share exactly when the database stores the same for them, however they are written: `::1` and `0:0:0:0:0:0:0:1`, a UUID in
 * capitals, a time with zeros at its end. `1.0` and `1.00` are different decimals, and `-0` is not `0` where the type knows it.
 */
export type StoredText = (value: unknown) => string;

export function storedText(type: ColumnType): StoredText {
  if (typeof type === 'string') return scalars[type];
  if ('list' in type) return listed(storedText(type.list));
  if ('set' in type) {
    const of = storedText(type.set);
    return (value) => joined([...(value as Iterable<unknown>)].map(of).sort());
  }
  if ('map' in type) {
    const [key, of] = [storedText(type.map[0]), storedText(type.map[1])];
    return (value) =>
      joined([...(value as ReadonlyMap<unknown, unknown>)].map(([k, v]) => joined([key(k), of(v)])).sort());
  }
  return fieldsText(type);
}

/** Texts in one, from which no other texts could come. */
export const joined = (texts: readonly string[]): string => texts.map((text) => `${text.length}:${text}`).join('');

const listed =
  (of: StoredText): StoredText =>
  (value) =>
    joined((value as readonly unknown[]).map(of));

/** A field that is absent is null. */
function fieldsText({ fields }: UserType): StoredText {
  const parts = Object.entries(fields).map(([name, type]) => [name, storedText(type)] as const);
  return (value) =>
    parts
      .map(([name, of]) => {
        const part = (value as Readonly<Record<string, unknown>>)[name];
        return part === null || part === undefined ? '-' : joined([of(part)]);
      })
      .join('');
}

const plain: StoredText = (value) => String(value);
const real: StoredText = (value) => (Object.is(value, -0) ? '-0' : String(value));
const lower: StoredText = (value) => String(value).toLowerCase();

const scalars: Readonly<Record<ScalarType, StoredText>> = {
  text: plain,
  int: plain,
  smallint: plain,
  tinyint: plain,
  float: (value) => real(Math.fround(value as number)),
  double: real,
  boolean: plain,
  timestamp: (value) => String((value as Date).getTime()),
  date: plain,
  time: (value) => (String(value).includes('.') ? String(value).replace(/\.?0+$/, '') : String(value)),
  duration: (value) => {
    const { months, days, nanoseconds } = parseDuration(String(value)) ?? { months: 0, days: 0, nanoseconds: 0n };
    return `${months} ${days} ${nanoseconds}`;
  },
  bigint: plain,
  varint: plain,
  decimal: (value) => decimalText(String(value)) ?? String(value),
  uuid: lower,
  timeuuid: lower,
  inet: (value) => inetText(inetBytes(String(value)) ?? new Uint8Array(4)),
  blob: (value) => {
    let hex = '';
    for (const byte of value as Uint8Array) hex += byte.toString(16).padStart(2, '0');
    return hex;
  },
};

/** Makes a value of a type of keys out of its stored text. */
export function valueOfStored(type: ColumnType, text: string): unknown {
  switch (type) {
    case 'int':
    case 'smallint':
    case 'tinyint':
    case 'float':
    case 'double':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'timestamp':
      return new Date(Number(text));
    case 'bigint':
    case 'varint':
      return BigInt(text);
    case 'blob':
      return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
    default:
      return text;
  }
}
