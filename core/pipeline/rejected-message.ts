import { isUtf8 } from 'node:buffer';
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
