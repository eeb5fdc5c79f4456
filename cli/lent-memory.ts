export interface Lent {
  /** At least as long as was asked for; what it holds is anything. */
  readonly buffer: Buffer;
  /** To be called once, when nobody reads the buffer any more. */
  giveBack(): void;
}

/** Memory that is used again and again, so that a program takes the same however much goes through it. */
export interface LentMemory {
  /** Waits for so many bytes, behind those that have asked before; more than there are at all is lent when nothing else is. */
  lend(bytes: number): Promise<Lent>;
}

/** At most `all` bytes at a time, in pieces; what is longer than a piece is made for the occasion. */
export function lentMemory(all: number, piece: number): LentMemory {
  let free = all;
  const idle: Buffer[] = [];
  const waiting: { readonly bytes: number; readonly need: number; readonly go: (lent: Lent) => void }[] = [];

  const lendWhatIsThere = () => {
    for (let next = waiting[0]; next && next.need <= free; next = waiting[0]) {
      waiting.shift();
      free -= next.need;
      next.go(lent(next.bytes, next.need));
    }
  };
  const lent = (bytes: number, need: number): Lent => {
    if (bytes > piece) idle.length = 0;
    const buffer = bytes > piece ? Buffer.allocUnsafeSlow(bytes) : (idle.pop() ?? Buffer.allocUnsafeSlow(piece));
    const giveBack = () => {
      if (buffer.length === piece) idle.push(buffer);
      free += need;
      lendWhatIsThere();
    };
    return { buffer, giveBack };
  };
  return {
    lend: (bytes) =>
      new Promise((go) => {
        waiting.push({ bytes, need: Math.min(all, Math.max(piece, bytes)), go });
        lendWhatIsThere();
      }),
  };
}
