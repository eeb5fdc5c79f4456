import type { FileRule } from '../model/quality.ts';
import type { ColumnStatistics, Finding } from '../model/run-quality.ts';
import type { Duplicates } from './uniqueness.ts';

/** What the rules on a file are asked about. */
interface FileFacts {
  /** Records that are loaded, or would be. */
  readonly records: number;
  readonly rows: number;
  readonly columns: Readonly<Record<string, ColumnStatistics>>;
  readonly arrivedAt: Date;
  /** By the name of the rule, of those that have been looked for. */
  readonly duplicates: ReadonlyMap<string, Duplicates>;
}

/** The rules that are broken. */
export const findingsOf = (rules: readonly FileRule[], facts: FileFacts): Finding[] =>
  rules.flatMap(({ name, description, severity, file }) => {
    const found = problemWith(name, file, facts);
    return found === null ? [] : [{ rule: name, severity, message: `${description}; ${found}` }];
  });

/** Null when the rule is kept. A file without rows keeps all but that on their number: nothing can be said of values. */
function problemWith(name: string, check: FileRule['file'], { records, rows, ...facts }: FileFacts): string | null {
  if ('minRows' in check) return records < check.minRows ? `there are ${records}` : null;
  if (rows === 0) return null;
  if ('nullsIn' in check) {
    const { nulls = 0 } = facts.columns[check.nullsIn] ?? {};
    if (nulls <= check.maxShare * rows) return null;
    return `it is absent in ${nulls} of ${rows}, ${Number(((nulls / rows) * 100).toFixed(4))} %`;
  }
  if ('newestOf' in check) {
    const newest = facts.columns[check.newestOf]?.max;
    if (newest === undefined) return 'it has no value';
    const hours = (facts.arrivedAt.getTime() - endOf(String(newest))) / 3_600_000;
    return hours > check.maxAgeHours ? `it is ${newest}, ${Math.floor(hours)} h before the file arrived` : null;
  }
  const { count = 0, first = new Map<number, number>() } = facts.duplicates.get(name) ?? {};
  if (count === 0) return null;
  const [later, earlier] = [...first].sort(([a], [b]) => a - b)[0] ?? [];
  const example = later === undefined ? '' : `, such as record ${later} after record ${earlier}`;
  return `${count === 1 ? '1 row repeats' : `${count} rows repeat`} one before${example}`;
}

/** A day is as new as its end, UTC. */
const endOf = (newest: string): number =>
  /^\d{4}-\d\d-\d\d$/.test(newest) ? Date.parse(newest) + 86_400_000 : Date.parse(newest);
