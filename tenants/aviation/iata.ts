import type { Fields } from '../../core/model/fields.ts';

const IATA = /^[A-Z]{3}$/;

/** Whether a code has the form of an IATA location code: three capital letters. */
export const isIata = (code: string): boolean => IATA.test(code);

/** The named field as an IATA location code; case and blanks around it are forgiven. */
export function iata(fields: Fields, name: string): string {
  const text = fields.text(name);
  if (isIata(text)) return text;
  const code = text.trim().toUpperCase();
  if (!isIata(code)) throw fields.unfit(name, 'a three-letter IATA code');
  return code;
}
