/** A CQL duration: how long a month or a day is depends on the calendar, so it counts them apart. All parts have one sign. */
export interface Duration {
  /** 32 bits. */
  readonly months: number;
  /** 32 bits. */
  readonly days: number;
  /** 64 bits. */
  readonly nanoseconds: bigint;
}

const [US, MS, S] = [1000n, 1_000_000n, 1_000_000_000n];
const [M, H] = [60n * S, 3600n * S];

/** Units of Cassandra's notation from the largest on, each at most once. */
const CASSANDRA =
  /^(-?)(?:(\d+)y)?(?:(\d+)mo)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s|o))?(?:(\d+)s)?(?:(\d+)ms)?(?:(\d+)[uµμ]s)?(?:(\d+)ns)?$/i;
const ISO =
  /^(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?$/;

const LIMIT_32 = 2n ** 31n - 1n;
const LIMIT_64 = 2n ** 63n - 1n;

/** Reads `1mo2d3h4m5s6ms7us8ns` or ISO 8601 (`P1M2DT3H4M5.6S`); null for a text that is none, or for more than a duration holds. */
export function parseDuration(text: string): Duration | null {
  const iso = ISO.exec(text);
  const match = iso ?? CASSANDRA.exec(text);
  if (!match || !/\d/.test(text)) return null;
  const part = (index: number): bigint => BigInt(match[index] ?? 0);
  const months = part(2) * 12n + part(3);
  const days = part(4) * 7n + part(5);
  const small = iso ? BigInt((match[9] ?? '').padEnd(9, '0')) : part(9) * MS + part(10) * US + part(11);
  const nanoseconds = part(6) * H + part(7) * M + part(8) * S + small;
  if (months > LIMIT_32 || days > LIMIT_32 || nanoseconds > LIMIT_64) return null;
  const sign = match[1] === '-' ? -1 : 1;
  // No -0: it would differ from 0.
  return {
    months: sign * Number(months) || 0,
    days: sign * Number(days) || 0,
    nanoseconds: BigInt(sign) * nanoseconds,
  };
}

/** A duration in Cassandra's notation, such as `1y2mo3d4h5m6s`; nothing at all is `0s`. */
export function durationText({ months, days, nanoseconds }: Duration): string {
  const negative = months < 0 || days < 0 || nanoseconds < 0n;
  const [m, d] = [Math.abs(months), Math.abs(days)];
  let rest = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const units: [bigint, string][] = [
    [BigInt(Math.floor(m / 12)), 'y'],
    [BigInt(m % 12), 'mo'],
    [BigInt(d), 'd'],
  ];
  for (const [size, unit] of [
    [H, 'h'],
    [M, 'm'],
    [S, 's'],
    [MS, 'ms'],
    [US, 'us'],
    [1n, 'ns'],
  ] as const) {
    units.push([rest / size, unit]);
    rest %= size;
  }
  const text = units.map(([count, unit]) => (count === 0n ? '' : `${count}${unit}`)).join('');
  return text === '' ? '0s' : `${negative ? '-' : ''}${text}`;
}
