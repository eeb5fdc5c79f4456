import { parseObject } from '../model/json-value.ts';
import type { Rejection, Row } from '../model/row.ts';
import { type Reader, readRejection, UNREAD } from './format.ts';
import { linesOf } from './text-lines.ts';

const UNREAD_OBJECT = { values: UNREAD };

/** One JSON object a line (NDJSON, JSON Lines); blank lines are skipped. Position 1 is the first object. */
export const readNdjson: Reader = async function* (source, options) {
  let position = (options.within?.position ?? 1) - 1;
  for await (const { lines, refusal, next } of linesOf(source, options)) {
    const items: (Row | Rejection)[] = [];
    for (const { text, line, byte, problem } of lines) {
      if (!problem && text.trim() === '') continue;
      position++;
      const found = problem ?? (options.counting ? UNREAD_OBJECT : parseObject(text));
      if ('values' in found) items.push({ position, line, byte, values: found.values, raw: text });
      else items.push(readRejection({ position, line, byte }, found.code, found.message, text));
    }
    yield { items, ...(refusal && { refusal }), ...(next && { next }) };
  }
};
