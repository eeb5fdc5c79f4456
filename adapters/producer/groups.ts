/** Records that came between two calls of `flush`. */
export interface Group {
  open: number;
  emptied?: () => void;
}

/** Knows when all that came before a moment is settled, whatever comes after it. */
export function groups() {
  let current: Group = { open: 0 };
  let earlier: Promise<unknown> = Promise.resolve();

  return {
    enter(): Group {
      current.open++;
      return current;
    },

    leave(group: Group): void {
      if (--group.open === 0) group.emptied?.();
    },

    /** Resolves when all that has entered so far has left. */
    empty(): Promise<unknown> {
      const last = current;
      current = { open: 0 };
      const emptied = last.open > 0 && new Promise<void>((resolve) => (last.emptied = resolve));
      earlier = Promise.all([earlier, emptied]);
      return earlier;
    },
  };
}
