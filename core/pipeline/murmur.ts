import { putText, type TextWords, textWords } from '../model/text-words.ts';

/** Bytes to be hashed, as whole words that grow as they must. */
export class Words {
  #words: TextWords = textWords(256);
  #used = 0;

  clear(): void {
    this.#used = 0;
  }

  add(word: number): void {
    if (this.#used === this.#words.words.length) this.#grow(1);
    this.#words.words[this.#used++] = word;
  }

  /** The length of a text, and its UTF-16 units. */
  addText(text: string): void {
    const { length } = text;
    if (this.#used + 1 + length > this.#words.words.length) this.#grow(1 + length);
    this.#words.words[this.#used] = length;
    this.#used = putText(this.#words, this.#used + 1, text);
  }

  #grow(more: number): void {
    const grown = textWords(2 * (this.#used + more));
    grown.words.set(this.#words.words.subarray(0, this.#used));
    this.#words = grown;
  }

  /** Writes their hash into `hash`, lowest word first. */
  hash(hash: Uint32Array): void {
    murmur3(this.#words.words, this.#used * 4, hash);
  }
}

const [C1, C2, C3, C4] = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93];

const rotated = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/**
 * MurmurHash3 for 32-bit machines with a hash of 128 bits, by Austin Appleby, who has placed it in the public domain
 * (MurmurHash3_x86_128 in github.com/aappleby/smhasher). The bytes are little-endian in `words`, with zeros behind the last. Its four words go into `hash`.
 */
export function murmur3(words: Int32Array, bytes: number, hash: Uint32Array, seed = 0): void {
  let a = seed;
  let b = seed;
  let c = seed;
  let d = seed;
  const end = (bytes + 3) >>> 2;
  const blocks = bytes >>> 4;
  let at = 0;
  for (let block = 0; block < blocks; block++, at += 4) {
    a ^= Math.imul(rotated(Math.imul(words[at] as number, C1), 15), C2);
    a = (Math.imul((rotated(a, 19) + b) | 0, 5) + 0x561ccd1b) | 0;
    b ^= Math.imul(rotated(Math.imul(words[at + 1] as number, C2), 16), C3);
    b = (Math.imul((rotated(b, 17) + c) | 0, 5) + 0x0bcaa747) | 0;
    c ^= Math.imul(rotated(Math.imul(words[at + 2] as number, C3), 17), C4);
    c = (Math.imul((rotated(c, 15) + d) | 0, 5) + 0x96cd1c35) | 0;
    d ^= Math.imul(rotated(Math.imul(words[at + 3] as number, C4), 18), C1);
    d = (Math.imul((rotated(d, 13) + a) | 0, 5) + 0x32ac3b17) | 0;
  }
  // A word that is missing is zero, and changes nothing.
  if (at + 3 < end) d ^= Math.imul(rotated(Math.imul(words[at + 3] as number, C4), 18), C1);
  if (at + 2 < end) c ^= Math.imul(rotated(Math.imul(words[at + 2] as number, C3), 17), C4);
  if (at + 1 < end) b ^= Math.imul(rotated(Math.imul(words[at + 1] as number, C2), 16), C3);
  if (at < end) a ^= Math.imul(rotated(Math.imul(words[at] as number, C1), 15), C2);

  a ^= bytes;
  b ^= bytes;
  c ^= bytes;
  d ^= bytes;
  a = (a + b + c + d) | 0;
  b = (b + a) | 0;
  c = (c + a) | 0;
  d = (d + a) | 0;
  a = mixed(a);
  b = mixed(b);
  c = mixed(c);
  d = mixed(d);
  a = (a + b + c + d) | 0;
  hash[0] = a;
  hash[1] = b + a;
  hash[2] = c + a;
  hash[3] = d + a;
}

function mixed(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
