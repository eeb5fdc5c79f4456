/**
 * What no profile may exceed, whatever a tenant has agreed: the platform's own bounds, in this one place. A profile beyond them is
 * invalid (profile.ts), and admission holds to them even so.
 */
export const caps = Object.freeze({
  /** As large as S3 holds an object, where it can be read in parts: 50 TB (AWS, "Amazon S3 increases the maximum object size to 50 TB", December 2025). */
  maxFileBytes: 50_000_000_000_000,
  /** Many times what a file of the size that is tried has; where keys are told apart, positions have room for 2^48 (core/quality/key-records.ts). */
  maxFileRows: 4_000_000_000,
  /**
   * Bytes of a file that is read from its start again by each function that goes on with it: JSON and XML, and whatever is compressed. At 8 MB a second, a quarter of what a whole
   * core does with them (docs/throughput.md), skipping takes half of a function's 15 minutes.
   */
  skippedBytes: 3_000_000_000,
  /** Kinesis takes no larger record. */
  maxMessageBytes: 1_048_576,
  /** Columns of a file. Keyspaces writes 225 at once. */
  columns: 2000,
  /** Objects, lists and elements inside of each other, of one record. */
  nesting: 100,
  /** Bytes that come out of a compressed file; and how many times those that went in, once there are more than `unpackedFreely`. */
  unpackedBytes: 4_000_000_000,
  unpackedRatio: 250,
  unpackedFreely: 16 * 1024 * 1024,
  /** Frames of a zstd file: each costs a decoder of its own. */
  frames: 100_000,
  /** Bytes of a compressed file that must be unpacked as a whole, which only Parquet must. */
  unpackedInMemory: 64 * 1024 * 1024,
  /** Bytes of the metadata of a Parquet file, and of a page of it. */
  footerBytes: 8 * 1024 * 1024,
  pageBytes: 64 * 1024 * 1024,
  /** Bytes in memory of the pages of all columns that are read side by side. */
  heldBytes: 128 * 1024 * 1024,
  filesPerDay: 100_000,
  /** A day holds some of the largest files. */
  bytesPerDay: 1_000_000_000_000_000,
  rowsPerDay: 100_000_000_000,
  filesAtOnce: 100,
  /** What the most shards take: 1,000 messages and 1 MB a second each. */
  messagesPerDay: 8_640_000_000,
  messageBytesPerDay: 8_640_000_000_000,
  messageBytesPerSecond: 100_000_000,
  /** The command judges files one after the other and lists them all. */
  filesPerUpload: 10_000,
  shards: 100,
  /** Each is asked about every record and counted in every run. */
  rulesPerFeed: 50,
  /** Lambda's own limits: batches of a shard at a time, and messages of a batch. */
  parallelBatches: 10,
  batchSize: 10_000,
  /** Kinesis keeps a record for a year at most. */
  retentionHours: 8760,
  /** Cassandra's own limit for a row's time to live: 20 years, in seconds. */
  ttl: 630_720_000,
});
