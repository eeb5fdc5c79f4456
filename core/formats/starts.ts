import type { Compression, FormatSettings } from '../model/formats.ts';
import type { Base, Stretch } from '../model/plan.ts';
import type { Place } from '../model/row.ts';
import type { StoredObject } from '../ports.ts';
import type { ReadOptions } from './format.ts';
import type { RowGroups } from './parquet.ts';

/** Where reading begins. */
export interface Start {
  /** Absent: the whole file. */
  readonly stretch?: Stretch;
  /** Position and line of the stretch's first record; 1 and 1 when absent. */
  readonly base?: Base;
  /** The last record that is settled: reading goes on with the one behind it. */
  readonly after?: Place;
}

/** True for a text in which the place of a record is enough to go on from. */
export const isByLine = ({ format }: FormatSettings, compression: Compression | null): boolean =>
  compression === null && (format === 'csv' || format === 'tsv' || format === 'ndjson' || format === 'lines');

export const rowGroupsFrom = ({ stretch, base, after }: Start): RowGroups | undefined =>
  stretch || after
    ? { ...stretch, position: base?.position ?? 1, ...(after && { after: Number(after.position) }) }
    : undefined;

/**
 * The lines of a text from a place on: behind the last record that is settled, which comes once more, or at the first line that begins in the stretch. They go on behind the
 * stretch, for its last record may end there.
 */
export async function partOf(
  stored: StoredObject,
  options: ReadOptions,
  { stretch = { start: 0, end: stored.size }, base = { position: 1, line: 1 }, after }: Start,
  signal: AbortSignal,
): Promise<[source: AsyncIterable<Uint8Array>, options: ReadOptions]> {
  const head = () => inPieces(stored, 0, 0, signal);
  const { end } = stretch;
  if (after?.byte !== undefined) {
    const within = { byte: after.byte, line: after.line ?? 1, position: Number(after.position), end, head };
    return [inPieces(stored, after.byte, end, signal), { ...options, within }];
  }
  if (stretch.start === 0)
    return [inPieces(stored, 0, end, signal), { ...options, within: { byte: 0, ...base, end, head } }];
  // A line that begins right at the start has its predecessor's end before it.
  const pieces = inPieces(stored, stretch.start - 1, end, signal)[Symbol.asyncIterator]();
  let at = stretch.start - 1;
  for (let next = await pieces.next(); !next.done && at < end; next = await pieces.next()) {
    const newline = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length).indexOf(10);
    if (newline === -1) {
      at += next.value.length;
      continue;
    }
    const byte = at + newline + 1;
    return [resumed(next.value.subarray(newline + 1), pieces), { ...options, within: { byte, ...base, end, head } }];
  }
  await pieces.return(undefined);
  return [none(), { ...options, within: { byte: Math.max(at, end), ...base, end, head } }];
}

async function* none(): AsyncGenerator<Uint8Array> {}

async function* resumed(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Bytes that are asked for at one time behind the end of a stretch: few, for its last record is short most often, and then more. */
const FIRST = 64 * 1024;
const MOST = 8 * 1024 * 1024;

/** A file from a byte on: up to `end` at one time, and behind it as far as it is asked for. */
async function* inPieces(
  stored: StoredObject,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let at = start;
  let piece = Math.max(end - start, 0);
  for (let next = FIRST; at < stored.size; next = Math.min(MOST, next * 2)) {
    const to = Math.min(stored.size, at + (piece || next));
    yield* stored.open(signal, { start: at, end: to });
    at = to;
    piece = 0;
  }
}
