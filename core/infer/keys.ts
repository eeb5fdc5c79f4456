import type { Columns } from '../model/table.ts';
import { count } from './words.ts';

/** Records that are compared: what is compared is kept in memory. */
const MOST_RECORDS = 100_000;
/** Columns that are tried together: of eight there are 28 pairs and 56 threes. */
const MOST_COLUMNS = 8;

/** Rows of a partition that are read at once without much ado. */
const GOOD_PARTITION = 10_000;
const TIMES: readonly unknown[] = ['timestamp', 'date', 'time'];

/** The key proposed for a table, with the reason and with what to look at. */
export interface KeyGuess {
  readonly partitionKey: readonly string[];
  readonly clusteringKey: readonly string[];
  readonly why: string;
  readonly notes: readonly string[];
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Looks for columns whose values together no two records share: one, or else two, or else three. `columns` are those that every record has,
 * and `rows` gives the records anew each time. Null when none of them can be a key.
 */
export async function findKey(
  columns: readonly string[],
  types: Columns,
  rows: () => AsyncIterable<Row>,
): Promise<KeyGuess | null> {
  const able = columns.filter((name) => mayBeKey(types[name]));
  if (able.length === 0) return null;
  const values = await countValues(able, rows);
  const among = `${values.all ? 'all' : 'the first'} ${count(values.records)} ${values.records === 1 ? 'record' : 'records'}`;
  for (const size of [1, 2, 3]) {
    const groups = size === 1 ? able.map((name) => [name]) : groupsOf(able.slice(0, MOST_COLUMNS), size);
    const unique = await uniqueOf(groups, rows);
    const [best, ...others] = unique.toSorted((a, b) => rank(b) - rank(a));
    if (!best) continue;
    const more = others.slice(0, 5).map((names) => names.join(' with '));
    return {
      ...split(best),
      why: `${best.join(' with ')} ${size === 1 ? 'is' : 'are'} different in ${among}`,
      notes: [...(more.length > 0 ? [`unique too: ${more.join('; ')}`] : []), ...partitionNotes(best)],
    };
  }
  const again = values.records - values.different;
  const why = [
    `nothing is unique: no column, no two and no three of them differ in ${among}, so all that every record has are the key`,
    ...(again === 0 ? [] : [`${count(again)} records repeat another in all of them and would be one row with it`]),
  ];
  const note = 'records that share a key are one row, of which the last stays: name the columns that identify one';
  return { ...split(able), why: why.join('; '), notes: [note, ...partitionNotes(able)] };

  /** The first column with partitions of a good size chooses them, better none of times; the others order the rows inside. */
  function split(names: readonly string[]) {
    const size = (name: string) => Math.max(...values.of(name).values());
    const rankOf = (name: string) =>
      size(name) > GOOD_PARTITION ? 2 * size(name) : TIMES.includes(types[name]) ? 1 : 0;
    const partitionKey = names.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, 1);
    return { partitionKey, clusteringKey: names.filter((name) => !partitionKey.includes(name)) };
  }

  function partitionNotes(names: readonly string[]): string[] {
    const { partitionKey, clusteringKey } = split(names);
    if (clusteringKey.length === 0) {
      return [
        'each row is a partition of its own, as is right for looking one up; rows that are read together want a partition key that they share',
      ];
    }
    const [partition = ''] = partitionKey;
    const counts = [...values.of(partition)];
    const [name, largest] = counts.reduce((most, each) => (each[1] > most[1] ? each : most), ['', 0] as const);
    const shown = name.length > 40 ? `${name.slice(0, 40)}…` : name;
    return [
      `${count(counts.length)} partitions by ${partition}, the largest with ${count(largest)} rows (${shown}); keep them below some 100,000`,
    ];
  }

  /** What is called an identifier comes first, then what is a text or a whole number, then what stands further left. */
  function rank(names: readonly string[]): number {
    const one = (name: string) =>
      (/(^|_)(id|uuid|guid|key|code|number|no|nr|ref)$/.test(name) ? 1000 : 0) +
      (['uuid', 'text', 'int', 'bigint'].includes(types[name] as string) ? 100 : 0) -
      columns.indexOf(name);
    return names.reduce((sum, name) => sum + one(name), 0);
  }
}

/** How often each value of each column is there, and how many records differ in any of them. */
async function countValues(columns: readonly string[], rows: () => AsyncIterable<Row>) {
  const counts = new Map(columns.map((name) => [name, new Map<string, number>()]));
  const different = new Set<string>();
  let records = 0;
  let all = true;
  for await (const row of rows()) {
    if (records === MOST_RECORDS) {
      all = false;
      break;
    }
    records++;
    for (const [name, of] of counts) {
      const text = textOf(row[name]);
      of.set(text, (of.get(text) ?? 0) + 1);
    }
    different.add(keyOf(columns, row));
  }
  const of = (name: string): ReadonlyMap<string, number> => counts.get(name) ?? new Map();
  return { records, all, different: different.size, of };
}

/** The groups of columns in whose values no two records agree. */
async function uniqueOf(groups: readonly string[][], rows: () => AsyncIterable<Row>): Promise<string[][]> {
  let left = groups.map((names) => ({ names, seen: new Set<string>() }));
  let records = 0;
  for await (const row of rows()) {
    if (records++ === MOST_RECORDS || left.length === 0) break;
    left = left.filter(({ names, seen }) => seen.size < seen.add(keyOf(names, row)).size);
  }
  return left.map(({ names }) => names);
}

/** The best that is left where no column that could be a key is in every record: the one that most records have. */
export function leastBadKey(columns: readonly { column: string; type: unknown; missing: number }[]): KeyGuess | null {
  const able = columns.filter(({ type }) => typeof type === 'string' && type !== 'duration');
  const [best] = able.toSorted((a, b) => a.missing - b.missing || Number(mayBeKey(b.type)) - Number(mayBeKey(a.type)));
  if (!best) return null;
  const without =
    best.missing === 0 ? '' : `; ${count(best.missing)} records have no ${best.column} and would be rejected`;
  return {
    partitionKey: [best.column],
    clusteringKey: [],
    why: `no column that should be a key has a value in every record${without}`,
    notes: ['records that share a key are one row, of which the last stays: name the columns that identify one'],
  };
}

/** Numbers with a fraction and true or false identify nothing; lists and maps cannot. */
const mayBeKey = (type: unknown): boolean =>
  typeof type === 'string' && !['double', 'float', 'decimal', 'boolean', 'blob', 'duration'].includes(type);

const textOf = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value));
const keyOf = (names: readonly string[], row: Row): string => names.map((name) => textOf(row[name])).join('\u001f');

function groupsOf(names: readonly string[], size: number): string[][] {
  if (size === 0) return [[]];
  return names.flatMap((name, index) => groupsOf(names.slice(index + 1), size - 1).map((rest) => [name, ...rest]));
}
