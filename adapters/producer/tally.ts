import { spread } from './spread.ts';

/** Counts what a producer does. Times are milliseconds of one clock. */
export function tally() {
  const counts = { sent: 0, failed: 0, bytes: 0, calls: 0, retries: 0, throttled: 0 };
  const latency = spread();
  let firstAt: number | undefined;
  let lastAt = 0;

  return {
    called(at: number, again: number): void {
      firstAt ??= at;
      counts.calls++;
      counts.retries += again;
    },

    answered(at: number, throttled: number): void {
      lastAt = at;
      counts.throttled += throttled;
    },

    sent(bytes: number, milliseconds: number): void {
      counts.sent++;
      counts.bytes += bytes;
      latency.add(milliseconds);
    },

    failed(): void {
      counts.failed++;
    },

    get() {
      const seconds = firstAt === undefined ? 0 : Math.max(0, lastAt - firstAt) / 1000;
      const perSecond = (value: number) => (seconds > 0 ? value / seconds : 0);
      return {
        ...counts,
        seconds,
        recordsPerSecond: perSecond(counts.sent),
        bytesPerSecond: perSecond(counts.bytes),
        latency: latency.get(),
      };
    },
  };
}
