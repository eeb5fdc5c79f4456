import type { SaxesAttributePlain, SaxesParser, SaxesTagPlain } from 'saxes';
import { caps } from '../model/caps.ts';
import type { XmlSettings } from '../model/formats.ts';
import type { FieldValues, Place, Rejection, Row } from '../model/row.ts';
import { type ReadOptions, readRejection, type Text, Unreadable } from './format.ts';
import { placedText } from './xml-places.ts';

/** An element of a record while it is open. */
interface Open {
  readonly name: string;
  readonly values: Record<string, unknown>;
  /** Stretches of text that are not only space: more than one had elements in between. */
  text: string;
  stretches: number;
  /** Text since the last tag. */
  current: string;
  isNil: boolean;
}

interface OpenRecord {
  readonly place: Place;
  readonly start: number;
  readonly open: Open[];
  problem: Pick<Rejection, 'code' | 'message'> | null;
}

/** Puts records together from the events of a parser, each when its element closes. */
export function recordBuilder(
  settings: XmlSettings,
  { maxRecord }: ReadOptions,
  parser: SaxesParser,
  give: (item: Row | Rejection) => void,
) {
  const { record: wanted, attributes: prefix = '', lists = [] } = settings;
  const text = placedText();
  let depth = 0;
  let position = 0;
  let others = 0;
  let record: OpenRecord | null = null;
  /** Where the parser was behind the last tag. */
  let complete = 0;

  parser.on('opentag', (tag: SaxesTagPlain) => {
    depth++;
    if (depth > caps.nesting * 2)
      throw new Unreadable('SLU-3025', `line ${parser.line}: nested deeper than ${caps.nesting * 2} levels`);
    if (record) begin(record, tag);
    else if (wanted === undefined ? depth === 2 : tag.name === wanted) {
      const { start, ...place } = text.startOf(parser.position);
      record = { place: { position: ++position, ...place }, start, open: [], problem: null };
      begin(record, tag);
    } else if (depth > 1) others++;
    settled();
  });
  parser.on('text', (piece) => addText(piece));
  parser.on('cdata', (piece) => addText(piece));
  parser.on('closetag', () => {
    depth--;
    settled();
    if (!record) return;
    endText(record);
    const element = record.open.pop() as Open;
    const above = record.open.at(-1);
    if (above) put(record, above, element.name, contentOf(record, element));
    else {
      give(itemOf(record, element));
      text.passTo(parser.position);
      record = null;
    }
  });

  /** Here something is complete. What has come since is in the parser's memory, however long it is, until it is complete too. */
  function settled(): void {
    bounded();
    complete = parser.position;
  }
  function bounded(): void {
    if (parser.position - complete <= maxRecord + SLACK) return;
    const message = `line ${parser.line}: more than ${maxRecord + SLACK} characters without a tag`;
    throw new Unreadable('SLU-3025', message);
  }

  function begin(current: OpenRecord, tag: SaxesTagPlain): void {
    const above = current.open.at(-1);
    if (above) endText(current);
    if (current.open.length >= caps.nesting) {
      current.problem ??= { code: 'SLU-2012', message: `the element is nested deeper than ${caps.nesting} levels` };
    }
    const element: Open = { name: tag.name, values: {}, text: '', stretches: 0, current: '', isNil: false };
    for (const [name, value] of Object.entries(tag.attributes as Record<string, string | SaxesAttributePlain>)) {
      if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
      if (name === 'xsi:nil') element.isNil = value === 'true' || value === '1';
      else put(current, element, prefix + name, value);
    }
    current.open.push(element);
  }

  function addText(piece: string): void {
    const element = record?.open.at(-1);
    if (element && !record?.problem) element.current += piece;
  }

  function endText({ open }: OpenRecord): void {
    const element = open.at(-1) as Open;
    const isFirst = Object.keys(element.values).length === 0;
    if (element.current.trim() !== '') {
      element.text += element.current;
      element.stretches++;
    } else if (isFirst) element.text += element.current;
    element.current = '';
  }

  function put(current: OpenRecord, element: Open, name: string, value: unknown): void {
    if (current.problem) return;
    const { values } = element;
    if (name === '__proto__') current.problem = { code: 'SLU-2001', message: 'an element cannot be named "__proto__"' };
    else if (lists.includes(name)) {
      const list = Object.hasOwn(values, name) ? (values[name] as unknown[]) : [];
      list.push(value);
      values[name] = list;
    } else if (Object.hasOwn(values, name)) {
      const message = `the name "${name}" is there twice in <${element.name}>; name it in lists if it may be`;
      current.problem = { code: 'SLU-2011', message };
    } else values[name] = value;
  }

  function contentOf(current: OpenRecord, element: Open): unknown {
    if (element.isNil) return null;
    const isPlain = Object.keys(element.values).length === 0;
    if (isPlain) return element.text;
    if (element.stretches > 1) {
      current.problem ??= {
        code: 'SLU-2001',
        message: `<${element.name}> has text between its elements, whose order would be lost`,
      };
    }
    if (element.stretches > 0) put(current, element, TEXT, element.text);
    return element.values;
  }

  function itemOf(current: OpenRecord, element: Open): Row | Rejection {
    const raw = text.between(current.start, parser.position, maxRecord);
    if (raw.length > maxRecord) {
      const message = `the record is longer than ${maxRecord} characters`;
      return readRejection(current.place, 'SLU-2009', message, raw.slice(0, maxRecord));
    }
    const value = contentOf(current, element);
    if (current.problem) return readRejection(current.place, current.problem.code, current.problem.message, raw);
    const values = typeof value === 'object' && value !== null ? (value as FieldValues) : { [TEXT]: value };
    return { ...current.place, values, raw };
  }

  return {
    /** Takes the text that the parser is given next. */
    add: (part: Text): void => text.add(part.text, part.byte),
    /** What can be forgotten is, and a piece without end is refused before it fills the memory. */
    settle(): void {
      bounded();
      if (!record) text.passTo(complete);
      else if (parser.position - record.start > maxRecord + SLACK) {
        record.problem ??= { code: 'SLU-2009', message: `the record is longer than ${maxRecord} characters` };
        text.keep(record.start, maxRecord + 1);
      }
    },
    /** A document that holds elements, and none of the wanted name, is another one than was meant. */
    end(): void {
      if (position > 0 || others === 0 || wanted === undefined) return;
      throw new Unreadable('SLU-3023', `there is no element <${wanted}> in the document, but ${others} others`);
    },
  };
}

/** The name of an element's text where it has attributes or elements beside it. */
const TEXT = '#text';

/** A text or a tag may be this much longer than the largest record, in characters, before the file is refused. */
const SLACK = 1024 * 1024;
