import type { Sink } from '../ports.ts';

export interface Meter {
  readonly sink: Sink;
  /** Since the meter was made: milliseconds from the first call to the last answer, and rows that the sink put off. */
  read(): { readonly milliseconds: number; readonly throttles: number };
}

/** Measures how a sink takes rows, whoever writes them. Pauses between attempts count: they are the sink's doing. */
export function metered(sink: Sink): Meter {
  let first: number | null = null;
  let last = 0;
  let throttles = 0;
  return {
    sink: {
      ...sink,
      async write(...given) {
        first ??= performance.now();
        const failures = await sink.write(...given);
        last = performance.now();
        throttles += failures.filter(({ retryable }) => retryable).length;
        return failures;
      },
    },
    read: () => ({ milliseconds: first === null ? 0 : Math.round(last - first), throttles }),
  };
}
