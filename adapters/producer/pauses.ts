/** Milliseconds: the longest pause after the first attempt, doubled by each further one, up to the last. */
const FIRST = 50;
const LONGEST = 5000;

/** Holds back what is to be tried again: for a random part of a time that grows with the attempts, so that many programs do not come back together. */
export function pauses<Entry extends { readonly attempts: number }>(over: (entries: readonly Entry[]) => void) {
  const held = new Map<NodeJS.Timeout, readonly Entry[]>();

  return {
    /** Those of one call wait together, for as long as the one that was tried most. */
    hold(entries: readonly Entry[]): void {
      const attempts = Math.max(...entries.map((entry) => entry.attempts));
      const longest = Math.min(LONGEST, FIRST * 2 ** (attempts - 1));
      const timer = setTimeout(() => {
        held.delete(timer);
        over(entries);
      }, Math.random() * longest);
      held.set(timer, entries);
    },

    /** Ends all pauses, and gives out what they held. */
    end(): Entry[] {
      const entries = [...held.values()].flat();
      for (const timer of held.keys()) clearTimeout(timer);
      held.clear();
      return entries;
    },
  };
}

/** Runs something once, as soon as the running code has done what it does now, or later; of several plans the earlier one holds. */
export function planner(run: () => void) {
  let cancel: (() => void) | undefined;
  let soon = false;
  const go = () => {
    cancel = undefined;
    soon = false;
    run();
  };

  return {
    soon(): void {
      if (soon) return;
      cancel?.();
      const turn = setImmediate(go);
      cancel = () => clearImmediate(turn);
      soon = true;
    },

    in(milliseconds: number): void {
      if (cancel) return;
      const timer = setTimeout(go, milliseconds);
      cancel = () => clearTimeout(timer);
    },
  };
}
