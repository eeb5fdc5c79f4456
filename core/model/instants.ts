const DAY = /^\d{4}-\d\d-\d\d$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?$/;
const HOURS = '(?:[01]\\d|2[0-3])';
const TIMESTAMP = new RegExp(
  `^(\\d{4}-\\d\\d-\\d\\d)(?:[T ](${HOURS}:[0-5]\\d)(?::([0-5]\\d)(?:\\.(\\d+))?)?(Z|[+-]${HOURS}(?::?[0-5]\\d)?)?)?$`,
);

/** Whether a text is a day of the calendar, `YYYY-MM-DD`; JavaScript would roll 31 February over into March. */
export function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const [month, day] = [Number(text.slice(5, 7)), Number(text.slice(8, 10))];
  if (day < 1 || month < 1 || month > 12) return false;
  // The calendar repeats every 400 years; Date.UTC takes the years 0 to 99 for 1900 to 1999.
  return day <= 28 || day <= new Date(Date.UTC(Number(text.slice(0, 4)) + 400, month, 0)).getUTCDate();
}

/** Whether a text is a time of day, `HH:MM:SS[.fffffffff]`. */
export const isTime = (text: string): boolean => TIME.test(text);

/**
 * Reads an ISO 8601 instant; one without a zone is UTC. The database keeps milliseconds: a text that tells more gives `too fine`, unless
 * the rest is to be cut off. Null for a text that is none: a leap second and `24:00` are none that JavaScript and Cassandra could keep.
 */
export function parseTimestamp(text: string, cut = false): Date | 'too fine' | null {
  const match = TIMESTAMP.exec(text);
  if (!match?.[1] || !isDay(match[1])) return null;
  const [, day, time = '00:00', second = '00', fraction = '', zone = 'Z'] = match;
  if (!cut && /[1-9]/.test(fraction.slice(3))) return 'too fine';
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  const date = new Date(`${day}T${time}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`);
  return Number.isNaN(date.getTime()) ? null : date;
}
