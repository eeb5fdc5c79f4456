/** Longest stretch, in milliseconds, for which a share of the rate is saved up: more would be a burst. */
const SAVED = 100;
/** Calls a second, at the most, when the rate holds records back: a call for each single record would be waste. */
const CALLS = 20;
/** After records were throttled the speed becomes this share of what the stream has taken in the last second; then it grows again. */
const CUT = 0.9;
const GROWTH = 0.2;
/** Milliseconds in which a cut takes effect, before the next one. */
const EFFECT = 250;

/**
 * How many records may be put now: a token bucket with the caller's rate, and with what the stream has shown to take. Trying every
 * throttled record again and again would use up the calls without one record more in the stream.
 */
export function pace(rate = Number.POSITIVE_INFINITY, now: () => number = () => performance.now()) {
  const began = now();
  let found = Number.POSITIVE_INFINITY;
  let tokens = 1;
  let filledAt = began;
  let cutAt = Number.NEGATIVE_INFINITY;
  let answeredAt = began;
  let recent: { at: number; taken: number }[] = [];

  const limit = () => Math.min(rate, found);
  const worthACall = () => Math.max(1, limit() / CALLS);
  const fill = () => {
    const at = now();
    const most = Math.max(1, (limit() * SAVED) / 1000);
    tokens = limit() === Number.POSITIVE_INFINITY ? 1 : Math.min(most, tokens + (limit() * (at - filledAt)) / 1000);
    filledAt = at;
  };

  return {
    /** Records that may be put at this moment; none while they are too few for a call. */
    available(): number {
      fill();
      if (limit() === Number.POSITIVE_INFINITY) return limit();
      return tokens + 1e-9 < worthACall() ? 0 : Math.floor(tokens + 1e-9);
    },

    spend(records: number): void {
      if (limit() !== Number.POSITIVE_INFINITY) tokens -= records;
    },

    /** Milliseconds after which it is worth looking again. */
    wait(): number {
      fill();
      return Math.max(1, Math.ceil(((worthACall() - tokens) / limit()) * 1000));
    },

    /** Learns from the answer to a call. */
    answered(taken: number, throttled: number): void {
      fill();
      const at = now();
      recent = recent.filter((one) => at - one.at < 1000);
      recent.push({ at, taken });
      if (throttled > 0) {
        if (at - cutAt < EFFECT) return;
        const seconds = Math.min(1000, Math.max(100, at - began)) / 1000;
        const speed = recent.reduce((sum, one) => sum + one.taken, 0) / seconds;
        if (found === Number.POSITIVE_INFINITY) tokens = 0;
        found = Math.max(1, speed * CUT);
        cutAt = at;
      } else if (found !== Number.POSITIVE_INFINITY) {
        found += Math.max(1, found * GROWTH) * ((at - answeredAt) / 1000);
      }
      answeredAt = at;
    },
  };
}
