const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?$/;
const HOURS = '(?:[01]\\d|2[0-3])';
const TIMESTAMP = new RegExp(
  `^(\\d{4}-\\d\\d-\\d\\d)(?:[T ](${HOURS}:[0-5]\\d)(?::([0-5]\\d)(?:\\.(\\d+))?)?(Z|[+-]${HOURS}(?::?[0-5]\\d)?)?)?$`,
);

/** Whether a text is a day of the calendar, `YYYY-MM-DD`; JavaScript would roll 31 February over into March. */
export const isDay = (text: string): boolean => !Number.isNaN(dayNumber(text));

/** Days since 1970 of a day of the Gregorian calendar, `YYYY-MM-DD`; NaN for any other text. */
export const dayNumber = (text: string): number => (text.length === 10 ? dayAtStart(text) : Number.NaN);

const [DASH, POINT, COLON] = [45, 46, 58];
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** By Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`: years begin with March, so that the leap day is the last. */
function dayAtStart(text: string): number {
  const year = digitsIn(text, 0, 4);
  const month = digitsIn(text, 5, 7);
  const day = digitsIn(text, 8, 10);
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return Number.NaN;
  if (day > (DAYS[month - 1] as number)) {
    const isLeapDay = month === 2 && day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
    if (!isLeapDay) return Number.NaN;
  }
  const shifted = month > 2 ? year : year - 1;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return 365 * shifted + leapDays + ofYear - TO_1970;
}

/** Days from 1 March of the year 0 to 1 January 1970. */
const TO_1970 = 719_468;

/** The number that digits stand for; NaN where anything else stands among them. */
function digitsIn(text: string, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** Whether a text is a time of day, `HH:MM:SS[.fffffffff]`. */
export const isTime = (text: string): boolean => TIME.test(text);

/**
 * Reads an ISO 8601 instant; one without a zone is UTC. The database keeps milliseconds: a text that tells more gives `too fine`, unless
 * the rest is to be cut off. Null for a text that is none: a leap second and `24:00` are none that JavaScript and Cassandra could keep.
 */
export function parseTimestamp(text: string, cut = false): Date | 'too fine' | null {
  const usual = usualInstant(text);
  if (usual) return usual;
  const match = TIMESTAMP.exec(text);
  if (!match?.[1] || !isDay(match[1])) return null;
  const [, day, time = '00:00', second = '00', fraction = '', zone = 'Z'] = match;
  if (!cut && /[1-9]/.test(fraction.slice(3))) return 'too fine';
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  const date = new Date(`${day}T${time}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** An instant as most writers write it: in UTC, to the second or the millisecond. It takes an eighth of the time of the pattern, which has the last word on any other. */
function usualInstant(text: string): Date | null {
  const { length } = text;
  if ((length !== 20 && length !== 24) || text[10] !== 'T' || text[length - 1] !== 'Z') return null;
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return null;
  const day = dayAtStart(text);
  const hour = digitsIn(text, 11, 13);
  const minute = digitsIn(text, 14, 16);
  const second = digitsIn(text, 17, 19);
  const fraction = length === 20 ? 0 : text.charCodeAt(19) === POINT ? digitsIn(text, 20, 23) : Number.NaN;
  const isTime = hour <= 23 && minute <= 59 && second <= 59 && fraction >= 0;
  return isTime && !Number.isNaN(day)
    ? new Date((((day * 24 + hour) * 60 + minute) * 60 + second) * 1000 + fraction)
    : null;
}
