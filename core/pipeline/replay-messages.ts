import type { Order } from '../model/order.ts';
import { streamRunId } from '../model/tally.ts';
import type { Objects } from '../ports.ts';
import { count, deadly, type Ingested, ingestedOf, type MessageWorld, takenApart } from './messages.ts';
import { type Dated, markSettled, rejectedMessage } from './rejected-message.ts';
import { rejectMessages, settleMessages } from './settle-messages.ts';
import { earliestWriteTime } from './write-time.ts';

/** Objects that are read at one time: each may hold a megabyte. */
const TOGETHER = 50;

/**
 * Loads rejected messages once more, in the run of a replay, which counts each of them once. Their rows keep the write times of their first arrival: what has
 * been written over them since stays.
 */
export async function replayMessages(order: Order & { kind: 'rejects' }, world: MessageWorld): Promise<Ingested> {
  const { slot, keys, condemned } = order;
  const stored = (await readAll(keys, world)).flatMap(expanded);
  const all = [...new Map(stored.map((each) => [each.message.position, each])).values()];
  const { positions } = await world.ledger.counted(
    slot,
    all.map(({ message }) => message.position),
  );
  const fresh = all.filter(({ message }) => !positions.has(message.position));
  const earliest = earliestWriteTime(world);
  const part = {
    slot,
    messages: fresh.map(({ message }) => message),
    dated: new Map(
      fresh.map(({ message, writeTime }) => {
        return [message.position, { message, writeTime: Math.max(writeTime, Math.ceil(earliest)) }];
      }),
    ),
    over: new Map(),
  };
  const settled =
    fresh.length === 0
      ? []
      : await (condemned === null ? settleMessages(part, world) : rejectMessages(part, deadly(condemned), world));
  await count(slot, settled, world);
  await markSettled(world.objects, world.rejectsBucket, keys, streamRunId(slot));
  return ingestedOf(settled);
}

/** A record that could not be taken apart when it came may be by now. */
const expanded = ({ message, writeTime }: Dated): Dated[] =>
  takenApart(message).map((each, place) => ({ message: each, writeTime: writeTime + place }));

async function readAll(keys: readonly string[], world: MessageWorld): Promise<Dated[]> {
  const found: Dated[] = [];
  for (let at = 0; at < keys.length; at += TOGETHER) {
    const some = keys
      .slice(at, at + TOGETHER)
      .map((key) => textOf(world.objects, world.rejectsBucket, key, world.signal));
    const texts = await Promise.all(some);
    found.push(...texts.flatMap((text) => (text === null ? [] : (rejectedMessage(text) ?? []))));
  }
  return found;
}

async function textOf(objects: Objects, bucket: string, key: string, signal: AbortSignal): Promise<string | null> {
  const object = await objects.find({ bucket, key, versionId: '' });
  if (!object) return null;
  const pieces: Uint8Array[] = [];
  for await (const piece of object.open(signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
