/**
 * How many requests may be on their way to a database at one time. What it takes nobody knows beforehand, and it changes: so each round of requests that
 * are answered lets one more go, and strain (a timeout, an overload, a throttle) halves them. Those that were on their way already when they were halved
 * tell of the strain of before, and halve nothing.
 */
export interface Flow {
  /** Requests at one time, at least 1; a fraction counts from the next whole number on. */
  readonly limit: number;
  /** On their way now. */
  readonly inFlight: number;
  /** Requests that have begun, which is the number of the next. */
  readonly begun: number;
  /** The first request that may halve the limit again. */
  readonly judgedFrom: number;
}

/** What has become of a request; one that has `failed` for another reason than strain says nothing about how many there may be. */
export type Outcome = 'answered' | 'strained' | 'failed';

/** More brought no gain (docs/throughput.md). */
export const MOST_IN_FLIGHT = 64;
const AT_FIRST = 48;

export const newFlow = (): Flow => ({ limit: AT_FIRST, inFlight: 0, begun: 0, judgedFrom: 0 });

/** How many requests may begin. */
export const room = ({ limit, inFlight }: Flow): number => Math.max(0, Math.floor(limit) - inFlight);

/**
 * How many requests begin together: the driver writes them at one time. One by one, each as an answer comes, those of a million rows take the client some seconds more,
 * and the server too, which wakes up for each.
 */
export const burst = ({ limit }: Flow): number => Math.max(1, Math.floor(limit / 8));

/** Whether not even one request at a time is taken. */
export const isChoked = ({ limit }: Flow, outcome: Outcome): boolean => outcome === 'strained' && limit < 2;

/** Begins the request of number `begun`. */
export const begin = (flow: Flow): Flow => ({ ...flow, inFlight: flow.inFlight + 1, begun: flow.begun + 1 });

/** Ends the request of a number. */
export function end(flow: Flow, number: number, outcome: Outcome): Flow {
  const { begun, judgedFrom, limit } = flow;
  const inFlight = flow.inFlight - 1;
  if (outcome === 'strained' && number >= judgedFrom) {
    return { begun, inFlight, limit: Math.max(1, limit / 2), judgedFrom: begun };
  }
  // A limit that is not made use of proves nothing.
  const isProven = outcome === 'answered' && flow.inFlight >= Math.floor(limit) / 2;
  return { begun, inFlight, limit: isProven ? Math.min(MOST_IN_FLIGHT, limit + 1 / limit) : limit, judgedFrom };
}
