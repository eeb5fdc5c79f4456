import type { OverQuota } from '../control/message-quota.ts';
import { keepTelling } from '../control/producers.ts';
import type { Chunk } from '../formats/format.ts';
import { FatalError, TransientError } from '../model/errors.ts';
import type { Rejection, Row } from '../model/row.ts';
import { type Message, NO_FEED, type SettledMessage, type StreamSlot } from '../model/run.ts';
import { putOff } from '../model/tally.ts';
import { PRODUCER_FEED } from '../model/telling.ts';
import type { Feed, Tenant } from '../model/tenant.ts';
import type { Clock, Objects, Registry, Sink } from '../ports.ts';
import { ingest } from './ingest.ts';
import { metered } from './metered.ts';
import { type Dated, messagesPrefix, putRejectedMessage } from './rejected-message.ts';
import { type Routed, rawOf, route } from './route.ts';

export interface SettleWorld {
  readonly tenant: Tenant;
  readonly clock: Clock;
  readonly objects: Objects;
  readonly registry: Registry;
  readonly sink: Sink;
  readonly rejectsBucket: string;
  /** Name and creation time of the stream. */
  readonly stream: string;
  readonly signal: AbortSignal;
}

/** Messages of one slot, new to the ledger. */
export interface Part {
  readonly slot: StreamSlot;
  readonly messages: readonly Message[];
  /** The same by their position. */
  readonly dated: ReadonlyMap<string, Dated>;
  /** Those of them that find no room in the quota. */
  readonly over: ReadonlyMap<string, OverQuota>;
  /** Where they go, as far as that has been found out already. */
  readonly routed?: Routed | undefined;
}

/**
 * Takes messages through the pipeline, and stores those that are rejected. When nobody foresaw what a message does to us, halving finds it: it is rejected
 * alone, and neither its neighbours nor its shard wait until the platform is mended. What a person must mend (`FatalError`), or what befalls all messages
 * alike, is no message's fault.
 */
export async function settleMessages(part: Part, world: SettleWorld): Promise<SettledMessage[]> {
  const { messages } = part;
  try {
    return await settleRouted(part, part.routed ?? routeIn(messages, world), world);
  } catch (error) {
    if (error instanceof TransientError || error instanceof FatalError) throw error;
    const [only] = messages;
    if (messages.length === 1 && only) {
      const message = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 1000);
      return await rejectMessages(part, { stage: 'load', code: 'SLU-5006', message }, world);
    }
    const half = Math.ceil(messages.length / 2);
    const halves = [messages.slice(0, half), messages.slice(half)];
    const settled: SettledMessage[] = [];
    for (const each of halves)
      settled.push(...(await settleMessages({ ...part, messages: each, routed: undefined }, world)));
    if (settled.every(({ outcome }) => typeof outcome === 'object' && outcome.code === 'SLU-5006')) throw error;
    return settled;
  }
}

export const routeIn = (messages: readonly Message[], { tenant, sink }: Pick<SettleWorld, 'tenant' | 'sink'>): Routed =>
  route(messages, tenant, [sink.name]);

/** Rejects messages for one reason, without a look at what is in them. */
export function rejectMessages(
  part: Part,
  reason: Pick<Rejection, 'stage' | 'code' | 'message'>,
  world: SettleWorld,
): Promise<SettledMessage[]> {
  const unrouted = part.messages.map(({ position, data }) => ({ position, raw: rawOf(data), ...reason }));
  return settleRouted(part, { byFeed: new Map(), tellings: [], unrouted }, world);
}

/** What is told of a settled message besides its outcome. */
type About = Pick<SettledMessage, 'broken' | 'database' | 'overQuota' | 'kept'>;

async function settleRouted(
  part: Part,
  { byFeed, tellings, unrouted }: Routed,
  world: SettleWorld,
): Promise<SettledMessage[]> {
  const { slot, dated, over } = part;
  const { tenant, clock } = world;
  const datedAt = (position: Row['position']) => dated.get(String(position)) as Dated;
  let settled: SettledMessage[] = [];

  const note = (feed: string, position: string, outcome: SettledMessage['outcome'], now: number, about: About = {}) => {
    const { message, writeTime } = datedAt(position);
    const { arrivedAt, data } = message;
    const latency = Math.max(0, now - (slot.replay?.requestedAt ?? arrivedAt).getTime());
    settled.push({ position, feed, outcome, bytes: data.byteLength, latency, writeTime, ...about });
  };
  const reject = async (feed: string, rejection: Rejection, about: About = {}) => {
    const { objects, rejectsBucket } = world;
    const position = String(rejection.position);
    const kept = about.kept === true;
    await putRejectedMessage(objects, rejectsBucket, messagesPrefix(feed, slot), rejection, datedAt(position), kept);
    note(feed, position, rejection, clock.now().getTime(), about);
  };
  const settleOver = (feed: string, { position, raw }: Pick<Row, 'position' | 'raw'>, { fits, ...why }: OverQuota) => {
    const kept = fits && tenant.stream.overQuota === 'keep';
    return reject(feed, { position, stage: 'admit', raw, ...why }, { overQuota: true, kept });
  };

  await Promise.all(
    unrouted.map((rejection) => {
      const reason = over.get(String(rejection.position));
      return reason ? settleOver(NO_FEED, rejection, reason) : reject(NO_FEED, rejection);
    }),
  );
  for (const { telling, ...message } of tellings) {
    const reason = over.get(String(message.position));
    if (reason) await settleOver(PRODUCER_FEED, message, reason);
    else {
      await keepTelling(world.registry, telling);
      note(PRODUCER_FEED, String(message.position), 'dropped', clock.now().getTime());
    }
  }
  for (const [feed, rows] of byFeed) {
    const items = rows.filter(({ position }) => !over.has(String(position)));
    await Promise.all(
      rows.flatMap((row) => {
        const reason = over.get(String(row.position));
        return reason ? [settleOver(feed.name, row, reason)] : [];
      }),
    );
    if (items.length > 0) await load(feed, items);
  }
  return settled;

  async function load(feed: Feed, items: readonly Row[]): Promise<void> {
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
      writeTimeOf: ({ position }) => datedAt(position).writeTime,
      settled: async ({ loaded, dropped, rejected, broken }) => {
        const now = clock.now().getTime();
        const database = { database: meter.read().milliseconds };
        const withRules = ({ position }: Pick<Row, 'position'>, about: About): About => {
          const rules = broken.get(position);
          return rules ? { broken: rules, ...about } : about;
        };
        for (const row of loaded) note(feed.name, String(row.position), 'loaded', now, withRules(row, database));
        for (const row of dropped) note(feed.name, String(row.position), 'dropped', now, withRules(row, {}));
        await Promise.all(rejected.map((rejection) => reject(feed.name, rejection, withRules(rejection, {}))));
      },
    });
    settled = putOff(settled, meter.read().throttles);
  }
}
