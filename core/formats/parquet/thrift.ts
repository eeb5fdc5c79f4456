import { Unreadable } from '../format.ts';

/** Parquet's own structures are at most eight inside of each other. */
const DEEPEST = 16;

/**
 * Where a struct of Thrift's compact protocol ends. hyparquet makes room for as many elements as a list says that it has, so a few bytes
 * could ask for gigabytes: here each list must be as long as it says. Throws `RangeError` where the bytes are at their end before.
 */
export function thriftEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  const byte = (): number => {
    const value = bytes[at++];
    if (value === undefined) throw new RangeError('the Thrift data is cut off');
    return value;
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
    throw broken('a number without end');
  };
  const skip = (count: number): void => {
    if (count > bytes.length - at) throw new RangeError('the Thrift data is cut off');
    at += count;
  };
  const element = (type: number, depth: number, inList: boolean): void => {
    if (type === 1 || type === 2) skip(inList ? 1 : 0);
    else if (type === 3) skip(1);
    else if (type >= 4 && type <= 6) varint();
    else if (type === 7) skip(8);
    else if (type === 8) skip(varint());
    else if (type === 9) list(depth + 1);
    else if (type === 12) struct(depth + 1);
    else throw broken(`a value of type ${type}`);
  };
  const list = (depth: number): void => {
    if (depth > DEEPEST) throw broken('too deep a nesting');
    const header = byte();
    const size = header >> 4 === 15 ? varint() : header >> 4;
    if (size > bytes.length - at) throw new RangeError('the Thrift data is cut off');
    for (let index = 0; index < size; index++) element(header & 15, depth, true);
  };
  const struct = (depth: number): void => {
    if (depth > DEEPEST) throw broken('too deep a nesting');
    for (;;) {
      const header = byte();
      if ((header & 15) === 0) return;
      if (header >> 4 === 0) varint();
      element(header & 15, depth, false);
    }
  };
  struct(0);
  return at;
}

const broken = (what: string) => new Unreadable('SLU-3023', `its Parquet metadata holds ${what}`);
