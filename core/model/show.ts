import { plainJson } from './plain-json.ts';

/** Characters of a value that are shown in a message. */
const SHOWN = 60;

/** A value as people read it in a message: texts quoted, long ones cut, and never an error of its own. */
export function show(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  // A small one is worth telling from a number: no database column that wants a number takes it.
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? `${value}n` : String(value);
  const text = typeof value === 'string' || (typeof value === 'object' && value !== null) ? json(value) : String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN).toWellFormed()}…` : text;
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value, plainJson) ?? typeof value;
  } catch {
    return 'an object that JSON cannot hold';
  }
}
