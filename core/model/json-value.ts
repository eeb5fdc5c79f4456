import { caps } from './caps.ts';
import type { Code } from './codes.ts';
import { ExactNumber, type FieldValues } from './row.ts';

interface Problem {
  readonly code: Code;
  readonly message: string;
}

/**
 * Parses one JSON object, or says what is wrong with it. Nothing that is written in it is lost: numbers that JavaScript would round come as
 * bigint or `ExactNumber`, and a name that an object holds twice is a problem, where `JSON.parse` takes the last value.
 */
export function parseObject(text: string): { readonly values: FieldValues } | Problem {
  const found = parseJson(text);
  if ('code' in found) return found;
  const { value } = found;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { values: value as FieldValues };
  const kind = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`;
  return { code: 'SLU-2001', message: `a JSON object is expected, not ${kind}` };
}

/** Only such a text can hold a number of more digits than a double is sure of (15), or one out of its range. */
const LONG_NUMBER = /[\d.]{16}|\d[eE][-+]?\d\d\d/;

/** Parses any JSON value as exactly. */
export function parseJson(text: string): { readonly value: unknown } | Problem {
  let value: unknown;
  try {
    value = LONG_NUMBER.test(text) ? JSON.parse(text, exactNumbers) : JSON.parse(text);
  } catch (error) {
    // The reviver of long numbers goes down a level with each bracket.
    if (error instanceof RangeError) return tooDeep;
    return { code: 'SLU-2001', message: `not JSON: ${(error as Error).message}` };
  }
  const names = countNames(value, 0);
  if (names === -1) return tooDeep;
  // A name stands before a colon behind a quote. So does the inside of some texts, which is why this only asks for a closer look.
  if (names !== colonsBehindQuotes(text)) {
    const twice = nameTwice(text);
    if (twice !== undefined) return { code: 'SLU-2011', message: `the name ${JSON.stringify(twice)} is there twice` };
  }
  return { value };
}

const tooDeep: Problem = { code: 'SLU-2012', message: `the JSON is nested deeper than ${caps.nesting} levels` };

/** JSON.parse hands the source text of a number to its reviver (ECMAScript proposal "JSON.parse source text access"). */
function exactNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' ? exactNumber(context?.source ?? String(value), value) : value;
}

/** A number as it is written: a whole one beyond 2^53 as bigint, any other that a double does not hold as `ExactNumber`. */
function exactNumber(source: string, value: number): number | bigint | ExactNumber {
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source);
  return Number.isFinite(value) && canonical(source) === canonical(String(value)) ? value : new ExactNumber(source);
}

/** The digits of a number without zeros around them, and the power of ten of the last: equal for equal numbers. */
function canonical(text: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] = /^(-?)(\d*)\.?(\d*)(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return `${sign}0`;
  return `${sign}${significant}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)}`;
}

/** How many names the objects of a value have; -1 when it is nested deeper than the cap. */
function countNames(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return 0;
  if (depth >= caps.nesting) return -1;
  const isArray = Array.isArray(value);
  const parts: unknown[] = isArray ? value : Object.values(value);
  let count = isArray ? 0 : parts.length;
  for (const part of parts) {
    if (typeof part !== 'object' || part === null) continue;
    const below = countNames(part, depth + 1);
    if (below === -1) return -1;
    count += below;
  }
  return count;
}

const [QUOTE, SPACE] = [34, 32];

function colonsBehindQuotes(text: string): number {
  let count = 0;
  for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', colon + 1)) {
    let before = colon - 1;
    while (before > 0 && text.charCodeAt(before) <= SPACE) before--;
    if (text.charCodeAt(before) === QUOTE) count++;
  }
  return count;
}

/** A string, with the colon behind it when it is a name, or a brace. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/gs;

/** The first name that an object of a valid JSON text has twice. */
function nameTwice(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, string = '', colon] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const name = JSON.parse(string) as string;
      if (open.at(-1)?.has(name)) return name;
      open.at(-1)?.add(name);
    }
  }
  return undefined;
}
