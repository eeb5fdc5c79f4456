import { isAggregated, messagesIn } from '../formats/aggregated.ts';
import { capped } from '../model/capped.ts';
import type { Code } from '../model/codes.ts';
import { parseObject } from '../model/json-value.ts';
import { didYouMean } from '../model/nearest.ts';
import type { FieldValues, Rejection, Row } from '../model/row.ts';
import type { Message } from '../model/run.ts';
import { show } from '../model/show.ts';
import { PRODUCER_FEED, type Telling, tellingOf } from '../model/telling.ts';
import type { Feed, Tenant } from '../model/tenant.ts';

/** Messages by where they go. */
export interface Routed {
  readonly byFeed: ReadonlyMap<Feed, readonly Row[]>;
  /** What producers tell of themselves: no rows. */
  readonly tellings: readonly (Pick<Row, 'position' | 'raw'> & { readonly telling: Telling })[];
  /** Messages that belong to no feed. */
  readonly unrouted: readonly Rejection[];
}

/** What is kept of a message's text with its rejection. */
export const rawOf = (data: Uint8Array): string => Buffer.from(data).toString().slice(0, 8192);

/** Parses messages and finds their feeds: the one that the envelope names, or else the one of the profile's stream. */
export function route(messages: readonly Message[], tenant: Tenant, sinks: readonly string[]): Routed {
  const byFeed = new Map<Feed, Row[]>();
  const tellings: Routed['tellings'][number][] = [];
  const unrouted: Rejection[] = [];
  const { maxMessageBytes } = capped(tenant.limits);
  for (const { position, data } of messages) {
    const found = placeOf(data, maxMessageBytes, tenant, sinks);
    if ('code' in found) unrouted.push({ position, stage: 'read', raw: rawOf(data), ...found });
    else if ('telling' in found) tellings.push({ position, ...found });
    else {
      const rows = byFeed.get(found.feed) ?? [];
      rows.push({ position, values: found.values, raw: found.raw });
      byFeed.set(found.feed, rows);
    }
  }
  return { byFeed, tellings, unrouted };
}

interface Told {
  readonly telling: Telling;
  readonly raw: string;
}

interface Place {
  readonly feed: Feed;
  readonly values: FieldValues;
  readonly raw: string;
}

type Refused = Pick<Rejection, 'code' | 'message' | 'column'>;

const decoder = new TextDecoder('utf-8', { fatal: true });

const no = (code: Code, message: string): Refused => ({ code, message });

function placeOf(
  data: Uint8Array,
  maxMessageBytes: number,
  tenant: Tenant,
  sinks: readonly string[],
): Place | Told | Refused {
  const together = isAggregated(data) ? messagesIn(data) : null;
  if (typeof together === 'string') return no('SLU-2022', `the aggregated record cannot be taken apart: ${together}`);
  if (data.byteLength > maxMessageBytes)
    return no('SLU-2009', `the message has ${data.byteLength} bytes; the profile allows ${maxMessageBytes}`);
  let raw: string;
  try {
    raw = decoder.decode(data);
  } catch {
    return no('SLU-3006', 'the message is not UTF-8');
  }
  if (raw.trim() === '') return no('SLU-2001', 'the message is empty; a JSON object is expected');
  const parsed = parseObject(raw);
  if ('code' in parsed) return no(parsed.code, parsed.message);
  const {
    feed: name = tenant.stream.feed,
    sink,
    message: values,
  } = opened(parsed.values) ?? { message: parsed.values };
  if (sink !== undefined && !sinks.includes(sink as string))
    return no('SLU-3030', `no sink is named ${show(sink)}${nearestOf(sink, sinks, 'rows go to')}`);
  if (name === PRODUCER_FEED) {
    const told = tellingOf(values);
    return 'telling' in told ? { ...told, raw } : { code: 'SLU-2004', ...told };
  }
  const feed = tenant.feeds.find((candidate) => candidate.name === name);
  if (feed) return { feed, values, raw };
  const known = tenant.feeds.map((candidate) => candidate.name);
  return no('SLU-3008', `no feed is named ${show(name)}${nearestOf(name, known, 'the tenant has')}`);
}

const nearestOf = (name: unknown, known: readonly string[], has: string): string =>
  (typeof name === 'string' ? didYouMean(name, known) : '') || `; ${has} ${known.join(', ')}`;

interface Envelope {
  readonly feed?: unknown;
  readonly sink?: unknown;
  readonly message: FieldValues;
}

/**
 * The envelope `{"feed": …, "sink": …, "message": {…}}`: an object `message`, one name or both, and nothing else. Null for any other object, which is a
 * bare message, whatever its fields are called.
 */
function opened(values: FieldValues): Envelope | null {
  if (values.feed === undefined && values.sink === undefined) return null;
  const { feed, sink, message, ...more } = values;
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return null;
  return Object.keys(more).length === 0 ? (values as unknown as Envelope) : null;
}
