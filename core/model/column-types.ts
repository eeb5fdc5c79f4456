/** CQL types of a single value, with the TypeScript type of a value on its way into the sink. */
interface Scalars {
  text: string;
  int: number;
  smallint: number;
  tinyint: number;
  float: number;
  double: number;
  boolean: boolean;
  /** An instant; milliseconds since 1970. */
  timestamp: Date;
  /** A calendar day as `YYYY-MM-DD`. */
  date: string;
  /** A time of day as `HH:MM:SS[.fffffffff]`. */
  time: string;
  /** As `1y2mo3d4h5m6s7ms8us9ns` or as ISO 8601 has it, `P1Y2M3DT4H5M6S`. */
  duration: string;
  bigint: bigint | number;
  varint: bigint;
  /** Digits as text, because a JavaScript number would round them. */
  decimal: string;
  uuid: string;
  /** A UUID of version 1. */
  timeuuid: string;
  /** An address of IP version 4 or 6; no name of a host. */
  inet: string;
  blob: Uint8Array;
}

export type ScalarType = keyof Scalars;

/** A collection is always frozen: repeating an insert into one that is not would double a list. */
export type ColumnType =
  | ScalarType
  | { readonly list: ColumnType }
  | { readonly set: ColumnType }
  | { readonly map: readonly [key: ColumnType, value: ColumnType] }
  | UserType;

/** A user-defined type: fields of their own types, each of which may be null. */
export interface UserType {
  readonly udt: string;
  readonly fields: Readonly<Record<string, ColumnType>>;
}

/** The TypeScript type of a value of a column type. */
export type ValueOf<T> = T extends ScalarType
  ? Scalars[T]
  : T extends { readonly list: infer E }
    ? readonly ValueOf<E>[]
    : T extends { readonly set: infer E }
      ? ReadonlySet<ValueOf<E>>
      : T extends { readonly map: readonly [infer K, infer V] }
        ? ReadonlyMap<ValueOf<K>, ValueOf<V>>
        : T extends { readonly fields: infer F }
          ? { readonly [N in keyof F]?: ValueOf<F[N]> | null }
          : never;

export const scalarTypes = [
  ...['text', 'int', 'smallint', 'tinyint', 'float', 'double', 'boolean', 'timestamp', 'date', 'time', 'duration'],
  ...['bigint', 'varint', 'decimal', 'uuid', 'timeuuid', 'inet', 'blob'],
] as const;

/** Defines a user-defined type, for columns of any table of the tenant: `{ home: address }`, `{ homes: { list: address } }`. */
export const defineType = <const F extends Readonly<Record<string, ColumnType>>>(definition: {
  readonly name: string;
  readonly fields: F;
}): { readonly udt: string; readonly fields: F } => ({ udt: definition.name, fields: definition.fields });

/** A type as CQL writes it, such as `frozen<list<text>>`. */
export function cqlType(type: ColumnType, quote = (name: string): string => name): string {
  return typeof type === 'string' ? type : `frozen<${inner(type, (part) => cqlType(part, quote), quote)}>`;
}

/** A type as people read it, such as `list<text>`. */
export const typeText = (type: ColumnType): string => (typeof type === 'string' ? type : inner(type, typeText));

function inner(
  type: Exclude<ColumnType, ScalarType>,
  of: (part: ColumnType) => string,
  quote = (name: string): string => name,
): string {
  if ('list' in type) return `list<${of(type.list)}>`;
  if ('set' in type) return `set<${of(type.set)}>`;
  return 'map' in type ? `map<${type.map.map(of).join(', ')}>` : quote(type.udt);
}

/** Types and all that they are made of, at any depth; a type stands before its parts. */
export const everyPart = (types: readonly ColumnType[]): ColumnType[] =>
  types.flatMap((type) => [type, ...everyPart(partsOf(type))]);

function partsOf(type: ColumnType): readonly ColumnType[] {
  if (typeof type === 'string') return [];
  if ('list' in type) return [type.list];
  if ('set' in type) return [type.set];
  return 'map' in type ? type.map : Object.values(type.fields);
}

/** The user-defined types that types need, once each, after those that they are made of. */
export function userTypesIn(types: readonly ColumnType[]): UserType[] {
  const found = everyPart(types).filter((type) => typeof type === 'object' && 'udt' in type);
  return [...new Map(found.reverse().map((type) => [type.udt, type])).values()];
}
