import type { Fields } from './fields.ts';

/** What a broken rule does: it is counted (`warn`), costs the record (`reject`), or costs the whole file (`refuse`; a message: itself). */
export const severities = ['warn', 'reject', 'refuse'] as const;
export type Severity = (typeof severities)[number];

interface Named {
  /** Lower case letters, digits, `-` and `_`; unique in the feed, for counts and rejections are kept by it. */
  readonly name: string;
  /** What holds when the rule is kept, such as `at least 50 upvotes`. */
  readonly description: string;
}

/**
 * A rule on each record that would be loaded: by its fields, or by each row that the transform has made of it. The code is pure, as a transform is, and
 * answers whether the rule is kept; a `RowError` of `Fields` is a no.
 */
export interface RecordRule<Out = unknown> extends Named {
  readonly severity: Severity;
  /** The column whose value is shown when the rule is broken: of the record for `record`, of the table for `row`. */
  readonly column?: string;
  record?(fields: Fields): boolean;
  row?(row: Out): boolean;
}

/** What can only be said of a whole file: plain data, asked of the rows that it would load. */
export type FileCheck =
  /** Records that would be loaded. */
  | { readonly minRows: number }
  /** Columns of the table whose values together no two rows share; none: those of its key. */
  | { readonly unique: readonly string[] }
  /** A column of the table, and the largest share of rows, 0 to 1, in which it may be null. */
  | { readonly nullsIn: string; readonly maxShare: number }
  /** A timestamp or date of the table, and the most hours between its newest value and the file's arrival. */
  | { readonly newestOf: string; readonly maxAgeHours: number };

/** A rule on whole files; messages have none. */
export interface FileRule extends Named {
  readonly severity: Exclude<Severity, 'reject'>;
  readonly file: FileCheck;
}

export type Rule<Out = unknown> = RecordRule<Out> | FileRule;

export const isFileRule = (rule: Rule): rule is FileRule => 'file' in rule;

// Builders of common rules. Another name or description is given by `{ ...range('delay', { max: 600 }, 'warn'), name: 'long-delay' }`.
// But for `notNull` an absent value keeps every rule.

type Values = Readonly<Record<string, unknown>>;
type Comparable = number | bigint | string | Date;

const onColumn = (
  column: string,
  kind: string,
  description: string,
  severity: Severity,
  keeps: (value: unknown) => boolean,
): RecordRule<Values> => ({
  name: `${column}-${kind}`,
  description: `${column} is ${description}`,
  severity,
  column,
  row: (row) => keeps(row[column]),
});

const isAbsent = (value: unknown): boolean => value === null || value === undefined;

export const notNull = (column: string, severity: Severity = 'reject'): RecordRule<Values> =>
  onColumn(column, 'not-null', 'there', severity, (value) => !isAbsent(value));

/** Numbers, bigints and Dates compare as such, decimals with numbers, days and other texts with texts. */
export const range = (
  column: string,
  { min, max }: { readonly min?: Comparable; readonly max?: Comparable },
  severity: Severity = 'reject',
): RecordRule<Values> => {
  const text = (bound: Comparable) => (bound instanceof Date ? bound.toISOString() : String(bound));
  const bounds = [min === undefined ? '' : `at least ${text(min)}`, max === undefined ? '' : `at most ${text(max)}`];
  return onColumn(column, 'range', bounds.filter((bound) => bound !== '').join(' and '), severity, (value) => {
    if (isAbsent(value)) return true;
    const comparable = value as number;
    return (min === undefined || comparable >= (min as number)) && (max === undefined || comparable <= (max as number));
  });
};

export const pattern = (column: string, expression: RegExp, severity: Severity = 'reject'): RecordRule<Values> =>
  onColumn(
    column,
    'pattern',
    `a text like ${expression}`,
    severity,
    // `test` of a global expression would go on where the last one has ended.
    (value) => isAbsent(value) || String(value).search(expression) !== -1,
  );

export const oneOf = (column: string, choices: readonly unknown[], severity: Severity = 'reject'): RecordRule<Values> =>
  onColumn(
    column,
    'one-of',
    `one of ${choices.map(String).join(', ')}`,
    severity,
    (value) => isAbsent(value) || choices.includes(value),
  );

export const minRows = (count: number, severity: FileRule['severity'] = 'refuse'): FileRule => ({
  name: 'min-rows',
  description: `at least ${count} ${count === 1 ? 'record is' : 'records are'} loaded`,
  severity,
  file: { minRows: count },
});

/** Without columns: the table's key. */
export const unique = (columns: readonly string[] = [], severity: FileRule['severity'] = 'refuse'): FileRule => ({
  name: columns.length === 0 ? 'unique-key' : `unique-${columns.join('-')}`,
  description: `no two rows have the same ${columns.length === 0 ? 'key' : columns.join(', ')}`,
  severity,
  file: { unique: columns },
});

export const nullShare = (column: string, maxShare: number, severity: FileRule['severity'] = 'warn'): FileRule => ({
  name: `${column}-null-share`,
  description: `${column} is absent in at most ${Number((maxShare * 100).toFixed(4))} % of the rows`,
  severity,
  file: { nullsIn: column, maxShare },
});

export const freshness = (column: string, maxAgeHours: number, severity: FileRule['severity'] = 'warn'): FileRule => ({
  name: `${column}-freshness`,
  description: `the newest ${column} is at most ${maxAgeHours} h older than the file`,
  severity,
  file: { newestOf: column, maxAgeHours },
});

/** How many records have broken each rule, by its name. */
export type RuleCounts = Record<string, number>;

/** Counts the rules that one record breaks, in place. */
export function addBroken(counts: RuleCounts, broken: readonly string[]): void {
  for (const name of broken) counts[name] = (counts[name] ?? 0) + 1;
}
