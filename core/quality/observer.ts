import type { Chunk } from '../formats/format.ts';
import type { FileFormat } from '../model/formats.ts';
import { addBroken, type FileRule, isFileRule, type RuleCounts } from '../model/quality.ts';
import type { Rejection, Row, Source } from '../model/row.ts';
import type { RunQuality } from '../model/run-quality.ts';
import { keyText, primaryKey } from '../model/table.ts';
import type { Contract, Feed } from '../model/tenant.ts';
import { ColumnsSeen, driftOf, type KnownColumns } from './drift.ts';
import { findingsOf } from './file-rules.ts';
import type { KeyStore } from './key-store.ts';
import { Statistics, type StatisticsState } from './statistics.ts';
import { Top } from './top.ts';
import { type Duplicates, Uniqueness, type UniquenessState } from './uniqueness.ts';

type Values = Readonly<Record<string, unknown>>;

/** What is seen of a window of rows. */
export interface Seen {
  readonly counts: { readonly loaded: number };
  /** Rows for the table, and the record that each is made of. */
  readonly outputs: readonly Values[];
  readonly owners: readonly Source[];
  readonly rejected: readonly Rejection[];
  readonly broken: ReadonlyMap<Row['position'], readonly string[]>;
}

/** Values of which rejections are counted, and those that are told of a run. */
const COUNTED = 500;
const TOLD = 10;
/** Records with a key that came before which are named, so that their sender finds them. */
const NAMED = 10_000;

interface FileEnd {
  readonly arrivedAt: Date;
  /** The columns that the feed has seen before. */
  readonly last: KnownColumns | null;
  /** False for a file that was not read to its end: rules on files say nothing of a part. */
  readonly whole: boolean;
  /** Called now and then, to hold the run meanwhile. */
  readonly beat: () => Promise<void>;
}

/** A rule that keys are there once. */
interface Unique {
  readonly name: string;
  readonly columns: readonly string[];
  readonly keyText: (values: Values) => string;
  readonly keys: Uniqueness;
}

/** Which of the feed's rules are asked. */
export type Asked = 'all rules' | 'rules that warn' | 'no rules on files';

/** What has been seen, as JSON: of a size that does not grow with the file but for the list of stored keys, about 100 bytes for 27,000 of them or more. */
export interface ObserverState {
  readonly records: number;
  readonly statistics: StatisticsState;
  readonly rules: RuleCounts;
  readonly top: ReturnType<Top['state']>;
  readonly columns: readonly string[];
  /** By rule. */
  readonly unique: Readonly<Record<string, UniquenessState>>;
}

/** Watches the rows of one pass over a file go by; an attempt that begins anew begins with a new one. To be closed. */
export class Observer {
  readonly #asked: readonly FileRule[];
  readonly #statistics: Statistics;
  readonly #rules: Record<string, number>;
  readonly #top = new Top(COUNTED);
  readonly #unique: readonly Unique[];
  readonly #contract: Contract | undefined;
  readonly #columns: ColumnsSeen;
  #records = 0;

  /** With a store for keys its state can be gone on with by another. */
  constructor(feed: Feed, format: FileFormat, asked: Asked, store?: KeyStore) {
    const { quality = [], table } = feed;
    const onFiles = asked === 'no rules on files' ? [] : quality.filter(isFileRule);
    this.#asked = onFiles.filter(({ severity }) => asked === 'all rules' || severity === 'warn');
    this.#contract = feed.contract;
    this.#columns = new ColumnsSeen(format);
    this.#statistics = new Statistics(table);
    const counted = quality.filter((rule) => !isFileRule(rule) || onFiles.includes(rule));
    this.#rules = Object.fromEntries(counted.map(({ name }) => [name, 0]));
    this.#unique = this.#asked.flatMap(({ name, file }) => {
      if (!('unique' in file)) return [];
      const columns = file.unique.length === 0 ? primaryKey(table) : file.unique;
      return [{ name, columns, keyText: keyText(table, columns), keys: new Uniqueness({ store }) }];
    });
  }

  /** The records of the file on their way into the pipeline: what it rejects has columns, too. */
  watch(chunks: AsyncIterable<Chunk>): AsyncIterable<Chunk> {
    return this.#columns.watch(chunks);
  }

  async add({ counts, outputs, owners, rejected, broken }: Seen): Promise<void> {
    this.#records += counts.loaded;
    this.#statistics.add(outputs);
    for (const rules of broken.values()) addBroken(this.#rules, rules);
    for (const { column, value } of rejected) {
      if (column !== undefined && value !== undefined) this.#top.add(JSON.stringify([column, value]));
    }
    for (const each of this.#unique) await each.keys.add(keysOf(each, outputs, owners));
  }

  async state(): Promise<ObserverState> {
    const unique: Record<string, UniquenessState> = {};
    for (const { name, keys } of this.#unique) unique[name] = await keys.state();
    return {
      records: this.#records,
      statistics: this.#statistics.state(),
      rules: { ...this.#rules },
      top: this.#top.state(),
      columns: this.#columns.state(),
      unique,
    };
  }

  /**
   * Adds what another has seen of the next part of the file; `before` is added to the positions of its records. Then all is as if one had seen both parts, but for the values
   * of rejections when there are more than are counted. The parts of a file may have been seen by different versions of its profile: what the other's did not ask or have, no record of
   * that part breaks or has.
   */
  merge({ records, statistics, rules, top, columns, unique }: ObserverState, before = 0): void {
    this.#records += records;
    this.#statistics.merge(statistics);
    for (const [name, count] of Object.entries(rules)) this.#rules[name] = (this.#rules[name] ?? 0) + count;
    this.#top.merge(top);
    this.#columns.merge(columns);
    for (const { name, keys } of this.#unique) keys.merge(unique[name] ?? [], before);
  }

  /** Records that have broken a rule, so far. */
  rules(): RuleCounts {
    return this.#rules;
  }

  /** What has been seen of a file; `duplicates` has, by rule, the records whose key came before. */
  async end({ arrivedAt, last, whole, beat }: FileEnd): Promise<{
    quality: RunQuality;
    duplicates: ReadonlyMap<string, Duplicates>;
  }> {
    const duplicates = new Map<string, Duplicates>();
    for (const { name, keys } of whole ? this.#unique : []) duplicates.set(name, await keys.duplicates(NAMED, beat));
    const [records, rows, columns] = [this.#records, this.#statistics.rows(), this.#statistics.summary()];
    const findings = findingsOf(whole ? this.#asked : [], { records, rows, columns, arrivedAt, duplicates });
    const rules = { ...this.#rules };
    for (const { rule } of findings) rules[rule] = duplicates.get(rule)?.count ?? 1;
    const topRejected = this.#top.first(TOLD).map(({ text, count }) => {
      const [column, value] = JSON.parse(text) as [string, string];
      return { column, value, count };
    });
    const source = this.#columns.seen();
    const drift = driftOf(source, this.#contract, last);
    return { quality: { checked: null, rules, findings, source, drift, rows, columns, topRejected }, duplicates };
  }

  async close(): Promise<void> {
    for (const { keys } of this.#unique) await keys.close();
  }
}

/** A row in which one of the columns is absent has no key, and so shares none. */
function* keysOf({ columns, keyText }: Unique, outputs: readonly Values[], owners: readonly Source[]) {
  for (const [index, values] of outputs.entries()) {
    if (columns.some((name) => values[name] === null || values[name] === undefined)) continue;
    yield [keyText(values), Number(owners[index]?.position)] as const;
  }
}
