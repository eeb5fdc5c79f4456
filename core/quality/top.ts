/**
 * The most frequent of many texts in bounded memory: the counters of Misra and Gries, "Finding repeated elements", 1982. While there are no more
 * different texts than counters, the counts are exact; else each is too low by at most the number of all texts divided by that of counters, and none that
 * is more frequent than that is missing. That also holds of several that are added to one: then which of them are counted, and how low, hangs on how the texts were
 * cut, but only where there are more different ones than counters.
 */
export class Top {
  readonly #counts = new Map<string, number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(text: string, count = 1): void {
    const before = this.#counts.get(text);
    if (before !== undefined || this.#counts.size < this.#most) {
      this.#counts.set(text, (before ?? 0) + count);
      return;
    }
    // The newcomer and as many of all others cancel each other out.
    const least = Math.min(count, ...this.#counts.values());
    for (const [other, has] of this.#counts) {
      if (has === least) this.#counts.delete(other);
      else this.#counts.set(other, has - least);
    }
    if (count > least) this.add(text, count - least);
  }

  /** All counters. */
  state(): readonly (readonly [text: string, count: number])[] {
    return [...this.#counts];
  }

  merge(state: ReturnType<Top['state']>): void {
    for (const [text, count] of state) this.add(text, count);
  }

  /** The most frequent first; of equal ones the first in the order of texts. */
  first(count: number): { readonly text: string; readonly count: number }[] {
    const all = [...this.#counts].map(([text, count]) => ({ text, count }));
    return all.toSorted((a, b) => b.count - a.count || (a.text < b.text ? -1 : 1)).slice(0, count);
  }
}
