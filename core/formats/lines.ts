import { type Reader, readRejection } from './format.ts';
import { linesOf } from './text-lines.ts';

/** Plain text: each line is a record with the one field `line`, an empty one too; the last line end begins no line. */
export const readLines: Reader = async function* (source, options) {
  for await (const { lines, refusal } of linesOf(source, options)) {
    const items = lines.map(({ text, line, byte, problem }) => {
      const place = { position: line, line, byte };
      if (problem) return readRejection(place, problem.code, problem.message, text);
      return { ...place, values: { line: text }, raw: text };
    });
    yield refusal ? { items, refusal } : { items };
  }
};
