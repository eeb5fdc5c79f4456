import { typeText } from './column-types.ts';
import { type Fields, fieldIn } from './fields.ts';
import { canReadAs, type ReadAs, readingOf } from './mapping.ts';
import { Misfit } from './misfit.ts';
import { RowError } from './row.ts';
import { primaryKey, type Table } from './table.ts';

export interface ByColumnOptions<Column extends string = string> {
  /** The field of the record for a column whose name differs: `{ departed_at: 'Departure Time' }`. */
  readonly rename?: Readonly<Partial<Record<Column, string>>>;
  /**
   * What becomes of a column outside of the key whose field is null or empty: it is left as it is (`unset`, when absent), or its cell
   * is deleted (`null`), which costs the database a tombstone. A field that the record does not have always leaves the column as it is.
   */
  readonly empty?: 'unset' | 'null';
  /** What the sender writes where it does not know, such as `NA`: it counts as empty. */
  readonly placeholders?: readonly string[];
  /** Empty text is a text like any other in columns of type text; when absent it counts as empty there too, as CSV cannot tell the two apart. */
  readonly keepEmptyText?: boolean;
  /** Columns of bytes that come as base64 instead of hexadecimal, and timestamps that are to be cut off at the millisecond. */
  readonly readAs?: Readonly<Partial<Record<Column, ReadAs>>>;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * A ready transform: every column of the table takes the field of its name, read strictly by its type (core/model/mapping.ts). Fields that no
 * column takes are left out. A record without a column of the key, or with a value that is none of its column's type, is rejected.
 */
export function byColumn<Out>(
  table: Table<Out>,
  options: ByColumnOptions<keyof Out & string> = {},
): (fields: Fields) => Out {
  const { empty = 'unset', placeholders = [], keepEmptyText = false } = options;
  // A column may be called `constructor`, which every object has.
  const rename = new Map(Object.entries<string | undefined>(options.rename ?? {}));
  const readAs = new Map(Object.entries<ReadAs | undefined>(options.readAs ?? {}));
  for (const name of [...rename.keys(), ...readAs.keys()]) checkColumn(table, name, readAs.get(name));
  const columns = Object.entries(table.columns).map(([name, type]) => ({
    name,
    type,
    field: rename.get(name) ?? name,
    read: readingOf(type, readAs.get(name)),
    key: primaryKey(table).includes(name),
    keepEmpty: keepEmptyText && type === 'text',
  }));
  const none = new Set<unknown>(placeholders);
  // To look a text up it must be hashed, even in an empty set.
  const isPlaceholder = none.size === 0 ? () => false : (source: unknown) => none.has(source);

  return ({ values }) => {
    const row: Record<string, unknown> = {};
    for (const { name, type, field, read, key, keepEmpty } of columns) {
      const source = fieldIn(values, field);
      if (source === undefined || source === null || (source === '' && !keepEmpty) || isPlaceholder(source)) {
        if (key)
          throw new RowError('SLU-2003', `column "${field}" is missing or empty${forColumn(field, name)}`, field);
        if (source !== undefined && empty === 'null') row[name] = null;
        continue;
      }
      const value = read(source);
      if (value instanceof Misfit) throw value.inColumn(field, typeText(type), name);
      row[name] = value;
    }
    return row as Out & Values;
  };
}

function checkColumn(table: Table, name: string, as: ReadAs | undefined): void {
  const type = table.columns[name];
  const has = Object.keys(table.columns).join(', ');
  if (type === undefined) throw new TypeError(`byColumn: ${table.name} has no column "${name}"; it has ${has}`);
  if (as && !canReadAs(type, as)) {
    throw new TypeError(`byColumn: column "${name}" is ${typeText(type)} and cannot be read as ${as}`);
  }
}

const forColumn = (field: string, column: string) => (field === column ? '' : ` (it is ${column} in the table)`);
