import type { TextPlace } from './format.ts';
import { bytesIn } from './format.ts';

/** The text that a parser has been given, by the parser's positions, as far back as it may be asked for. */
export function placedText() {
  let held = '';
  /** The position of the first character that is held, and where it lies. */
  let first = 0;
  let line = 1;
  let byte: number | undefined;
  /** The beginning of a record that is longer than what is held. */
  let kept: { readonly start: number; readonly text: string } | null = null;

  const passTo = (position: number): void => {
    const passed = held.slice(0, position - first);
    for (let at = passed.indexOf('\n'); at !== -1; at = passed.indexOf('\n', at + 1)) line++;
    byte = (byte ?? 0) + bytesIn(passed, true);
    held = held.slice(passed.length);
    first = position;
  };

  return {
    add(text: string, at: number): void {
      held += text;
      byte ??= at;
    },
    /** Where the tag begins that ends at a position. */
    startOf(position: number): TextPlace & { readonly start: number } {
      // Between two records there is little, but a tag may hold ">" in its attributes, never "<".
      const start = first + held.lastIndexOf('<', position - first - 1);
      passTo(start);
      return { start, line, byte: byte ?? 0 };
    },
    /** The text between two positions; of a longer one than `most`, one character more than that. */
    between: (start: number, end: number, most: number): string => {
      if (kept?.start === start) return kept.text;
      return held.slice(start - first, Math.min(end - first, start - first + most + 1));
    },
    /** Keeps no more of a record than its beginning. */
    keep(start: number, count: number): void {
      if (kept?.start !== start) kept = { start, text: held.slice(start - first, start - first + count) };
      passTo(first + held.length);
    },
    passTo,
  };
}
