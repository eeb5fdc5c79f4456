import type { ColumnMetaData } from 'hyparquet';
import { caps } from '../../model/caps.ts';
import { Unreadable } from '../format.ts';
import { tooLarge } from './decode.ts';
import { type Page, pagesOf } from './pages.ts';
import type { Ranges } from './ranges.ts';
import type { Leaf } from './schema.ts';

/** What all columns of a row group hold in memory together. */
export interface Holding {
  bytes: number;
}

/** Goes through a column entry by entry; what the levels mean is up to whoever puts records together. */
export interface Cursor {
  /** How many whole records can be taken; asks for more pages until it is one at least, or 0 at the end of the column. */
  ready(): Promise<number>;
  /** The definition level of the next entry, and its repetition level: -1 and 0 at the end. */
  defined(): number;
  repeated(): number;
  /** Takes an entry that has a value, or one that has none. */
  take(): unknown;
  skip(): void;
  /** Passes as many records of a column that is in no list, of those that are ready. */
  pass(records: number): void;
}

export function cursorOf(file: Ranges, chunk: ColumnMetaData, leaf: Leaf, slice: number, holding: Holding): Cursor {
  const pages = pagesOf(file, chunk, leaf, slice)[Symbol.asyncIterator]();
  let page: Page = { entries: 0, defined: null, repeated: null, values: [], dictionary: null, bytes: 0 };
  let [entry, value] = [0, 0];
  /** Beginnings of records in the page, of which those up to `entry` have been taken. */
  let [begun, taken] = [0, 0];
  let ended = false;

  const hold = (next: Page) => {
    holding.bytes += next.bytes - page.bytes;
    if (holding.bytes > caps.heldBytes) {
      throw tooLarge('its Parquet pages are too large to be held side by side: write smaller pages, or fewer columns');
    }
    page = next;
    [entry, value, taken] = [0, 0, 0];
    begun = beginnings(page);
  };
  const inconsistent = () =>
    new Unreadable(
      'SLU-3023',
      `its Parquet column "${leaf.path.join('.')}" cannot be read: its levels contradict each other`,
    );

  return {
    async ready() {
      for (;;) {
        // The last record may go on in the next page.
        const whole = leaf.repeated === 0 || ended ? begun - taken : begun - taken - 1;
        if (whole > 0 || ended) return whole;
        const next = await pages.next();
        if (next.done) ended = true;
        else hold(entry < page.entries ? joined(page, entry, value, next.value, leaf) : next.value);
      }
    },
    defined: () => (entry < page.entries ? (page.defined?.[entry] ?? leaf.defined) : -1),
    repeated: () => (entry < page.entries ? (page.repeated?.[entry] ?? 0) : 0),
    take() {
      if (entry >= page.entries || value >= page.values.length) throw inconsistent();
      if (!page.repeated || page.repeated[entry] === 0) taken++;
      entry++;
      const found = page.values[value++];
      return page.dictionary ? page.dictionary[found as number] : found;
    },
    skip() {
      if (entry >= page.entries || !page.defined || page.defined[entry] === leaf.defined) throw inconsistent();
      if (!page.repeated || page.repeated[entry] === 0) taken++;
      entry++;
    },
    pass(records) {
      entry += records;
      taken += records;
    },
  };
}

function beginnings({ entries, repeated }: Page): number {
  if (!repeated) return entries;
  let count = 0;
  for (const level of repeated) if (level === 0) count++;
  return count;
}

/** What is left of a page, with the next one behind it. */
function joined(page: Page, entry: number, value: number, next: Page, leaf: Leaf): Page {
  const levels = (before: Page['defined'], after: Page['defined'], otherwise: number) => {
    const all = new Uint32Array(page.entries - entry + next.entries).fill(otherwise);
    if (before) all.set(before.subarray(entry));
    if (after) all.set(after, page.entries - entry);
    return all;
  };
  return {
    entries: page.entries - entry + next.entries,
    defined: levels(page.defined, next.defined, leaf.defined),
    repeated: levels(page.repeated, next.repeated, 0),
    values: [...valuesOf(page).slice(value), ...valuesOf(next)],
    dictionary: null,
    bytes: page.bytes + next.bytes,
  };
}

const valuesOf = ({ values, dictionary }: Page): unknown[] =>
  Array.from(values, (value) => (dictionary ? dictionary[value as number] : value));
