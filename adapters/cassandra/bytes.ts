/** Large enough for some hundred rows, small enough that what is done with is soon given back. */
const SLAB = 64 * 1024;

/** A stretch of bytes that stays as it is. */
export interface Stretch {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes that are written one after another, piece by piece. A piece lies in one slab: when its slab is full it moves to a new one, so places
 * inside of a piece are counted from its start. Slabs are never written again, and go with the last piece that somebody still holds.
 */
export class Bytes {
  buffer = Buffer.alloc(0);
  view = new DataView(this.buffer.buffer, 0, 0);
  private begin = 0;
  private end = 0;

  /** Begins a piece. */
  start(): void {
    this.begin = this.end;
  }

  /** Bytes of the piece so far. */
  get length(): number {
    return this.end - this.begin;
  }

  /** Ends the piece. */
  done(): Stretch {
    return { bytes: this.buffer, start: this.begin, end: this.end };
  }

  /** Adds bytes, to be written by the caller; answers where they begin in the buffer of now. */
  add(count: number): number {
    if (this.end + count > this.buffer.length) this.move(count);
    const at = this.end;
    this.end += count;
    return at;
  }

  /** Gives back what was added beyond a place in the buffer of now. */
  cut(end: number): void {
    this.end = end;
  }

  /** Where a place of the piece is in the buffer of now. */
  at(place: number): number {
    return this.begin + place;
  }

  private move(count: number): void {
    const { length } = this;
    const fresh = Buffer.allocUnsafeSlow(Math.max(SLAB, 2 * (length + count)));
    this.buffer.copy(fresh, 0, this.begin, this.end);
    this.buffer = fresh;
    this.view = new DataView(fresh.buffer, fresh.byteOffset, fresh.length);
    this.begin = 0;
    this.end = length;
  }
}
