import type { Stretch } from './bytes.ts';

/** What has been noted under some bytes of an encoded row, from so many behind its start to where `endOf` says: a map whose keys need not be made into texts. */
export class ByBytes<Row extends Stretch, T> {
  readonly #entries = new Map<number, T>();
  readonly #from: number;
  readonly #endOf: (row: Row) => number;
  readonly #rowOf: (entry: T) => Row;

  /** `rowOf` gives a row whose bytes are those that an entry has been noted under. */
  constructor(from: number, endOf: (row: Row) => number, rowOf: (entry: T) => Row) {
    this.#from = from;
    this.#endOf = endOf;
    this.#rowOf = rowOf;
  }

  /** Where the entry of a row's bytes is or would be: the place that their hash gives, or the next one that no other bytes have. */
  placeOf(row: Row): number {
    const end = this.#endOf(row);
    for (let place = hashOf(row.bytes, row.start + this.#from, end); ; place = (place + 1) | 0) {
      const entry = this.#entries.get(place);
      if (entry === undefined || this.#isSame(row, end, this.#rowOf(entry))) return place;
    }
  }

  get(place: number): T | undefined {
    return this.#entries.get(place);
  }

  set(place: number, entry: T): void {
    this.#entries.set(place, entry);
  }

  clear(): void {
    this.#entries.clear();
  }

  #isSame({ bytes, start }: Row, end: number, other: Row): boolean {
    const from = start + this.#from;
    const otherFrom = other.start + this.#from;
    const length = end - from;
    if (this.#endOf(other) - otherFrom !== length) return false;
    for (let at = 0; at < length; at++) if (bytes[from + at] !== other.bytes[otherFrom + at]) return false;
    return true;
  }
}

/** FNV-1a with 32 bits (draft-eastlake-fnv), of keys, which are short. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash;
}
