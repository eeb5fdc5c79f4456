import { caps } from '../model/caps.ts';
import { Unreadable } from './format.ts';

/**
 * Cuts zstd data into its frames (RFC 8878, section 3.1) and gives each as it comes; the next can be asked for when one has been read to its
 * end. Node's decoder has dropped frames behind the first (nodejs/node#64741) and taken a frame that was cut off for whole (#64592), so where
 * a frame ends is settled here.
 */
export async function* zstdFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const bytes = reader(source);
  for (let frames = 0; await bytes.more(); frames++) {
    if (frames === caps.frames)
      throw new Unreadable('SLU-3022', `more than ${frames} frames of zstd, the platform’s cap`);
    const magic = uint32(await bytes.take(4));
    if (magic >>> 4 === SKIPPED >>> 4) {
      for await (const _ of bytes.pass(uint32(await bytes.take(4))));
    } else if (magic === FRAME) yield frame(bytes);
    else throw new Unreadable('SLU-3021', `byte ${bytes.at() - 4}: something stands where a zstd frame should begin`);
  }
}

const FRAME = 0xfd2fb528;
const SKIPPED = 0x184d2a50;

type Bytes = ReturnType<typeof reader>;

async function* frame(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const [descriptor = 0] = yield* taken(bytes, 1, uint32Bytes(FRAME));
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  const size = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const rest = yield* taken(bytes, (single ? 0 : 1) + dictionary + size);
  if (rest.subarray(single ? 0 : 1, (single ? 0 : 1) + dictionary).some((byte) => byte !== 0)) {
    throw new Unreadable('SLU-3024', 'it is compressed with a zstd dictionary, which nobody has here');
  }
  for (let last = false; !last; ) {
    const header = yield* taken(bytes, 3);
    const [a = 0, b = 0, c = 0] = header;
    last = (a & 1) === 1;
    const isRun = ((a >> 1) & 3) === 1;
    yield* bytes.pass(isRun ? 1 : (a >> 3) | (b << 5) | (c << 13));
  }
  if (descriptor & 4) yield* taken(bytes, 4);
}

/** Takes bytes that are needed here, and gives them on, behind others. */
async function* taken(
  bytes: Bytes,
  count: number,
  before: Uint8Array = new Uint8Array(),
): AsyncGenerator<Uint8Array, Uint8Array> {
  const needed = await bytes.take(count);
  if (count + before.length > 0) yield Buffer.concat([before, needed]);
  return needed;
}

const uint32 = (bytes: Uint8Array): number => Buffer.from(bytes).readUInt32LE();
const uint32Bytes = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** Hands out bytes by their number, wherever the source cuts them. */
function reader(source: AsyncIterable<Uint8Array>) {
  const pieces = source[Symbol.asyncIterator]();
  let piece: Uint8Array = new Uint8Array();
  let at = 0;

  /** Whether there is another byte. */
  async function more(): Promise<boolean> {
    while (piece.length === 0) {
      const next = await pieces.next();
      if (next.done) return false;
      piece = next.value;
    }
    return true;
  }
  async function* pass(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0; ) {
      if (!(await more())) throw new Unreadable('SLU-3021', `byte ${at}: the zstd data is cut off`);
      const part = piece.subarray(0, left);
      piece = piece.subarray(part.length);
      left -= part.length;
      at += part.length;
      yield part;
    }
  }
  async function take(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of pass(count)) parts.push(part);
    return Buffer.concat(parts);
  }
  return { more, pass, take, at: () => at };
}
