import { type Chunk, isRejection } from '../formats/format.ts';
import type { FileFormat } from '../model/formats.ts';
import type { FieldValues } from '../model/row.ts';
import type { Drift, SourceColumns } from '../model/run-quality.ts';
import type { Contract } from '../model/tenant.ts';

/** Columns of a file that are looked at. */
const MOST = 200;
/** Characters of a name that are kept, and names that are told of each kind. */
const NAME = 64;
const TOLD = 20;

/** Sees the columns of the records that go by, rejected ones too: of cells those of the first record, for all have its header. */
export class ColumnsSeen {
  readonly #names = new Set<string>();
  readonly #ordered: boolean;
  /** The columns of a record that has been looked at. */
  #before: readonly string[] = [];

  constructor({ among }: FileFormat) {
    this.#ordered = among.every(({ format }) => format === 'csv' || format === 'tsv');
  }

  async *watch(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    for await (const chunk of chunks) {
      if (!this.#ordered || this.#names.size === 0) this.#look(chunk);
      yield chunk;
    }
  }

  /** Null for a file without a record that could be read. */
  seen(): SourceColumns | null {
    if (this.#names.size === 0) return null;
    return { names: [...this.#names].map((name) => name.toWellFormed()), ordered: this.#ordered };
  }

  /** The names in the order in which they were seen. */
  state(): readonly string[] {
    return [...this.#names];
  }

  /** Adds the names that were seen in a later part of the file. */
  merge(names: readonly string[]): void {
    if (this.#ordered && this.#names.size > 0) return;
    for (const name of names) this.#add(name);
  }

  #look({ items }: Chunk): void {
    for (const item of items) {
      if (isRejection(item)) continue;
      if (!this.#isAsBefore(item.values)) {
        this.#before = Object.keys(item.values);
        for (const name of this.#before) this.#add(name);
      }
      if (this.#ordered) return;
    }
  }

  /** Whether a record has but columns of the one before, in their order. Most have, and to look each of them up takes three times as long. */
  #isAsBefore(values: FieldValues): boolean {
    let index = 0;
    for (const name in values) if (name !== this.#before[index++]) return false;
    return true;
  }

  #add(name: string): void {
    if (this.#names.size < MOST) this.#names.add(name.length > NAME ? name.slice(0, NAME) : name);
  }
}

/** The columns that a feed has last seen, and in which run. */
export interface KnownColumns extends SourceColumns {
  readonly run: string;
  /** When the file arrived, in milliseconds since 1970. */
  readonly modified: number;
}

/** How the columns of a file differ from what the feed declares, or else from what it saw last; null when they do not. */
export function driftOf(
  seen: SourceColumns | null,
  contract: Contract | undefined,
  last: KnownColumns | null,
): Drift | null {
  if (!seen) return null;
  if (contract) {
    const { required = [], optional = [] } = contract;
    return differences(seen.names, [...required, ...optional], required, 'the contract', false);
  }
  if (!last) return null;
  const reordered = seen.ordered && last.ordered && isReordered(seen.names, last.names);
  return differences(seen.names, last.names, last.names, last.run, reordered);
}

function differences(
  seen: readonly string[],
  known: readonly string[],
  wanted: readonly string[],
  against: string,
  reordered: boolean,
): Drift | null {
  const added = without(seen, known);
  const missing = without(wanted, seen);
  if (added.length === 0 && missing.length === 0 && !reordered) return null;
  return { against, added: added.slice(0, TOLD), missing: missing.slice(0, TOLD), reordered };
}

const without = (some: readonly string[], others: readonly string[]): string[] =>
  some.filter((name) => !others.includes(name));

/** Whether those that both have stand in another order. */
function isReordered(names: readonly string[], others: readonly string[]): boolean {
  const shared = names.filter((name) => others.includes(name));
  return shared.some((name, index) => name !== others.filter((other) => names.includes(other))[index]);
}
