/** How files are worked on that are too large for one attempt; a platform may choose other figures (docs/aws.md). */
export const largeFiles = Object.freeze({
  /** Bytes from which on a file is taken in parts, which costs some ten conditional writes more; what is smaller is loaded within a minute by any function. */
  fromBytes: 16 * 1024 * 1024,
  /** Bytes of a part, about: half a minute to a minute of a function's work at 20,000 to 60,000 records a second of some 40 bytes (docs/throughput.md). */
  partBytes: 64 * 1024 * 1024,
  /** Parts that are worked on at one time: two fewer than functions may work on the queue (infra/object-ingest.ts), so that small files need not wait behind large ones. */
  workers: 8,
  /** Seconds after which a function lets others have their turn. */
  sliceSeconds: 60,
});

export type LargeFileFigures = { readonly [name in keyof typeof largeFiles]: number };
