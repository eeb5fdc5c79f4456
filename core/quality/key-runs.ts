import { compareHashes, positionAt, prefixAt, RECORD } from './key-records.ts';
import type { KeyStore } from './key-store.ts';

/** Records in the order of their hashes and positions, in one or several pieces of a store; as JSON it goes into the state of a run. */
export interface KeyRun {
  readonly pieces: readonly { readonly name: string; readonly records: number }[];
  /** What is to be added to its positions. */
  readonly before: number;
}

export const recordsIn = ({ pieces }: KeyRun): number => pieces.reduce((sum, { records }) => sum + records, 0);

/** The place of one run in a merge. */
class Cursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  prefix = 0;
  position = 0;
  readonly #run: KeyRun;
  readonly #store: KeyStore;
  readonly #most: number;
  #piece = 0;
  #asked = 0;
  #next: Promise<Buffer> | null;

  constructor(run: KeyRun, store: KeyStore, most: number) {
    this.#run = run;
    this.#store = store;
    this.#most = most;
    this.#next = this.#ask();
  }

  /** False at the end of what is in memory. */
  step(): boolean {
    this.at += RECORD;
    if (this.at >= this.bytes.length) return false;
    this.#look();
    return true;
  }

  /** False at the end of the run. */
  async fill(): Promise<boolean> {
    if (!this.#next) return false;
    this.bytes = await this.#next;
    this.at = 0;
    this.#look();
    this.#next = this.#ask();
    return true;
  }

  isBefore(other: Cursor): boolean {
    if (this.prefix !== other.prefix) return this.prefix < other.prefix;
    const order = compareHashes(this.bytes, this.at, other.bytes, other.at);
    return order === 0 ? this.position < other.position : order < 0;
  }

  /** What comes next is read while what is there is gone through; null at the end. */
  #ask(): Promise<Buffer> | null {
    let piece = this.#run.pieces[this.#piece];
    if (piece && this.#asked === piece.records * RECORD) {
      piece = this.#run.pieces[++this.#piece];
      this.#asked = 0;
    }
    if (!piece) return null;
    const start = this.#asked;
    this.#asked = Math.min(start + this.#most, piece.records * RECORD);
    const into = Buffer.allocUnsafeSlow(this.#asked - start);
    const bytes = this.#store.read(piece.name, into, start).then(() => into);
    // A failure is thrown when it is waited for; until then nobody listens.
    bytes.catch(() => {});
    return bytes;
  }

  #look(): void {
    this.prefix = prefixAt(this.bytes, this.at);
    this.position = positionAt(this.bytes, this.at) + this.#run.before;
  }
}

/**
 * Visits the records of several runs in the order of their hashes and, of one hash, of their positions in the file; a visit that answers a promise is
 * waited for. What is read of them takes so many bytes of memory, half of it for what comes next. `beat` is called with each read.
 */
export async function mergeRuns(
  runs: readonly KeyRun[],
  store: KeyStore,
  memory: number,
  visit: (records: Buffer, at: number, position: number) => Promise<void> | undefined,
  beat: () => Promise<void>,
): Promise<void> {
  const most = Math.max(1, Math.floor(memory / 2 / runs.length / RECORD)) * RECORD;
  const heap: Cursor[] = [];
  for (const run of runs) {
    const cursor = new Cursor(run, store, most);
    if (await cursor.fill()) heap.push(cursor);
    await beat();
  }
  for (let at = heap.length >> 1; at >= 0; at--) sink(heap, at);
  for (let first = heap[0]; first; first = heap[0]) {
    const busy = visit(first.bytes, first.at, first.position);
    if (busy) await busy;
    if (!first.step()) {
      await beat();
      if (!(await first.fill())) {
        const last = heap.pop() as Cursor;
        if (last !== first) heap[0] = last;
      }
    }
    sink(heap, 0);
  }
}

/** Mends a heap, of which each is before the two below it, from a place whose cursor may be too high. */
function sink(heap: Cursor[], from: number): void {
  const cursor = heap[from];
  if (!cursor) return;
  let at = from;
  for (;;) {
    let below = 2 * at + 1;
    let next = heap[below];
    if (!next) break;
    const other = heap[below + 1];
    if (other?.isBefore(next)) {
      next = other;
      below++;
    }
    if (cursor.isBefore(next)) break;
    heap[at] = next;
    at = below;
  }
  heap[at] = cursor;
}
