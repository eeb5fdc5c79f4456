import fc from 'fast-check';

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file as a stream gives it: in pieces, cut wherever it pleases. */
export async function* stream(...pieces: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? bytesOf(piece) : piece;
}

export type Cuts = readonly number[] | 'every byte';

/** Cuts bytes at the given places; places beyond the end are left out, one named twice gives an empty piece. */
export function cut(bytes: Uint8Array, places: Cuts): Uint8Array[] {
  if (places === 'every byte') return Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
  const sorted = places.filter((place) => place <= bytes.length).toSorted((a, b) => a - b);
  return [0, ...sorted].map((start, index) => bytes.subarray(start, sorted[index] ?? bytes.length));
}

/** Ways of cutting a file: not at all, here and there, or byte by byte. */
export const cuts: fc.Arbitrary<Cuts> = fc.oneof(
  fc.constant<Cuts>([]),
  fc.array(fc.nat(400), { maxLength: 12 }),
  // Beyond the 1,024 bytes at the start, which are looked at as one.
  fc.array(fc.integer({ min: 1024, max: 1400 }), { maxLength: 20 }),
  fc.constant<Cuts>('every byte'),
);
