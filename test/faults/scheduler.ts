import type { Random } from '../../core/faults/random.ts';

/**
 * Time as the test has it: whoever waits is let on one at a time, chosen by chance among those whose time has come; when there is none the clock
 * goes to the next. So many things at once happen in an order that the seed alone decides.
 */
export function scheduler(random: Random, start: number) {
  let now = start;
  let waiting: { at: number; go: () => void }[] = [];

  return {
    clock: { now: () => new Date(now) },
    /** Comes back after some seconds, or later. */
    after: (seconds: number) =>
      new Promise<void>((resolve) => {
        waiting.push({ at: now + Math.round(seconds * 1000), go: resolve });
      }),
    /** The clock of all machines goes forward at once. */
    jump(seconds: number) {
      now += seconds * 1000;
    },
    /** Lets one of those who wait go on until it waits again. */
    async step(): Promise<boolean> {
      if (waiting.length === 0) return false;
      let ready = waiting.filter(({ at }) => at <= now);
      if (ready.length === 0) {
        now = Math.min(...waiting.map(({ at }) => at));
        ready = waiting.filter(({ at }) => at <= now);
      }
      const chosen = random.pick(ready);
      waiting = waiting.filter((one) => one !== chosen);
      chosen.go();
      await new Promise(setImmediate);
      return true;
    },
  };
}
