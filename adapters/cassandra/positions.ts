import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { partsOf, subPosition } from '../../core/model/position.ts';

/** A set of positions, as it lies in the ledger: by sequence number, and with the places in an aggregated record. */
export interface Positions {
  /** How many records the set has messages of. */
  readonly records: number;
  has(position: string): boolean;
  /** Those of this set and some more. */
  with(positions: Iterable<string>): Positions;
  pack(): Buffer;
  list(): string[];
}

/** `null` stands for the record that is a message itself. */
type Places = Set<number | null>;

export const noPositions = (): Positions => positionsOf(new Map());

function positionsOf(records: ReadonlyMap<string, Places>): Positions {
  return {
    records: records.size,
    has(position) {
      const [sequence, place] = partsOf(position);
      return records.get(sequence)?.has(place) ?? false;
    },
    with(positions) {
      const more = new Map(records);
      const own = new Set<string>();
      for (const position of positions) {
        const [sequence, place] = partsOf(position);
        // A copy for each record that gets something: the places of the others are shared.
        if (!own.has(sequence)) more.set(sequence, new Set(records.get(sequence)));
        own.add(sequence);
        more.get(sequence)?.add(place);
      }
      return positionsOf(more);
    },
    pack: () => deflateRawSync([...linesOf(records)].join('\n')),
    list: () =>
      [...records].flatMap(([sequence, places]) =>
        [...places].map((place) => (place === null ? sequence : subPosition(sequence, place))),
      ),
  };
}

/**
 * A line for each record, by sequence number: its hexadecimal distance to the record before, because a sequence number has 56 digits and its distance
 * few. A colon and ranges of places follow when the record was an aggregated one.
 */
function* linesOf(records: ReadonlyMap<string, Places>): Generator<string> {
  const sorted = [...records].map(([sequence, places]) => [BigInt(sequence), places] as const);
  sorted.sort(([a], [b]) => (a < b ? -1 : 1));
  let last = 0n;
  for (const [sequence, places] of sorted) {
    const distance = (sequence - last).toString(16);
    last = sequence;
    if (places.has(null)) yield distance;
    const together = [...places].filter((place) => place !== null);
    if (together.length > 0) yield `${places.has(null) ? '0' : distance}:${rangesOf(together)}`;
  }
}

function rangesOf(places: readonly number[]): string {
  const ranges: [from: number, to: number][] = [];
  for (const place of places.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === place - 1) last[1] = place;
    else ranges.push([place, place]);
  }
  return ranges.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`)).join(',');
}

const hex = (place: number): string => place.toString(16);

export function unpack(packed: Uint8Array): Positions {
  const records = new Map<string, Places>();
  let last = 0n;
  let sequence = '';
  for (const line of inflateRawSync(packed).toString().split('\n')) {
    const [distance = '', ranges] = line.split(':');
    if (distance !== '0' || sequence === '') {
      last += BigInt(`0x${distance}`);
      sequence = last.toString();
    }
    const places = records.get(sequence) ?? new Set();
    records.set(sequence, places);
    if (ranges === undefined) places.add(null);
    else for (const range of ranges.split(',')) addRange(places, range);
  }
  return positionsOf(records);
}

function addRange(places: Places, range: string): void {
  const [from, to = from] = range.split('-').map((end) => Number.parseInt(end, 16)) as [number, number?];
  for (let place = from; place <= to; place++) places.add(place);
}
