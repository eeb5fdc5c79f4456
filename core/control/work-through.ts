import type { OrderAnswer } from '../model/order.ts';
import type { Clock } from '../ports.ts';

/** How far the search for a message has come on which the function dies. */
export interface Search {
  /** So many of the first that remain are known to hold one; 0 when nothing is known. */
  readonly suspects: number;
  /** How often in a row the function has died on one message alone, on which, and of what. */
  readonly deaths: number;
  readonly alone: string | null;
  readonly cause: string | null;
  /** How many were given to the function when it last gave no answer, the first of them, and when, in milliseconds since 1970. */
  readonly silent: { readonly count: number; readonly first: string; readonly since: number } | null;
}

export const noSearch: Search = Object.freeze({ suspects: 0, deaths: 0, alone: null, cause: null, silent: null });

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
      const { count, first, since } = search.silent;
      if (clock.now().getTime() < since + SILENCE) return { left, why: 'the function has not answered yet' };
      // What is settled by now it was only slow at.
      const settled = remaining[0] !== first;
      await note(settled ? answered(count, search) : died(remaining.slice(0, count), 'it did not return', search));
    }
    const count = Math.min(left, search.suspects > 0 ? Math.ceil(search.suspects / 2) : most);
    const some = remaining.slice(0, count);
    const first = some[0] as string;
    // Deaths are those of one message: it may have been settled by another who searches.
    const deaths = search.alone === first ? search.deaths : 0;
    if (deaths > 0) {
      const healthy = await work.probe();
      if (healthy.kind !== 'done') {
        await note({ deaths: 0 });
        return { left, why: whyOf(healthy) };
      }
    }
    const condemned = deaths >= DEADLY ? search.cause : null;
    const answer = await work.ask(some, condemned);
    if (answer.kind === 'again') return { left, why: answer.why };
    if (answer.kind === 'silent') {
      await note({ silent: { count, first, since: clock.now().getTime() } });
      return { left, why: whyOf(answer) };
    }
    if (answer.kind === 'done') {
      asked = some;
      if (search.suspects > 0) await note(answered(count, search));
    } else if (condemned === null) {
      asked = [];
      await note(died(some, answer.why, search));
    } else return { left, why: `the function dies even when it is to reject the message: ${answer.why}` };
  }
}

const answered = (count: number, { suspects }: Search): Partial<Search> => ({
  suspects: Math.max(0, suspects - count),
  deaths: 0,
  silent: null,
});

function died(some: readonly string[], cause: string, { alone, deaths }: Search): Search {
  const only = some.length === 1 ? (some[0] as string) : null;
  const again = only !== null && only === alone;
  return {
    suspects: some.length,
    deaths: only === null ? 0 : again ? deaths + 1 : 1,
    alone: only,
    cause,
    silent: null,
  };
}

/** Why an answer is not what was hoped for. */
export const whyOf = (answer: OrderAnswer): string =>
  answer.kind === 'done' || answer.kind === 'silent' ? 'the function has not answered yet' : answer.why;
