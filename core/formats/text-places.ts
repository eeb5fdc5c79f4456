import { bytesIn, decode, type TextPlace, Unreadable } from './format.ts';

/**
 * A text that comes in stretches, of which only what has not been passed is held. Throws `Unreadable` for a file that is no text.
 */
export function textSource(source: AsyncIterable<Uint8Array>) {
  const parts = decode(source)[Symbol.asyncIterator]();
  let held = '';
  let exact = true;
  let line = 1;
  let byte: number | undefined;
  return {
    /** What has come and has not been passed. */
    held: (): string => held,
    /** False when bytes have come that are not UTF-8: lone surrogates stand for them. */
    exact: (): boolean => exact,
    /** Takes the next stretch; false at the end. */
    async more(): Promise<boolean> {
      const next = await parts.next();
      if (next.done) return false;
      if ('code' in next.value) throw new Unreadable(next.value.code, next.value.message);
      held += next.value.text;
      exact &&= next.value.exact;
      byte ??= next.value.byte;
      return true;
    },
    /** Where the first character lies that is held. */
    place: (): TextPlace => ({ line, byte: byte ?? 0 }),
    pass(count: number): void {
      if (count === 0) return;
      const passed = held.slice(0, count);
      for (let at = passed.indexOf('\n'); at !== -1; at = passed.indexOf('\n', at + 1)) line++;
      byte = (byte ?? 0) + bytesIn(passed, exact);
      held = held.slice(count);
    },
  };
}
