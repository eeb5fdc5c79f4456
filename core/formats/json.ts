import type { JsonSettings } from '../model/formats.ts';
import { parseObject } from '../model/json-value.ts';
import type { Rejection, Row } from '../model/row.ts';
import { type Chunk, type Reader, type ReadOptions, readRejection, type TextPlace, Unreadable } from './format.ts';
import { elementScanner } from './json-elements.ts';
import { textSource } from './text-places.ts';

/**
 * A JSON document: an array, whose elements are the records, at its root or where the path of the settings leads; or an object that is the
 * one record. Elements are cut out by their brackets and parsed one by one, so a broken one costs itself only where brackets and quotes
 * still pair up; otherwise nobody could tell where the next begins, and the file is refused (docs/adr/0004-format-readers.md).
 */
export const jsonReader = ({ path = [] }: JsonSettings): Reader =>
  async function* (source, options) {
    const text = textSource(source);
    const scan = scannerOf(text);
    const items = recordMaker(options);
    yield* at(0);
    await scan.end();

    /** The value here, which the first names of the path lead to. */
    async function* at(depth: number): AsyncGenerator<Chunk> {
      const name = path[depth];
      if (name === undefined) return yield* records();
      await scan.expect('{', `an object with "${name}"`);
      let found = false;
      for await (const member of scan.members()) {
        if (member !== name) await scan.element(0);
        else if (found) throw scan.broken(`"${name}" is there twice`);
        else yield* at(depth + 1);
        found ||= member === name;
      }
      if (!found) throw scan.broken(`there is no "${path.slice(0, depth + 1).join('.')}" in the document`);
    }

    async function* records(): AsyncGenerator<Chunk> {
      const first = await scan.peek();
      if (first === '{') return yield { items: [items(await scan.element(options.maxRecord), text.exact())] };
      await scan.expect('[', 'an array');
      let gathered: (Row | Rejection)[] = [];
      let characters = 0;
      try {
        for await (const _ of scan.elements()) {
          gathered.push(items(await scan.element(options.maxRecord), text.exact()));
          characters += gathered.at(-1)?.raw.length ?? 0;
          if (characters < STRETCH) continue;
          yield { items: gathered };
          [gathered, characters] = [[], 0];
        }
      } catch (error) {
        // What has been read before a refusal does not hang on where the bytes were cut.
        yield { items: gathered };
        throw error;
      }
      yield { items: gathered };
    }
  };

/** Characters of the records that are given together. */
const STRETCH = 128 * 1024;

function recordMaker({ maxRecord }: ReadOptions) {
  let position = 0;
  return ({ raw, place }: Element, exact: boolean): Row | Rejection => {
    const where = { position: ++position, ...place };
    if (raw.length > maxRecord) {
      return readRejection(
        where,
        'SLU-2009',
        `the record is longer than ${maxRecord} characters`,
        raw.slice(0, maxRecord),
      );
    }
    if (!exact && !raw.isWellFormed())
      return readRejection(where, 'SLU-3006', 'the record holds bytes that are not UTF-8', raw);
    const found = parseObject(raw);
    return 'values' in found
      ? { ...where, values: found.values, raw }
      : readRejection(where, found.code, found.message, raw);
  };
}

/** A value as it is written, or as much of it as is kept of one that is too long. */
interface Element {
  readonly raw: string;
  readonly place: TextPlace;
}

type Text = ReturnType<typeof textSource>;

/** Goes through a document token by token, but for values, which are passed as a whole. */
function scannerOf(text: Text) {
  const broken = (message: string, { line, byte } = text.place()) => {
    return new Unreadable('SLU-3023', `line ${line}, byte ${byte}: ${message}`);
  };

  /** The next character that is no space, or undefined at the end. */
  async function peek(): Promise<string | undefined> {
    for (;;) {
      const held = text.held();
      let at = 0;
      while (at < held.length && SPACES.includes(held[at] as string)) at++;
      text.pass(at);
      if (at < held.length) return held[at];
      if (!(await text.more())) return undefined;
    }
  }

  async function expect(character: string, what: string): Promise<void> {
    const found = await peek();
    if (found !== character)
      throw broken(`${what} is expected, not ${found === undefined ? 'the end' : JSON.stringify(found)}`);
    text.pass(1);
  }

  /** Passes a value, of which as many characters are kept, and one more if there are more. */
  async function element(keep: number): Promise<Element> {
    const first = await peek();
    if (first === undefined || ',:]}'.includes(first))
      throw broken(`a value is expected, not ${first === undefined ? 'the end' : JSON.stringify(first)}`);
    const place = text.place();
    const scan = elementScanner();
    let kept = '';
    for (;;) {
      const end = scan(text.held());
      if (end !== -1) {
        const raw = kept + text.held().slice(0, Math.max(0, Math.min(end, keep + 1 - kept.length)));
        text.pass(end);
        return { raw, place };
      }
      // A record that is too long is passed as it comes.
      if (text.held().length > keep) {
        kept += text.held().slice(0, Math.max(0, keep + 1 - kept.length));
        scan.passed(text.held().length);
        text.pass(text.held().length);
      }
      if (!(await text.more())) {
        if (!scan.isScalar()) throw broken('the document is cut off in the value that begins here', place);
        const raw = kept + text.held().slice(0, Math.max(0, keep + 1 - kept.length));
        text.pass(text.held().length);
        return { raw, place };
      }
    }
  }

  /** Stops before each element of an array whose bracket has been passed. */
  async function* elements(): AsyncGenerator<void> {
    for (let first = true; ; first = false) {
      if ((await peek()) === ']' && first) break;
      yield;
      if ((await peek()) === ']') break;
      await expect(',', '"," or "]"');
    }
    text.pass(1);
  }

  /** Stops before the value of each member of an object whose brace has been passed, and gives its name. */
  async function* members(): AsyncGenerator<string> {
    for (let first = true; ; first = false) {
      const next = await peek();
      if (next === '}' && first) break;
      if (next !== '"')
        throw broken(`a name is expected, not ${next === undefined ? 'the end' : JSON.stringify(next)}`);
      const { raw } = await element(NAME);
      const name = nameOf(raw);
      if (name === undefined) throw broken('a name that is none');
      await expect(':', '":"');
      yield name;
      if ((await peek()) === '}') break;
      await expect(',', '"," or "}"');
    }
    text.pass(1);
  }

  /** Nothing may stand behind the document. */
  async function end(): Promise<void> {
    const found = await peek();
    if (found === undefined) return;
    throw broken(`${JSON.stringify(found)} stands behind the end of the document; is it an object a line (ndjson)?`);
  }

  return { peek, expect, element, elements, members, end, broken };
}

const SPACES = ' \t\n\r';

/** Longest name outside of records, in characters. */
const NAME = 1000;

function nameOf(raw: string): string | undefined {
  try {
    return JSON.parse(raw) as string;
  } catch {
    return undefined;
  }
}
