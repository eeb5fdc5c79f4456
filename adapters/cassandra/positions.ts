import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { comparePositions, partsOf, subPosition } from '../../core/model/position.ts';

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
type Places = ReadonlySet<number | null>;
type Records = ReadonlyMap<string, Places>;

/** The places of a record that is a message itself, as nearly all are: one set for them all. */
const ALONE: Places = new Set([null]);

/** Records as text, and the sequence number of the last one: what comes behind it is added without a look at what is there. */
interface Lines {
  readonly text: string;
  readonly last: string;
}

const noLines: Lines = { text: '', last: '0' };

export const noPositions = (): Positions => positionsOf(new Map(), noLines);

function positionsOf(records: Records, lines: Lines): Positions {
  return {
    records: records.size,
    has(position) {
      const places = records.get(position);
      if (places || !position.includes('.')) return places?.has(null) ?? false;
      const [sequence, place] = partsOf(position);
      return records.get(sequence)?.has(place) ?? false;
    },
    with(positions) {
      const all = new Map(records);
      /** New records that are messages themselves. */
      const alone: string[] = [];
      /** A copy for each other record that gets something: the places of the rest are shared. */
      const own = new Map<string, Set<number | null>>();
      for (const position of positions) {
        if (!position.includes('.') && !all.has(position)) {
          all.set(position, ALONE);
          alone.push(position);
          continue;
        }
        const [sequence, place] = partsOf(position);
        const places = all.get(sequence);
        if (!places?.has(place)) {
          const copy = own.get(sequence) ?? new Set(places);
          own.set(sequence, copy.add(place));
          all.set(sequence, copy);
        }
      }
      const behind = own.size === 0 ? linesWith(lines, alone, all) : null;
      return positionsOf(all, behind ?? (linesWith(noLines, [...all.keys()], all) as Lines));
    },
    pack: () => deflateRawSync(lines.text),
    list: () =>
      [...records].flatMap(([sequence, places]) =>
        [...places].map((place) => (place === null ? sequence : subPosition(sequence, place))),
      ),
  };
}

/**
 * A line for each record, by sequence number: its hexadecimal distance to the record before, because a sequence number has 56 digits and its distance
 * few. A colon and ranges of places follow when the record was an aggregated one. Null when a record does not lie behind those that are there.
 */
function linesWith({ text, last }: Lines, sequences: string[], records: Records): Lines | null {
  const lines = text === '' ? [] : [text];
  // Text of one length is in the order of its numbers, and sorted already nearly always.
  for (const sequence of sequences.sort(comparePositions)) {
    if (lines.length > 0 && comparePositions(sequence, last) <= 0) return null;
    const distance = distanceOf(last, sequence);
    last = sequence;
    const places = records.get(sequence) as Places;
    if (places.has(null)) lines.push(distance);
    if (places === ALONE) continue;
    const together = [...places].filter((place) => place !== null);
    if (together.length > 0) lines.push(`${places.has(null) ? '0' : distance}:${rangesOf(together)}`);
  }
  return { text: lines.join('\n'), last };
}

/** Digits of which any number of so many is a whole one that JavaScript holds. */
const SAFE = 15;

/** From one sequence number to a later one, hexadecimal. Of two that begin with the same digits the others tell it, mostly without a number of 56 digits. */
function distanceOf(from: string, to: string): string {
  let same = 0;
  if (from.length === to.length) while (same < to.length && from[same] === to[same]) same++;
  return to.length - same <= SAFE
    ? (Number(to.slice(same)) - Number(from.slice(same))).toString(16)
    : (BigInt(to) - BigInt(from)).toString(16);
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
  const text = inflateRawSync(packed).toString();
  let last = 0n;
  let sequence = '';
  for (const line of text.split('\n')) {
    const [distance = '', ranges] = line.split(':');
    if (distance !== '0' || sequence === '') {
      last += BigInt(`0x${distance}`);
      sequence = last.toString();
    }
    const before = records.get(sequence);
    if (ranges === undefined && !before) records.set(sequence, ALONE);
    else {
      const places = new Set(before);
      if (ranges === undefined) places.add(null);
      else for (const range of ranges.split(',')) addRange(places, range);
      records.set(sequence, places);
    }
  }
  return positionsOf(records, { text, last: sequence });
}

function addRange(places: Set<number | null>, range: string): void {
  const [from, to = from] = range.split('-').map((end) => Number.parseInt(end, 16)) as [number, number?];
  for (let place = from; place <= to; place++) places.add(place);
}
