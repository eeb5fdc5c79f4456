import { isUtf8 } from 'node:buffer';
import { comparePositions } from '../model/position.ts';
import type { Rejection } from '../model/row.ts';
import type { Message, StreamSlot } from '../model/run.ts';
import { streamRunId } from '../model/tally.ts';
import type { Objects } from '../ports.ts';
import { rejectsPrefix } from './rejects.ts';

/** A rejection of a message as it lies in the rejects bucket: with the message whole, so that it can be loaded again. */
export interface RejectedMessage extends Rejection {
  /** `raw` in base64: the message is no UTF-8 text. */
  readonly encoding?: 'base64';
  readonly shard: string;
  readonly arrivedAt: string;
  /** Microseconds since 1970, as in `SinkRow`. */
  readonly writeTime: number;
}

/** A message and when its rows are to be written. */
export interface Dated {
  readonly message: Message;
  readonly writeTime: number;
}

const EXTENSION = '.ndjson';
const KEPT = '.kept';
const SETTLED = '.settled';

/** Where the rejected messages of a stream run lie, by the feed under which they are counted. */
export const messagesPrefix = (feed: string, slot: StreamSlot): string =>
  rejectsPrefix(feed, slot.minute.toISOString().slice(0, 10), streamRunId(slot));

/**
 * Stores a rejected message under its own position: the batch that a message comes in differs between attempts, so nothing may be keyed by it. One that the
 * platform keeps, to load it by itself, tells so and its size by its name.
 */
export function putRejectedMessage(
  objects: Objects,
  bucket: string,
  prefix: string,
  rejection: Rejection,
  { message: { position, shard, arrivedAt, data }, writeTime }: Dated,
  kept: boolean,
): Promise<void> {
  const text = isUtf8(data);
  const stored: RejectedMessage = {
    ...rejection,
    raw: Buffer.from(data).toString(text ? 'utf8' : 'base64'),
    ...(!text && { encoding: 'base64' }),
    shard,
    arrivedAt: arrivedAt.toISOString(),
    writeTime,
  };
  const name = kept ? `${position}${KEPT}.${data.byteLength}` : position;
  return objects.put(bucket, `${prefix}${name}${EXTENSION}`, `${JSON.stringify(stored)}\n`);
}

/** A message out of its stored rejection; null when it was stored by an older version, which cut what was long and did not keep its time. */
export function rejectedMessage(text: string): Dated | null {
  const { position, raw, encoding, shard, arrivedAt, writeTime } = JSON.parse(text) as Partial<RejectedMessage>;
  if (raw === undefined || shard === undefined || arrivedAt === undefined || writeTime === undefined) return null;
  const data = Buffer.from(raw, encoding ?? 'utf8');
  return { message: { position: String(position), shard, arrivedAt: new Date(arrivedAt), data }, writeTime };
}

/** What the name of an object below a stream run's prefix tells. */
export interface Named {
  readonly key: string;
  readonly position: string;
  /** Bytes of a message that the platform keeps; null for any other. */
  readonly keptBytes: number | null;
  /** True for the mark that a kept message has been taken up by a replay. */
  readonly settled: boolean;
}

export function namedBy(key: string): Named {
  const name = key.slice(key.lastIndexOf('/') + 1, -EXTENSION.length);
  const settled = name.endsWith(SETTLED);
  const [position = '', bytes] = (settled ? name.slice(0, -SETTLED.length) : name).split(`${KEPT}.`);
  return { key, position, keptBytes: bytes === undefined ? null : Number(bytes), settled };
}

/** The kept messages of a stream run that no replay has settled yet, in the order of the shard. */
export async function keptUnder(
  objects: Pick<Objects, 'keys'>,
  bucket: string,
  feeds: readonly string[],
  slot: StreamSlot,
): Promise<(Named & { readonly keptBytes: number })[]> {
  const keys = await Promise.all(feeds.map((feed) => objects.keys(bucket, messagesPrefix(feed, slot))));
  const named = keys.flat().map(namedBy);
  const settled = new Set(named.filter((each) => each.settled).map(({ position }) => position));
  const kept = named.flatMap((each) =>
    each.keptBytes === null || settled.has(each.position) ? [] : [{ ...each, keptBytes: each.keptBytes }],
  );
  return kept.toSorted((a, b) => comparePositions(a.position, b.position));
}

/** Marks kept messages as settled, once they are counted in the run `by`. */
export async function markSettled(
  objects: Objects,
  bucket: string,
  keys: readonly string[],
  by: string,
): Promise<void> {
  const marks = keys.map(namedBy).filter(({ keptBytes }) => keptBytes !== null);
  await Promise.all(
    marks.map(({ key, position }) => {
      const folder = key.slice(0, key.lastIndexOf('/') + 1);
      return objects.put(bucket, `${folder}${position}${SETTLED}${EXTENSION}`, `${JSON.stringify({ by })}\n`);
    }),
  );
}
