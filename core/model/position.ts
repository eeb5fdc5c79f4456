/**
 * A message's position in its shard: the sequence number of its record, and for a message of an aggregated record its place in there, from 0,
 * behind a dot.
 */
export const subPosition = (sequence: string, place: number): string => `${sequence}.${place}`;

/** The sequence number of the record that a message came in. */
export const sequenceOf = (position: string): string => partsOf(position)[0];

/** Sequence number, and the place in an aggregated record; null for a record that is a message itself. */
export function partsOf(position: string): [sequence: string, place: number | null] {
  const dot = position.indexOf('.');
  return dot < 0 ? [position, null] : [position.slice(0, dot), Number(position.slice(dot + 1))];
}

/** The order of a shard. */
export function comparePositions(a: string, b: string): number {
  // Nearly all: records that are messages themselves.
  if (a.length === b.length && !a.includes('.') && !b.includes('.')) return a === b ? 0 : a < b ? -1 : 1;
  const [[sequenceA, placeA], [sequenceB, placeB]] = [partsOf(a), partsOf(b)];
  // Sequence numbers have no leading zeros.
  if (sequenceA.length !== sequenceB.length) return sequenceA.length - sequenceB.length;
  if (sequenceA !== sequenceB) return sequenceA < sequenceB ? -1 : 1;
  return (placeA ?? -1) - (placeB ?? -1);
}

/** Some messages, each once: of those with one position the last, in the place of the first. Nearly always they come in the order of the shard, and are all different. */
export function distinct<M extends { readonly position: string }>(messages: readonly M[]): readonly M[] {
  const isInOrder = messages.every(
    ({ position }, index) => index === 0 || comparePositions((messages[index - 1] as M).position, position) < 0,
  );
  return isInOrder ? messages : [...new Map(messages.map((message) => [message.position, message])).values()];
}
