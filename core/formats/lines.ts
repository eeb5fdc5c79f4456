import { type Reader, readRejection } from './format.ts';
import { linesOf } from './text-lines.ts';

/** Plain text: each line is a record with the one field `line`, an empty one too; the last line end begins no line. */
export const readLines: Reader = async function* (source, options) {
  const { position, line: first } = options.within ?? { position: 1, line: 1 };
  for await (const { lines, refusal, next } of linesOf(source, options)) {
    const items = lines.map(({ text, line, byte, problem }) => {
      const place = { position: position + line - first, line, byte };
      if (problem) return readRejection(place, problem.code, problem.message, text);
      return { ...place, values: { line: text }, raw: text };
    });
    yield { items, ...(refusal && { refusal }), ...(next && { next }) };
  }
};
