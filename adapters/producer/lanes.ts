/** What is looked at of a record to put it in its lane. */
interface Keyed {
  readonly key: string;
  /** Bytes that count towards a call. */
  readonly size: number;
}

/**
 * Records on their way, by key. PutRecords may fail a record and take a later one of the same call, so the only way to keep the order of a key is
 * that at most one of its records is out at a time; the next one comes out when that one is settled.
 */
export function lanes<Entry extends Keyed>() {
  /** A key is here as long as one of its records is out, or ready to go; the list is what comes after it. */
  const busy = new Map<string, Entry[]>();
  const ready = new Set<Entry>();
  const again = new Set<Entry>();

  return {
    add(entry: Entry): void {
      const behind = busy.get(entry.key);
      if (behind) behind.push(entry);
      else {
        busy.set(entry.key, []);
        ready.add(entry);
      }
    },

    /** What goes out next, no two of one key: what is tried again first, then the oldest. The first one comes whatever its size. */
    take(count: number, bytes: number): Entry[] {
      const taken: Entry[] = [];
      let left = bytes;
      for (const queue of [again, ready]) {
        for (const entry of queue) {
          if (taken.length >= count || (entry.size > left && taken.length > 0)) return taken;
          queue.delete(entry);
          taken.push(entry);
          left -= entry.size;
        }
      }
      return taken;
    },

    /** Puts back what is out, before all others. */
    retry(entries: readonly Entry[]): void {
      for (const entry of entries) again.add(entry);
    },

    /** Ends a record that is out: the next one of its key may go. */
    settle({ key }: Entry): void {
      const next = busy.get(key)?.shift();
      if (next) ready.add(next);
      else busy.delete(key);
    },

    /** Takes out what would go next, without an end: as each is settled the next of its key comes up. */
    drain(): Entry[] {
      const heads = [...again, ...ready];
      again.clear();
      ready.clear();
      return heads;
    },

    ready: (): boolean => again.size + ready.size > 0,
  };
}
