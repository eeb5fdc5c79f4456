import { isAggregated, messagesIn } from '../formats/aggregated.ts';
import type { Chunk } from '../formats/format.ts';
import { FatalError, TransientError } from '../model/errors.ts';
import { partsOf, subPosition } from '../model/position.ts';
import type { Rejection, Row } from '../model/row.ts';
import { type Message, NO_FEED, type SettledMessage, type Stamp, type StreamSlot } from '../model/run.ts';
import { lastOf, putOff, streamRunId } from '../model/tally.ts';
import type { Tenant } from '../model/tenant.ts';
import type { Ledger, Objects, Sink } from '../ports.ts';
import { ingest } from './ingest.ts';
import { metered } from './metered.ts';
import { putMessageRejection } from './rejects.ts';
import { type Routed, rawOf, route } from './route.ts';
import { messageWriteTimes, type WriteTimes } from './write-time.ts';

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

/** Messages of one slot, new to the ledger. */
interface Part {
  readonly slot: StreamSlot;
  readonly messages: readonly Message[];
  readonly writeTimes: ReadonlyMap<string, number>;
}

const MINUTE = 60_000;

/**
 * Takes the messages of one invocation from arrival to the ledger, each exactly once however often it is delivered: those that the
 * ledger has counted are left out, the others are loaded and then counted. Throws `TransientError` when the batch must come again.
 */
export async function ingestMessages(records: readonly Message[], world: MessageWorld): Promise<void> {
  let before: Stamp | null = null;
  for (const { slot, members } of slots(records.flatMap(takenApart), world.stream)) {
    const unique = once(members);
    const { positions, last } = await world.ledger.counted(
      slot,
      unique.map(({ position }) => position),
    );
    const messages = unique.filter(({ position }) => !positions.has(position));
    const writeTimes = messageWriteTimes(messages, lastOf([before, last].filter((stamp) => stamp !== null)), world);
    const settled = await ingestApart({ slot, messages, writeTimes }, world);
    if (settled.length > 0) await world.ledger.tally(slot, settled);
    before = lastOf(settled) ?? before;
  }
}

/** The messages of an aggregated record; one that is broken stays whole, to be rejected. */
function takenApart(record: Message): readonly Message[] {
  const { position, data } = record;
  const messages = isAggregated(data) && partsOf(position)[1] === null ? messagesIn(data) : null;
  if (messages === null || typeof messages === 'string') return [record];
  return messages.map((each, place) => ({ ...record, position: subPosition(position, place), data: each }));
}

/** A batch that holds a message twice holds it once. */
const once = (messages: readonly Message[]): Message[] => [
  ...new Map(messages.map((message) => [message.position, message])).values(),
];

/**
 * When nobody foresaw what a message does to us, halving finds it: it is rejected alone, and neither its neighbours nor its shard wait
 * until the platform is mended. What a person must mend (`FatalError`), or what befalls all messages alike, is no message's fault.
 */
async function ingestApart(part: Part, world: MessageWorld): Promise<SettledMessage[]> {
  const { messages } = part;
  try {
    return await ingestPart(part, route(messages, world.tenant, [world.sink.name]), world);
  } catch (error) {
    if (error instanceof TransientError || error instanceof FatalError) throw error;
    const [only] = messages;
    if (messages.length === 1 && only) return await ingestPart(part, unforeseen(only, error), world);
    const half = Math.ceil(messages.length / 2);
    const halves = [messages.slice(0, half), messages.slice(half)];
    const settled: SettledMessage[] = [];
    for (const each of halves) settled.push(...(await ingestApart({ ...part, messages: each }, world)));
    if (settled.every(({ outcome }) => typeof outcome === 'object' && outcome.code === 'SLU-5006')) throw error;
    return settled;
  }
}

function unforeseen({ position, data }: Message, error: unknown): Routed {
  const message = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 1000);
  const rejection: Rejection = { position, stage: 'load', code: 'SLU-5006', message, raw: rawOf(data) };
  return { byFeed: new Map(), unrouted: [rejection] };
}

async function ingestPart(
  { slot, messages, writeTimes }: Part,
  { byFeed, unrouted }: Routed,
  world: MessageWorld,
): Promise<SettledMessage[]> {
  const { tenant, clock, objects, rejectsBucket } = world;
  const byPosition = new Map(messages.map((message) => [message.position, message]));
  const writeTimeOf = (position: Row['position']) => writeTimes.get(String(position)) as number;
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
    const bytes = message.data.byteLength;
    settled.push({ position, feed, outcome, bytes, latency, writeTime: writeTimeOf(position), ...about });
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
      writeTimeOf: ({ position }) => writeTimeOf(position),
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
