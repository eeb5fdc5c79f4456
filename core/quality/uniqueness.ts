import { hash, randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FatalError } from '../model/errors.ts';

/** Bytes of a SHA-256, and of a position behind it: files have less than 2^32 records. */
const HASH = 32;
const RECORD = HASH + 4;
/** Runs are sorted by the first byte of the hash, and looked through by it. */
const PARTS = 256;

/** Records whose key one before them has. */
export interface Duplicates {
  readonly count: number;
  /** Some of them, by the position of the record: that of the first one with its key. */
  readonly first: ReadonlyMap<number, number>;
}

/** Records, sorted by parts: part `p` lies between `starts[p]` and `starts[p + 1]`, in bytes. */
interface Run {
  read(into: Buffer, from: number, to: number): Promise<Buffer>;
  close(): Promise<void>;
  readonly starts: Uint32Array;
  /** What is added to the positions of its records. */
  readonly before: number;
  /** Its name in the store; null for one on the function's disk. */
  readonly name: string | null;
}

/** Where keys are kept that must outlive the function. */
export interface KeyStore {
  /** Answers the name by which they are read. */
  put(bytes: Uint8Array): Promise<string>;
  /** Fills the bytes from `start` on. */
  read(name: string, into: Uint8Array, start: number): Promise<void>;
}

/** The runs in a store, in the order of their records, and where their parts begin. */
export type UniquenessState = readonly (readonly [name: string, starts: readonly number[]])[];

/**
 * Finds keys that come twice, exactly, among any number of keys. A key counts as its SHA-256: no two different texts with one are known. What does not fit
 * into memory is spilled in sorted runs, 36 bytes for a key; then a 256th part of all is looked through at a time. On disk the files have no name while
 * they are used, so that nothing is left of them even after a crash; in a store they stay for whoever goes on.
 */
export class Uniqueness {
  readonly #staged: Buffer;
  readonly #sorted: Buffer;
  readonly #folder: string;
  readonly #store: KeyStore | undefined;
  readonly #runs: Run[] = [];
  #used = 0;

  /** Bytes of `memory` are used twice, for staging and for sorting; 8 MiB hold 233,000 keys. */
  constructor({
    memory = 8 * 1024 * 1024,
    folder = tmpdir(),
    store,
  }: { memory?: number; folder?: string; store?: KeyStore | undefined } = {}) {
    // Of its own, not of a pool that others write into.
    this.#staged = Buffer.allocUnsafeSlow(Math.max(1, Math.floor(memory / RECORD)) * RECORD);
    this.#sorted = Buffer.allocUnsafeSlow(this.#staged.length);
    this.#folder = folder;
    this.#store = store;
  }

  async add(keys: Iterable<readonly [key: string, position: number]>): Promise<void> {
    for (const [key, position] of keys) {
      if (this.#used === this.#staged.length) await this.#spill();
      this.#staged.write(hash('sha256', key, 'binary'), this.#used, 'latin1');
      this.#staged.writeUInt32LE(position, this.#used + HASH);
      this.#used += RECORD;
    }
  }

  /** Puts all keys into the store, and tells where they are. */
  async state(): Promise<UniquenessState> {
    if (this.#used > 0) await this.#spill();
    return this.#runs.map(({ name, starts }) => [name as string, [...starts]]);
  }

  /** Adds the keys of a later part of the file, whose positions count from the one given. */
  merge(state: UniquenessState, before: number): void {
    const store = this.#store as KeyStore;
    for (const [name, starts] of state) this.#runs.push(storedRun(store, name, Uint32Array.from(starts), before));
  }

  /** What came twice, whichever came later; at most so many are named. `beat` is called now and then. */
  async duplicates(most: number, beat: () => Promise<void>): Promise<Duplicates> {
    const rest = this.#sort();
    const first = new Map<number, number>();
    let count = 0;
    for (let part = 0; part < PARTS; part++) {
      const met = new Map<string, number>();
      const look = (records: Buffer, offset: number) => {
        for (let at = 0; at < records.length; at += RECORD) {
          const key = records.toString('latin1', at, at + HASH);
          const position = records.readUInt32LE(at + HASH) + offset;
          const before = met.get(key);
          if (before === undefined) met.set(key, position);
          else {
            count++;
            if (first.size < most) first.set(position, before);
          }
        }
      };
      // What was staged is sorted by now: its place is free for what is read.
      for (const run of this.#runs) look(await run.read(this.#staged, ...boundsOf(run.starts, part)), run.before);
      look(this.#sorted.subarray(...boundsOf(rest, part)), 0);
      await beat();
    }
    return { count, first };
  }

  async close(): Promise<void> {
    for (const run of this.#runs.splice(0)) await run.close();
  }

  async #spill(): Promise<void> {
    const starts = this.#sort();
    const records = this.#sorted.subarray(0, this.#used);
    const store = this.#store;
    this.#runs.push(
      store ? storedRun(store, await store.put(records), starts, 0) : await runOnDisk(this.#folder, records, starts),
    );
    this.#used = 0;
  }

  /** A counting sort, which keeps the order of records inside of a part; answers where the parts begin. */
  #sort(): Uint32Array {
    const starts = new Uint32Array(PARTS + 1);
    const add = (part: number, bytes: number) => {
      starts[part] = (starts[part] as number) + bytes;
    };
    for (let at = 0; at < this.#used; at += RECORD) add((this.#staged[at] as number) + 1, RECORD);
    for (let part = 0; part < PARTS; part++) add(part + 1, starts[part] as number);
    const next = starts.slice();
    for (let at = 0; at < this.#used; at += RECORD) {
      const part = this.#staged[at] as number;
      this.#staged.copy(this.#sorted, next[part] as number, at, at + RECORD);
      next[part] = (next[part] as number) + RECORD;
    }
    return starts;
  }
}

async function runOnDisk(folder: string, records: Uint8Array, starts: Uint32Array): Promise<Run> {
  const path = join(folder, `sluice-keys-${randomUUID()}`);
  const file = await onDisk(() => open(path, 'wx+', 0o600));
  await onDisk(async () => {
    await unlink(path);
    await file.writeFile(records);
  });
  return {
    read: (into, from, to) => readPart(file, into, from, to),
    close: () => file.close(),
    starts,
    before: 0,
    name: null,
  };
}

const storedRun = (store: KeyStore, name: string, starts: Uint32Array, before: number): Run => ({
  read: async (into, from, to) => {
    const records = into.subarray(0, to - from);
    if (records.length > 0) await store.read(name, records, from);
    return records;
  },
  close: async () => {},
  starts,
  before,
  name,
});

const boundsOf = (starts: Uint32Array, part: number) => [starts[part] as number, starts[part + 1] as number] as const;

async function readPart(file: FileHandle, into: Buffer, from: number, to: number): Promise<Buffer> {
  let at = 0;
  while (at < to - from) {
    const { bytesRead } = await onDisk(() => file.read(into, at, to - from - at, from + at));
    if (bytesRead === 0) throw new FatalError('SLU-5004', 'keys that were kept on the function’s disk are gone');
    at += bytesRead;
  }
  return into.subarray(0, at);
}

/** A function whose disk is full or broken needs a person. */
async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new FatalError('SLU-5004', `keys cannot be kept on the function's disk: ${(error as Error).message}`);
  }
}
