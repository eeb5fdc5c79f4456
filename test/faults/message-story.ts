import { bytesPerMinute } from '../../core/control/message-quota.ts';
import type { Random } from '../../core/faults/random.ts';
import type { Message } from '../../core/model/run.ts';
import type { Feed, Limits } from '../../core/model/tenant.ts';
import { takenApart } from '../../core/pipeline/messages.ts';
import { together } from '../support/aggregate.ts';
import { readings } from '../support/tenant.ts';
import { message } from '../support/world.ts';

export const START = Date.parse('2026-01-02T03:04:00Z');

/** What happens to a stream from outside: its records, how they are delivered, and how much goes wrong. */
export interface MessageStory {
  readonly limits: Partial<Limits>;
  readonly records: readonly Message[];
  /** Batches of one shard each, as pollers make them. */
  readonly batches: readonly (readonly Message[])[];
  /** Attempts at a batch, after which Lambda gives it up. */
  readonly attempts: number;
  /** Faults at the most. */
  readonly most: number;
}

/** Records of a batch. */
const MOST = 15;
/** A body on which the function dies, and what Lambda says then. */
const DEADLY = 'die';
export const DEATH = 'Runtime.ExitError exit status 1';

export function messageStoryOf(random: Random, limits: Partial<Limits>): MessageStory {
  const records = recordsOf(random);
  const batches = batchesOf(records, random);
  return { limits, records, batches, attempts: random.pick([1, 2, 6]), most: random.below(20) };
}

/** The limits of a seed: each of those that there are, alone and with another. */
export function limitsOf(seed: number): Partial<Limits> {
  const messagesPerDay = 5 + (seed % 20);
  const messageBytesPerDay = 300 + 40 * (seed % 20);
  const messageBytesPerSecond = 4 + (seed % 9);
  return [
    { messagesPerDay },
    { messageBytesPerDay },
    { messageBytesPerSecond },
    { messagesPerDay, messageBytesPerSecond },
  ][seed % 4] as Partial<Limits>;
}

/** Whether a message is larger than all that a day or a minute lets in. */
export const neverFits = ({ data }: Message, limits: Partial<Limits>): boolean =>
  data.byteLength > Math.min(limits.messageBytesPerDay ?? Number.POSITIVE_INFINITY, bytesPerMinute(limits));

export const isDeadly = ({ data }: Message): boolean => Buffer.from(data).toString().includes(`"do":"${DEADLY}"`);

/** Dies with the function when a record says so. */
export const dyingBy = (die: () => void): Feed => ({
  ...readings,
  transform(fields, context) {
    if (fields.optionalText('do') === DEADLY) die();
    return readings.transform(fields, context);
  },
});

/**
 * Records of a shard and, from some moment on, of the two that have taken its place, by their keys. Some hold several messages, and some of these are broken; some are
 * much larger than the others; on some the function dies.
 */
function recordsOf(random: Random): Message[] {
  const length = 20 + random.below(40);
  const split = random.below(2 * length);
  const deaths = random.chance(0.4) ? 1 + random.below(2) : 0;
  const deadly = new Set(Array.from({ length: deaths }, () => random.below(length)));
  return Array.from({ length }, (_, number) => {
    const body = (place: number, what = random.pick(['', '', '', 'drop', 'reject', 'twice'])) => ({
      ...{ sensor: 's', at: (number + (place >> 1)) % 11, value: number + place / 10, do: what },
      ...(random.chance(0.03) && { note: 'x'.repeat(400) }),
    });
    const several = () => {
      const bodies = Array.from({ length: 1 + random.below(6) }, (_, place) => body(place));
      return together(...(deadly.has(number) ? bodies.with(-1, body(bodies.length - 1, DEADLY)) : bodies));
    };
    const one = () => (deadly.has(number) ? body(0, DEADLY) : random.chance(0.1) ? '{' : body(0));
    const data = random.chance(0.3) ? several() : one();
    if (data instanceof Uint8Array && !deadly.has(number) && random.chance(0.1)) data.fill(0xff, 9, 10);
    const shard = `shardId-00000000000${number < split ? 0 : 1 + ((number % 11) % 2)}`;
    return message(number, data, { shard, arrivedAt: new Date(START + number * 4000) });
  });
}

/** They overlap, come twice now and then, and all of it may be read again from the horizon. */
function batchesOf(records: readonly Message[], random: Random): Message[][] {
  const batches: Message[][] = [];
  for (const of of Object.values(Object.groupBy(records, ({ shard }) => shard)) as Message[][]) {
    for (let times = random.chance(0.3) ? 2 : 1; times > 0; times--) {
      for (let at = 0; at < of.length; ) {
        const size = 1 + random.below(MOST);
        const batch = of.slice(Math.max(0, at - random.below(4)), at + size);
        batches.push(...(random.chance(0.2) ? [batch, batch] : [batch]));
        at += size;
      }
    }
  }
  return batches;
}

/** The messages of a story in the order of arrival. */
export const messagesOf = ({ records }: MessageStory): Message[] => records.flatMap(takenApart);
