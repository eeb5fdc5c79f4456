import type { OrderAnswer } from '../model/order.ts';
import type { Clock } from '../ports.ts';

/** How far the search for a message has come on which the function dies. */
export interface Search {
  /** So many of the first that remain are known to hold one; 0 when nothing is known. */
  readonly suspects: number;
  /** How often in a row the function has died on the first one alone, and of what. */
  readonly deaths: number;
  readonly cause: string | null;
  /** How many were given to the function when it last gave no answer, and when, in milliseconds since 1970. */
  readonly silent: { readonly count: number; readonly since: number } | null;
}

export const noSearch: Search = Object.freeze({ suspects: 0, deaths: 0, cause: null, silent: null });

/** Messages that are to be loaded by the function, by names that stay the same. */
export interface Work {
  /** What is not settled yet, in its order. */
  remaining(): Promise<readonly string[]>;
  ask(some: readonly string[], condemned: string | null): Promise<OrderAnswer>;
  probe(): Promise<OrderAnswer>;
  /** Remembers the search for whoever goes on. */
  note(search: Search): Promise<void>;
}

export interface Progress {
  readonly left: number;
  /** Why not all is done; null when it is. */
  readonly why: string | null;
}

export interface Bounds {
  readonly clock: Clock;
  readonly until: Date;
  /** Messages that are asked for at one time. */
  readonly most: number;
}

/** Deaths on one message alone, between which the function has answered for others, that condemn it. */
const DEADLY = 2;

/** Longer than the function may work (infra/stream-ingest.ts): what has not answered by then has died. */
const SILENCE = 6 * 60_000;

/**
 * Has messages loaded by the function. When it dies, half of them are tried, and so on, until the one at fault is alone: that one is condemned, if the function answers for
 * others, and the rest goes on. What is settled is never asked for twice, so that whoever comes after a crash goes on where it was.
 */
export async function workThrough(work: Work, from: Search, { clock, until, most }: Bounds): Promise<Progress> {
  let search = from;
  const note = async (change: Partial<Search>) => {
    search = { ...search, ...change };
    await work.note(search);
  };
  for (let asked: readonly string[] = []; ; ) {
    const remaining = await work.remaining();
    const left = remaining.length;
    if (left === 0) return { left, why: null };
    if (asked[0] !== undefined && remaining.includes(asked[0])) return { left, why: `${asked[0]} is not settled` };
    if (clock.now() >= until) return { left, why: 'the time is used up' };

    if (search.silent) {
      const { count, since } = search.silent;
      if (clock.now().getTime() < since + SILENCE) return { left, why: 'the function has not answered yet' };
      await note(died(Math.min(count, left), 'it did not return', search));
    }
    const count = Math.min(left, search.suspects > 0 ? Math.ceil(search.suspects / 2) : most);
    const some = remaining.slice(0, count);
    if (search.deaths > 0) {
      const healthy = await work.probe();
      if (healthy.kind !== 'done') {
        await note({ deaths: 0 });
        return { left, why: whyOf(healthy) };
      }
    }
    const condemned = search.deaths >= DEADLY ? search.cause : null;
    const answer = await work.ask(some, condemned);
    if (answer.kind === 'again') return { left, why: answer.why };
    if (answer.kind === 'silent') {
      await note({ silent: { count, since: clock.now().getTime() } });
      return { left, why: whyOf(answer) };
    }
    if (answer.kind === 'done') {
      asked = some;
      if (search.suspects > 0) await note({ suspects: search.suspects - count, deaths: 0 });
    } else if (condemned === null) {
      asked = [];
      await note(died(count, answer.why, search));
    } else return { left, why: `the function dies even when it is to reject the message: ${answer.why}` };
  }
}

const died = (count: number, cause: string, { deaths }: Search): Search => ({
  suspects: count,
  deaths: count === 1 ? deaths + 1 : 0,
  cause,
  silent: null,
});

const whyOf = (answer: OrderAnswer): string =>
  answer.kind === 'done' || answer.kind === 'silent' ? 'the function has not answered yet' : answer.why;
