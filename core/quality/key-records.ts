import { hash } from 'node:crypto';

/** Bytes of a SHA-256, and of a position behind it: the first byte is the highest, so that records compare as their bytes do. */
const HASH = 32;
const POSITION = 6;
export const RECORD = HASH + POSITION;
/** Bytes of a hash that a double holds. */
const PREFIX = 6;
/** Bits of a whole number that a double holds. */
const EXACT = 53;

export function writeRecord(into: Buffer, at: number, key: string, position: number): void {
  into.write(hash('sha256', key, 'binary'), at, 'latin1');
  into.writeUIntBE(position, at + HASH, POSITION);
}

export const prefixAt = (records: Buffer, at: number): number => records.readUIntBE(at, PREFIX);
export const positionAt = (records: Buffer, at: number): number => records.readUIntBE(at + HASH, POSITION);

export const compareHashes = (a: Buffer, at: number, b: Buffer, other: number): number =>
  a.compare(b, other, other + HASH, at, at + HASH);

/** Copies a record, with another position. */
export function copyRecord(from: Buffer, at: number, into: Buffer, to: number, position: number): void {
  from.copy(into, to, at, at + HASH);
  into.writeUIntBE(position, to + HASH, POSITION);
}

/**
 * Sorts records by hash, and those of one hash by position. Numbers are sorted that have the beginning of a hash above and the place of its record below,
 * which is several times as fast as comparing records; only where beginnings are the same the records are looked at.
 */
export function sortRecords(records: Buffer, into: Buffer): Buffer {
  const count = records.length / RECORD;
  const placeBits = 32 - Math.clz32(Math.max(0, count - 1));
  const places = 2 ** placeBits;
  const dropped = 2 ** Math.max(0, PREFIX * 8 + placeBits - EXACT);
  const order = new Float64Array(count);
  for (let place = 0; place < count; place++) {
    order[place] = Math.floor(prefixAt(records, place * RECORD) / dropped) * places + place;
  }
  order.sort();
  const beginning = (rank: number) => Math.floor((order[rank] as number) / places);
  const placeOf = (entry: number) => (entry % places) * RECORD;
  for (let from = 0; from < count; ) {
    let to = from + 1;
    while (to < count && beginning(to) === beginning(from)) to++;
    if (to - from > 1) {
      order.subarray(from, to).sort((a, b) => {
        const at = placeOf(b);
        return records.compare(records, at, at + RECORD, placeOf(a), placeOf(a) + RECORD);
      });
    }
    from = to;
  }
  for (let rank = 0; rank < count; rank++) {
    const at = placeOf(order[rank] as number);
    records.copy(into, rank * RECORD, at, at + RECORD);
  }
  return into.subarray(0, records.length);
}
