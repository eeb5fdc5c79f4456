import type { ColumnType, ValueOf } from './column-types.ts';
import { joined, type StoredText, storedText } from './stored.ts';

export type Columns = Readonly<Record<string, ColumnType>>;

/** A row of a table: key columns are required; another column may be null (delete the cell) or absent (leave it as it is). */
export type RowOf<C extends Columns, K extends keyof C> = { [N in K]: ValueOf<C[N]> } & {
  [N in Exclude<keyof C, K>]?: ValueOf<C[N]> | null;
};

export interface Table<Out = unknown> {
  readonly name: string;
  readonly columns: Columns;
  /** Columns that choose the partition; never empty. */
  readonly partitionKey: readonly string[];
  /** Columns that order and identify a row inside its partition; empty when the partition is the row. */
  readonly clusteringKey: readonly string[];
  /** Seconds that a row lives after its arrival; 0 means for ever. */
  readonly ttl: number;
  /** Carries the row's type for the compiler; never set. */
  readonly out?: Out;
}

/**
 * Defines a table, once, for everything that needs it: the type that a transform must return, the CQL of Cassandra and
 * the `AWS::Cassandra::Table` of Keyspaces.
 */
export function defineTable<
  const C extends Columns,
  const P extends readonly [keyof C & string, ...(keyof C & string)[]],
  const K extends readonly (keyof C & string)[] = [],
>(definition: {
  name: string;
  columns: C;
  partitionKey: P;
  clusteringKey?: K;
  ttl?: number;
}): Table<RowOf<C, P[number] | K[number]>> {
  const { name, columns, partitionKey, clusteringKey = [], ttl = 0 } = definition;
  return { name, columns, partitionKey, clusteringKey, ttl };
}

/** The columns that identify a row, partition first. */
export const primaryKey = (table: Table): readonly string[] => [...table.partitionKey, ...table.clusteringKey];

/** Makes a text that two rows share exactly when their values in these columns of the key are the same to the database. */
export function keyText(table: Table, names: readonly string[]): (values: Readonly<Record<string, unknown>>) => string {
  const parts = names.map((name) => [name, textInKey(table, name)] as const);
  return (values) => joined(parts.map(([name, of]) => of(values[name])));
}

/**
 * Partitions are told apart by their bytes and rows inside of one by their values: decimals with more or fewer zeros at their end
 * are different partitions and the same row.
 */
export function textInKey(table: Table, name: string): StoredText {
  const type = table.columns[name];
  if (type === undefined) return String;
  const of = storedText(type);
  const isByValue = type === 'decimal' && table.clusteringKey.includes(name);
  return isByValue
    ? (value) =>
        of(value)
          .replace(/(\.\d*?)0+$/, '$1')
          .replace(/\.$/, '')
    : of;
}
