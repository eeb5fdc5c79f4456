const NUMBER = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:e([+-]?\d{1,5}))?$/i;

/** The furthest power of ten that is written out, that of an IEEE decimal of 128 bits: some twenty characters could else ask for gigabytes. */
const MOST_EXPONENT = 6144;

/**
 * A decimal number written out, without exponent, plus sign and leading zeros; zeros at its end stay, since the database keeps them. Null for
 * a text that is no number.
 */
export function decimalText(text: string): string | null {
  const [, sign, whole = '', behind = '', only = '', power = '0'] = NUMBER.exec(text) ?? [];
  const exponent = Number(power);
  if (sign === undefined || Math.abs(exponent) > MOST_EXPONENT) return null;
  const fraction = behind + only;
  const digits = whole + fraction;
  const point = whole.length + exponent;
  const before =
    point > 0
      ? digits
          .slice(0, point)
          .padEnd(point, '0')
          .replace(/^0+(?=\d)/, '')
      : '0';
  const after = point < 0 ? '0'.repeat(-point) + digits : digits.slice(point);
  const number = after === '' ? before : `${before}.${after}`;
  return sign === '-' && /[1-9]/.test(number) ? `-${number}` : number;
}

/** The digits of a whole number, however it is written (`3`, `3.0`, `3e2`); null for any other text. */
export function wholeText(text: string): string | null {
  const [whole = '', fraction = ''] = decimalText(text)?.split('.') ?? [];
  return whole !== '' && /^0*$/.test(fraction) ? (whole === '-0' ? '0' : whole) : null;
}

/** Digits of which any number of so many is a whole one that JavaScript holds. */
const SAFE = 15;

/** The number that up to 15 digits, or a minus and such, stand for; NaN for any other text. Most numbers are such, and need no pattern. */
export function shortWhole(text: string): number {
  const sign = text.charCodeAt(0) === 45 ? 1 : 0;
  const { length } = text;
  if (length === sign || length > SAFE + sign) return Number.NaN;
  let number = 0;
  for (let at = sign; at < length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return sign === 1 ? -number : number;
}
