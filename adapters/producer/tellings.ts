import { tally } from './tally.ts';

/** The feed that is reserved for what producers tell of themselves: docs/producing.md, core/model/telling.ts. */
const FEED = '_producer';

/** Counts for the whole life of a producer, and for the time since it last told the platform how it does. */
export function tellings(producer: string) {
  const total = tally();
  const began = new Date();
  let since = tally();
  let from = began;
  let news = false;

  return {
    called(at: number, again: number): void {
      total.called(at, again);
      since.called(at, again);
      news = true;
    },
    answered(at: number, throttled: number): void {
      total.answered(at, throttled);
      since.answered(at, throttled);
    },
    sent(bytes: number, milliseconds: number): void {
      total.sent(bytes, milliseconds);
      since.sent(bytes, milliseconds);
      news = true;
    },
    failed(): void {
      total.failed();
      since.failed();
      news = true;
    },
    get: total.get,

    /** The next message to the platform; null when nothing has happened since the last. */
    telling(): { readonly key: string; readonly data: Uint8Array } | null {
      if (!news) return null;
      const to = new Date();
      const message = { producer, period: figuresOf(since, from, to), total: figuresOf(total, began, to) };
      [since, from, news] = [tally(), to, false];
      return { key: `${FEED}/${producer}`, data: Buffer.from(JSON.stringify({ feed: FEED, message })) };
    },
  };
}

function figuresOf(counted: ReturnType<typeof tally>, from: Date, to: Date) {
  const { sent, failed, retries, throttled, bytes, latency } = counted.get();
  return { from, to, sent, failed, retries, throttled, bytes, milliseconds: latency };
}
