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

/** Parses any JSON value as exactly. */
export function parseJson(text: string): { readonly value: unknown } | Problem {
  let value: unknown;
  let contents: Contents;
  try {
    value = hasLongNumber(text) ? JSON.parse(text, exactNumbers) : JSON.parse(text);
    contents = new Contents(value);
    if (contents.isExtreme && FAR.test(text)) value = JSON.parse(text, exactNumbers);
  } catch (error) {
    // The reviver of long numbers goes down a level with each bracket.
    if (error instanceof RangeError) return tooDeep;
    return { code: 'SLU-2001', message: `not JSON: ${(error as Error).message}` };
  }
  if (contents.isTooDeep) return tooDeep;
  // A name stands before a colon behind a quote. So does the inside of some texts, which is why this only asks for a closer look.
  if (contents.names !== colonsBehindQuotes(text)) {
    const twice = nameTwice(text);
    if (twice !== undefined) return { code: 'SLU-2011', message: `the name ${JSON.stringify(twice)} is there twice` };
  }
  return { value };
}

const tooDeep: Problem = { code: 'SLU-2012', message: `the JSON is nested deeper than ${caps.nesting} levels` };

/** Digits and points in a row without which no number has more digits than a double is sure of, which is 15. */
const LONG = 16;
const [POINT, ZERO, NINE] = [46, 48, 57];

/** Whether so many stand in a row. It looks at every sixteenth character, and from there back as far as digits go: a pattern would take ten times as long, half as long as `JSON.parse`. */
function hasLongNumber(text: string): boolean {
  for (let at = LONG - 1; at < text.length; ) {
    let back = at;
    while (back > at - LONG && isDigit(text.charCodeAt(back))) back--;
    if (back === at - LONG) return true;
    at = back + LONG;
  }
  return false;
}

const isDigit = (code: number): boolean => (code >= ZERO && code <= NINE) || code === POINT;

/** Without such an exponent no number is out of the range of a double. */
const FAR = /\d[eE][-+]?\d\d\d/;
/** The least double that has all its digits. */
const LEAST = 2 ** -1022;

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

/** What stands in a value, at any depth up to the cap. */
class Contents {
  /** Those of all objects. */
  names = 0;
  /** There is something deeper, which was not looked at. */
  isTooDeep = false;
  /** A number may have been another before it became a double: beyond the range it is infinite or next to nothing. */
  isExtreme = false;

  constructor(value: unknown) {
    this.#add(value, 0);
  }

  #add(value: unknown, depth: number): void {
    if (typeof value === 'number') {
      const size = Math.abs(value);
      this.isExtreme ||= size < LEAST || size === Number.POSITIVE_INFINITY;
    } else if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return;
    else if (depth >= caps.nesting) this.isTooDeep = true;
    else if (Array.isArray(value)) for (const part of value) this.#add(part, depth + 1);
    else {
      for (const name in value) {
        this.names++;
        this.#add((value as FieldValues)[name], depth + 1);
      }
    }
  }
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
