import fc from 'fast-check';
import { expect, test } from 'vitest';
import { murmur3, Words } from '../../../core/pipeline/murmur.ts';

/** Little-endian words, with zeros behind the last byte. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(words.buffer).set(bytes);
  return words;
}

function hashOf(bytes: Uint8Array, seed?: number): Uint8Array {
  const hash = new Uint32Array(4);
  murmur3(wordsOf(bytes), bytes.length, hash, seed);
  return new Uint8Array(hash.buffer);
}

test('hashes as the reference does: the verification value of SMHasher (src/main.cpp, "Murmur3C") comes out', () => {
  const key = Uint8Array.from({ length: 256 }, (_, index) => index);
  const hashes = Array.from(key, (length) => hashOf(key.subarray(0, length), 256 - length));
  expect(new DataView(hashOf(Buffer.concat(hashes)).buffer).getUint32(0, true)).toBe(0xb3ece62a);
});

test('words are hashed as the bytes that they are, however many', () => {
  const part = fc.oneof(fc.integer(), fc.string({ unit: fc.constantFrom('a', 'é', '🦥'), maxLength: 400 }));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const words = new Words();
      words.add(1);
      words.clear();
      const bytes = parts.map((each) => {
        if (typeof each === 'number') words.add(each);
        else words.addText(each);
        const text = typeof each === 'number' ? Buffer.alloc(0) : Buffer.from(each, 'utf16le');
        const head = Buffer.alloc(4);
        head.writeInt32LE(typeof each === 'number' ? each : each.length);
        return Buffer.concat([head, text, Buffer.alloc(text.length % 4)]);
      });
      const hash = new Uint32Array(4);
      words.hash(hash);
      expect(new Uint8Array(hash.buffer)).toEqual(hashOf(Buffer.concat(bytes)));
    }),
  );
});
