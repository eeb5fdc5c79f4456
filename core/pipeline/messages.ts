import type { Chunk } from '../formats/format.ts';
import { FatalError, TransientError } from '../model/errors.ts';
import type { Rejection, Row } from '../model/row.ts';
import { type Message, NO_FEED, type SettledMessage, type StreamSlot } from '../model/run.ts';
import { putOff, streamRunId } from '../model/tally.ts';
import type { Tenant } from '../model/tenant.ts';
import type { Ledger, Objects, Sink } from '../ports.ts';
import { ingest } from './ingest.ts';
import { metered } from './metered.ts';
import { putMessageRejection } from './rejects.ts';
import { type Routed, rawOf, route } from './route.ts';
import { earliestWriteTime, type WriteTimes } from './write-time.ts';

export interface MessageWorld extends WriteTimes {
  readonly tenant: Tenant;
  readonly objects: Objects;
  readonly ledger: Ledger;
  readonly sink: Sink;
  readonly rejectsBucket: string;
  /** Name and creation time of the stream. */
  readonly stream: string;
  readonly signal: AbortSignal;
}

const MINUTE = 60_000;

/**
 * Takes the messages of one invocation from arrival to the ledger, each exactly once however often it is delivered: those that the
 * ledger has counted are left out, the others are loaded and then counted. Throws `TransientError` when the batch must come again.
 */
export async function ingestMessages(messages: readonly Message[], world: MessageWorld): Promise<void> {
  for (const { slot, members } of slots(messages, world.stream)) {
    const counted = await world.ledger.counted(slot);
    const fresh = once(members).filter(({ position }) => !counted.has(position));
    const settled = await ingestApart(slot, fresh, world);
    if (settled.length > 0) await world.ledger.tally(slot, settled);
  }
}

/** A batch that holds a message twice holds it once. */
const once = (messages: readonly Message[]): Message[] => [
  ...new Map(messages.map((message) => [message.position, message])).values(),
];

/**
 * When nobody foresaw what a message does to us, halving finds it: it is rejected alone, and neither its neighbours nor its shard wait
 * until the platform is mended. What a person must mend (`FatalError`), or what befalls all messages alike, is no message's fault.
 */
async function ingestApart(
  slot: StreamSlot,
  messages: readonly Message[],
  world: MessageWorld,
): Promise<SettledMessage[]> {
  try {
    return await ingestSlot(slot, route(messages, world.tenant, [world.sink.name]), messages, world);
  } catch (error) {
    if (error instanceof TransientError || error instanceof FatalError) throw error;
    const [only] = messages;
    if (messages.length === 1 && only) return await ingestSlot(slot, unforeseen(only, error), messages, world);
    const half = Math.ceil(messages.length / 2);
    const halves = [messages.slice(0, half), messages.slice(half)];
    const settled: SettledMessage[] = [];
    for (const each of halves) settled.push(...(await ingestApart(slot, each, world)));
    if (settled.every(({ outcome }) => typeof outcome === 'object' && outcome.code === 'SLU-5006')) throw error;
    return settled;
  }
}

function unforeseen({ position, data }: Message, error: unknown): Routed {
  const message = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 1000);
  const rejection: Rejection = { position, stage: 'load', code: 'SLU-5006', message, raw: rawOf(data) };
  return { byFeed: new Map(), unrouted: [rejection] };
}

async function ingestSlot(
  slot: StreamSlot,
  { byFeed, unrouted }: Routed,
  messages: readonly Message[],
  world: MessageWorld,
): Promise<SettledMessage[]> {
  const { tenant, clock, objects, rejectsBucket } = world;
  const byPosition = new Map(messages.map((message) => [message.position, message]));
  const writeTimes = writeTimesOf(messages, earliestWriteTime(world));
  let settled: SettledMessage[] = [];
  const settle = async (
    feed: string,
    position: string,
    outcome: SettledMessage['outcome'],
    about: Pick<SettledMessage, 'broken' | 'database'> = {},
  ) => {
    const message = byPosition.get(position) as Message;
    if (typeof outcome === 'object') {
      const run = { feed, day: slot.minute.toISOString().slice(0, 10), runId: streamRunId(slot) };
      await putMessageRejection(objects, rejectsBucket, run, outcome);
    }
    const latency = Math.max(0, clock.now().getTime() - message.arrivedAt.getTime());
    settled.push({ position, feed, outcome, bytes: message.data.byteLength, latency, ...about });
  };

  for (const rejection of unrouted) await settle(NO_FEED, String(rejection.position), rejection);
  for (const [feed, items] of byFeed) {
    const meter = metered(world.sink);
    await ingest({
      tenant: tenant.id,
      feed,
      origin: world.stream,
      chunks: (async function* (): AsyncGenerator<Chunk> {
        yield { items };
      })(),
      sink: meter.sink,
      signal: world.signal,
      writeTimeOf: ({ position }) => writeTimes.get(String(position)) as number,
      settled: async ({ loaded, dropped, rejected, broken }) => {
        const { milliseconds } = meter.read();
        const end = ({ position }: Pick<Row, 'position'>, outcome: SettledMessage['outcome']) => {
          const rules = broken.get(position);
          const about = { ...(rules && { broken: rules }), ...(outcome === 'loaded' && { database: milliseconds }) };
          return settle(feed.name, String(position), outcome, about);
        };
        for (const row of loaded) await end(row, 'loaded');
        for (const row of dropped) await end(row, 'dropped');
        await Promise.all(rejected.map((rejection) => end(rejection, rejection)));
      },
    });
    settled = putOff(settled, meter.read().throttles);
  }
  return settled;
}

/**
 * Arrival in microseconds. Inside one millisecond the order of the shard decides: a sequence number counts records in the digits
 * above its lowest 80 bits (kinesalite, db/index.js `parseSequence`); were it built otherwise, the time would still be the same each time.
 */
const writeTime = ({ arrivedAt, position }: Message): number =>
  arrivedAt.getTime() * 1000 + Number((BigInt(position) >> 80n) % 1000n);

/** Messages that have waited for longer than the database takes write times follow each other right before its limit. */
const writeTimesOf = (messages: readonly Message[], earliest: number): ReadonlyMap<string, number> =>
  new Map(
    messages.map((message, index) => [
      message.position,
      Math.max(writeTime(message), earliest - messages.length + index),
    ]),
  );

function slots(messages: readonly Message[], stream: string): { slot: StreamSlot; members: Message[] }[] {
  const found = new Map<string, { slot: StreamSlot; members: Message[] }>();
  for (const message of messages) {
    const minute = new Date(Math.floor(message.arrivedAt.getTime() / MINUTE) * MINUTE);
    const key = `${message.shard} ${minute.toISOString()}`;
    const entry = found.get(key) ?? { slot: { stream, shard: message.shard, minute }, members: [] };
    entry.members.push(message);
    found.set(key, entry);
  }
  return [...found.values()];
}
