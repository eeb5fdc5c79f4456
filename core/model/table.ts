/** CQL types that a column may have, with the TypeScript type of a value on its way into the sink. */
interface Values {
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
  bigint: bigint | number;
  varint: bigint;
  /** Digits as text, because a JavaScript number would round them. */
  decimal: string;
  uuid: string;
  blob: Uint8Array;
}

export type ColumnType = keyof Values;
export type Columns = Readonly<Record<string, ColumnType>>;

/** A row of a table: key columns are required; another column may be null (delete the cell) or absent (leave it as it is). */
export type RowOf<C extends Columns, K extends keyof C> = { [N in K]: Values[C[N]] } & {
  [N in Exclude<keyof C, K>]?: Values[C[N]] | null;
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

/** A text that two rows share exactly when their values in these columns are the same to the database. */
export function keyText(table: Table, names: readonly string[], values: Readonly<Record<string, unknown>>): string {
  let key = '';
  for (const name of names) {
    const value = values[name];
    // String(date) knows no milliseconds.
    let text = value instanceof Date ? String(value.getTime()) : String(value);
    if (table.columns[name] === 'uuid') text = text.toLowerCase();
    key += `${text.length}:${text}`;
  }
  return key;
}
