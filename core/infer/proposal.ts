import { isRejection, type Refusal } from '../formats/format.ts';
import { readRecords } from '../formats/readers.ts';
import { caps } from '../model/caps.ts';
import type { FileFormat, Format, FormatSettings } from '../model/formats.ts';
import { keyspacesLimits } from '../model/keyspaces-limits.ts';
import type { StoredObject } from '../ports.ts';
import { type Facts, factsOf } from './facts.ts';
import { findKey, leastBadKey } from './keys.ts';
import { databaseName, databaseNames } from './names.ts';
import { type ToldType, toldTypes } from './parquet.ts';
import { type Guess, guessType } from './types.ts';
import { count } from './words.ts';

/** A column of the table that is proposed, and what it was guessed from. */
export interface ProposedColumn extends Pick<Guess, 'type' | 'why' | 'notes'> {
  /** Of the record, and of the table. */
  readonly field: string;
  readonly column: string;
}

/** A feed with its table, as a file's records suggest them. */
export interface Proposal {
  readonly name: string;
  readonly file: string;
  readonly settings: FormatSettings;
  readonly table: string;
  /** Records that were read, and those that could not be. */
  readonly records: number;
  readonly broken: number;
  readonly columns: readonly ProposedColumn[];
  readonly partitionKey: readonly string[];
  readonly clusteringKey: readonly string[];
  /** Why this is the key. */
  readonly keyWhy: string;
  readonly placeholders: readonly string[];
  /** What a person should look at, besides what the columns say. */
  readonly notes: readonly string[];
}

interface Given {
  readonly stored: StoredObject;
  /** Its name, without folders. */
  readonly file: string;
  readonly format: FileFormat;
  readonly settings: FormatSettings;
  readonly notes: readonly string[];
  readonly signal: AbortSignal;
}

/** Reads a file twice, all of it: for what its columns hold, and for what tells its records apart. */
export async function propose(given: Given): Promise<Proposal | Refusal> {
  const { file, settings } = given;
  const found = await gather(given);
  if ('code' in found) return found;
  const { records, broken, facts } = found;
  if (records === 0) return { code: 'SLU-3009', message: 'the file has no record to propose anything from' };
  const told = settings.format === 'parquet' ? await toldTypes(given.stored, given.signal) : NOTHING_TOLD;
  const { columns, placeholders } = proposeColumns(facts, TYPED.includes(settings.format), told);
  const types = Object.fromEntries(columns.flatMap(({ column, type }) => (type === null ? [] : [[column, type]])));
  const able = columns.flatMap(({ field, column, type }) => {
    const { empty, absent, placeholders: marks } = facts.get(field) as Facts;
    const none = [...marks].filter(([mark]) => placeholders.includes(mark));
    const missing = empty + absent + none.reduce((sum, [, times]) => sum + times, 0);
    return type === null ? [] : [{ field, column, type, missing }];
  });
  const always = able.filter(({ missing, type }) => missing === 0 && typeof type === 'string');
  const key =
    (await findKey(
      always.map(({ column }) => column),
      types,
      () => rows(given, always),
    )) ?? leastBadKey(able);
  if (!key) return { code: 'SLU-3009', message: 'no field of its records can be a column' };
  const name = databaseName(file.replace(/\..*$/, ''), 'feed');
  const notes = [
    ...given.notes,
    ...(broken === 0 ? [] : [`${count(broken)} records cannot be read and were left out; sluice check tells why`]),
    ...key.notes,
  ];
  return { name, file, settings, table: name, records, broken, columns, ...key, keyWhy: key.why, placeholders, notes };
}

/** Formats with numbers of their own. */
const TYPED: readonly Format[] = ['ndjson', 'json', 'parquet'];
const NOTHING_TOLD: ReadonlyMap<string, ToldType> = new Map();

function proposeColumns(facts: ReadonlyMap<string, Facts>, typed: boolean, told: ReadonlyMap<string, ToldType>) {
  const fields = [...facts];
  const names = databaseNames(fields.map(([field]) => field));
  // A feed's placeholders count in all of its columns: what is a value of one cannot be the placeholder of another.
  let taken: ReadonlySet<string> = new Set();
  let guesses: readonly Guess[] = [];
  for (let before = -1; taken.size > before; ) {
    before = taken.size;
    guesses = fields.map(([field, each]) => guessType(each, typed, taken, told.get(field)));
    const kept = fields.filter((_, index) => guesses[index]?.placeholders.length === 0);
    taken = new Set(kept.flatMap(([, { placeholders }]) => [...placeholders.keys()]));
  }
  const columns = fields.map(([field], index): ProposedColumn => {
    const { type, why, notes } = guesses[index] as Guess;
    const column = { field, column: names[index] as string, why };
    if (index < keyspacesLimits.columns) return { ...column, type, notes };
    return { ...column, type: null, notes: [`left out: Keyspaces writes at most ${keyspacesLimits.columns} columns`] };
  });
  return { columns, placeholders: [...new Set(guesses.flatMap(({ placeholders }) => placeholders))] };
}

async function gather(given: Given) {
  const facts = new Map<string, ReturnType<typeof factsOf>>();
  let records = 0;
  let broken = 0;
  for await (const { items, refusal } of chunksOf(given)) {
    for (const item of items) {
      if (isRejection(item)) {
        broken++;
        continue;
      }
      for (const [name, value] of Object.entries(item.values)) {
        let of = facts.get(name);
        if (!of) {
          of = factsOf();
          facts.set(name, of);
          of.absent(records);
        }
        of.add(value);
      }
      for (const [name, of] of facts) if (!Object.hasOwn(item.values, name)) of.absent(1);
      records++;
    }
    if (refusal) return refusal;
  }
  return { records, broken, facts: new Map([...facts].map(([name, of]) => [name, of.facts()])) };
}

const chunksOf = ({ stored, format, settings, signal }: Given) =>
  readRecords(stored, { ...format, among: [settings] }, { maxRecord: caps.maxMessageBytes }, signal);

/** The records by the names of columns. */
async function* rows(given: Given, columns: readonly Pick<ProposedColumn, 'field' | 'column'>[]) {
  for await (const { items } of chunksOf(given)) {
    for (const item of items) {
      if (!isRejection(item))
        yield Object.fromEntries(columns.map(({ field, column }) => [column, item.values[field]]));
    }
  }
}
