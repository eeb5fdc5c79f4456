import { isDeepStrictEqual } from 'node:util';
import { type Chunk, isRejection } from '../formats/format.ts';
import { plainJson } from '../model/plain-json.ts';
import type { Rejection, Row } from '../model/row.ts';
import type { Feed } from '../model/tenant.ts';
import { transformer } from './transform.ts';

/**
 * Samples are a tenant's tests as data: a file of records in, a file of outcomes expected, a line of JSON for each record.
 *
 *     {"position":1,"rows":[{"origin":"LAS","day":"2001-01-01"}]}
 *     {"position":2,"dropped":true}
 *     {"position":3,"rejected":"SLU-2004","column":"date"}
 *     {"position":4,"rejected":"SLU-2018","column":"upvotes","rules":["min-upvotes"]}
 *     {"position":5,"rows":[{"origin":"LAS","day":"2001-01-01"}],"rules":["long-delay"]}
 *
 * `rules` are the quality rules that a record breaks. A file that cannot be read to its end closes with `{"refused":"SLU-3009"}`. Samples go through the
 * readers, the transform and the rules on records of the real pipeline; rules on files say nothing about a sample.
 */
export interface Outcome {
  readonly position?: number | string;
  readonly [part: string]: unknown;
}

export interface Difference {
  readonly position: number | string | undefined;
  /** The outcome expected and the one found; undefined where there is no such record. */
  readonly expected: Outcome | undefined;
  readonly actual: Outcome | undefined;
}

/** Runs the records of a sample file and gives the outcome of each record, in the order of the file. */
export async function runSample(tenant: string, feed: Feed, chunks: AsyncIterable<Chunk>): Promise<Outcome[]> {
  const transform = transformer(feed, { tenant, origin: 'sample' });
  const outcomes: Outcome[] = [];
  const refusals: Outcome[] = [];
  for await (const { items, refusal } of chunks) {
    const { transformed, rejected } = transform(items.filter((item): item is Row => !isRejection(item)));
    for (const { row, outputs, broken } of transformed) {
      const { position } = row;
      const rules = broken.length === 0 ? undefined : broken;
      outcomes.push(outputs.length === 0 ? { position, dropped: true } : { position, rows: outputs.map(plain), rules });
    }
    outcomes.push(...[...items.filter(isRejection), ...rejected].map(outcomeOf));
    if (refusal) refusals.push({ refused: refusal.code });
  }
  return [...outcomes.sort((a, b) => Number(a.position) - Number(b.position)), ...refusals].map(plain);
}

const outcomeOf = ({ position, code, column, rules }: Rejection): Outcome => ({
  position,
  rejected: code,
  column,
  rules,
});

/** As it comes back from a file: dates as text, bigints as digits, sets and maps as lists, what is undefined left out. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value, plainJson));

/** Where the outcomes are not those expected, record by record; the order of columns does not matter. */
export function differences(expected: readonly Outcome[], actual: readonly Outcome[]): Difference[] {
  const found = new Map(actual.map((outcome) => [outcome.position, outcome]));
  const wanted = new Map(expected.map((outcome) => [outcome.position, outcome]));
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .map((position) => ({ position, expected: wanted.get(position), actual: found.get(position) }))
    .filter((pair) => !isDeepStrictEqual(pair.expected, pair.actual));
}
