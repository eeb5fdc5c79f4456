import { compareHashes, copyRecord, positionAt, RECORD, sortRecords, writeRecord } from './key-records.ts';
import { type KeyRun, mergeRuns, recordsIn } from './key-runs.ts';
import { type KeyStore, keysOnDisk } from './key-store.ts';

/** Runs that are merged at a time. */
const FAN_IN = 64;
/** Bytes that are taken at first; a multiple of a record's. */
const FIRST = 1024 * RECORD;
/** Runs of less than this share of the memory are merged as soon as there are that many, which takes a few seconds: so often may the state be asked for. */
const SMALL = 1 / 8;

/** Records whose key one before them has. */
export interface Duplicates {
  readonly count: number;
  /** The first ones of them, by position: that of the first one with its key. */
  readonly first: ReadonlyMap<number, number>;
}

/** Where keys lie in a store, as JSON. */
export type UniquenessState = readonly KeyRun[];

/**
 * Finds keys that come twice, exactly, among any number of keys, in a memory that does not grow with them. A key counts as its SHA-256: no two different texts with
 * one are known. What does not fit into memory goes into a store in sorted runs, 38 bytes for a key, which are merged; so the answer does not hang on the
 * order in which keys came, nor on how they were cut into parts.
 */
export class Uniqueness {
  /** Both grow to `#memory` as they are needed; of their own, not of a pool that others write into. */
  #staged: Buffer;
  #sorted = Buffer.alloc(0);
  readonly #memory: number;
  readonly #store: KeyStore;
  readonly #close: () => Promise<void>;
  #runs: KeyRun[] = [];
  #used = 0;

  /** Bytes of `memory` are used twice, for staging and for sorting; 8 MiB hold 220,000 keys. Without a store keys lie on the function's disk. */
  constructor({ memory = 8 * 1024 * 1024, store }: { memory?: number; store?: KeyStore | undefined } = {}) {
    this.#memory = Math.max(1, Math.floor(memory / RECORD)) * RECORD;
    this.#staged = Buffer.allocUnsafeSlow(Math.min(FIRST, this.#memory));
    const disk = store ? null : keysOnDisk();
    this.#store = store ?? (disk as KeyStore);
    this.#close = async () => disk?.close();
  }

  async add(keys: Iterable<readonly [key: string, position: number]>): Promise<void> {
    for (const [key, position] of keys) {
      if (this.#used === this.#memory) await this.#spill();
      if (this.#used === this.#staged.length) {
        this.#staged = grown(this.#staged, Math.min(2 * this.#used, this.#memory));
      }
      writeRecord(this.#staged, this.#used, key, position);
      this.#used += RECORD;
    }
  }

  /** Puts all keys into the store, and tells where they are. */
  async state(): Promise<UniquenessState> {
    await this.#spill();
    return [...this.#runs];
  }

  /** Adds keys that lie in the same store; their positions count from the one given. */
  merge(state: UniquenessState, before: number): void {
    for (const run of state) this.#runs.push({ ...run, before: run.before + before });
  }

  /** What came twice, whichever came later; at most so many are named. `beat` is called now and then. */
  async duplicates(most: number, beat: () => Promise<void>): Promise<Duplicates> {
    const found = new Found(most);
    if (this.#runs.length === 0) {
      const records = this.#sort();
      for (let at = 0; at < records.length; at += RECORD) found.see(records, at, positionAt(records, at));
      await beat();
      return found.all();
    }
    await this.#spill();
    for (let over = this.#runs.length - FAN_IN; over > 0; over = this.#runs.length - FAN_IN) {
      const bySize = this.#runs.toSorted((a, b) => recordsIn(a) - recordsIn(b));
      await this.#merge(bySize.slice(0, Math.min(FAN_IN, over + 1)), beat);
    }
    const see = (records: Buffer, at: number, position: number): undefined => found.see(records, at, position);
    await mergeRuns(this.#runs, this.#store, this.#memory, see, beat);
    return found.all();
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #spill(): Promise<void> {
    if (this.#used === 0) return;
    const piece = await this.#put(this.#sort());
    this.#used = 0;
    this.#runs.push({ pieces: [piece], before: 0 });
    const small = this.#runs.filter((run) => recordsIn(run) * RECORD < SMALL * this.#memory);
    if (small.length >= FAN_IN) await this.#merge(small, async () => {});
  }

  /** Puts one run into the place of several; nothing is staged then. */
  async #merge(runs: readonly KeyRun[], beat: () => Promise<void>): Promise<void> {
    if (this.#sorted.length < this.#memory) this.#sorted = Buffer.allocUnsafeSlow(this.#memory);
    const pieces: KeyRun['pieces'][number][] = [];
    let used = 0;
    const put = async () => {
      pieces.push(await this.#put(this.#sorted.subarray(0, used)));
      used = 0;
    };
    const write = (records: Buffer, at: number, position: number): Promise<void> | undefined => {
      copyRecord(records, at, this.#sorted, used, position);
      used += RECORD;
      return used === this.#sorted.length ? put() : undefined;
    };
    await mergeRuns(runs, this.#store, this.#memory, write, beat);
    if (used > 0) await put();
    const merged = new Set(runs);
    this.#runs = [...this.#runs.filter((run) => !merged.has(run)), { pieces, before: 0 }];
  }

  async #put(records: Buffer) {
    return { name: await this.#store.put(records), records: records.length / RECORD };
  }

  #sort(): Buffer {
    if (this.#sorted.length < this.#used) this.#sorted = Buffer.allocUnsafeSlow(this.#staged.length);
    return sortRecords(this.#staged.subarray(0, this.#used), this.#sorted);
  }
}

function grown(buffer: Buffer, length: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(length);
  buffer.copy(larger);
  return larger;
}

/** Sees records in the order of their keys and positions. */
class Found {
  readonly #most: number;
  #count = 0;
  #first = new Map<number, number>();
  /** Beyond this position enough are named. */
  #last = Number.POSITIVE_INFINITY;
  #records: Buffer | null = null;
  #at = 0;
  #position = 0;

  constructor(most: number) {
    this.#most = most;
  }

  see(records: Buffer, at: number, position: number): undefined {
    if (!this.#records || compareHashes(this.#records, this.#at, records, at) !== 0) {
      [this.#records, this.#at, this.#position] = [records, at, position];
      return;
    }
    this.#count++;
    if (position > this.#last) return;
    this.#first.set(position, Math.min(this.#position, this.#first.get(position) ?? this.#position));
    if (this.#first.size >= 2 * this.#most + 1) this.#forget();
  }

  all(): Duplicates {
    this.#forget();
    return { count: this.#count, first: this.#first };
  }

  #forget(): void {
    this.#first = new Map([...this.#first].sort(([a], [b]) => a - b).slice(0, this.#most));
    if (this.#first.size === this.#most) this.#last = [...this.#first.keys()].at(-1) ?? -1;
  }
}
