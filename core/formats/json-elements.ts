const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [34, 92, 123, 125, 91, 93];
const [COMMA, COLON, SPACE] = [44, 58, 32];

/**
 * Looks for the end of one JSON value in a text that grows: asked again with more of it, it goes on where it was. Answers the offset behind
 * the value's last character, or -1. Brackets are counted and strings stepped over; whether it is JSON is not its business.
 */
export function elementScanner() {
  let at = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let kind: 'none' | 'bracketed' | 'string' | 'scalar' = 'none';

  const scan = (text: string): number => {
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (inString) {
        if (escaped) escaped = false;
        else if (code === BACKSLASH) escaped = true;
        else if (code === QUOTE) {
          inString = false;
          if (depth === 0) return at + 1;
        }
        continue;
      }
      if (kind === 'none') kind = kindOf(code);
      if (kind === 'scalar') {
        if (code <= SPACE || code === COMMA || code === COLON || code === CLOSE || code === CLOSE_LIST) return at;
      } else if (code === QUOTE) inString = true;
      else if (code === OPEN || code === OPEN_LIST) depth++;
      else if ((code === CLOSE || code === CLOSE_LIST) && --depth === 0) return at + 1;
    }
    return -1;
  };

  return Object.assign(scan, {
    /** Tells that the beginning of the text, which has been looked at, is gone. */
    passed: (count: number): void => {
      at -= count;
    },
    /** A number or a word ends with the text, too. */
    isScalar: (): boolean => kind === 'scalar',
  });
}

const kindOf = (code: number) =>
  code === QUOTE ? 'string' : code === OPEN || code === OPEN_LIST ? 'bracketed' : 'scalar';
