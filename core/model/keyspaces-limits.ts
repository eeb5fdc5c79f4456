/**
 * What Amazon Keyspaces takes at most. From its developer guide, pages "Quotas", "Functional differences", "Estimate row size"
 * and "Client-side timestamps", read in late 2026; MB is taken as 2^20 bytes, which the guide leaves open.
 */
export const keyspacesLimits = Object.freeze({
  rowBytes: 1024 * 1024,
  /** Columns in one INSERT or UPDATE, and when it sets a TTL. The guide counts regular columns; we count those of the key too. */
  columns: 225,
  columnsWithTtl: 166,
  partitionKeyBytes: 2048,
  clusteringKeyBytes: 850,
  unloggedBatch: 30,
  loggedBatch: 100,
  inValues: 100,
  /** Levels of frozen collections and types in each other. */
  nesting: 8,
  /** A varint lies between minus and plus this power of ten. */
  varintDigits: 38,
  /** Milliseconds into the past and the future that `USING TIMESTAMP` may reach. */
  writeTimePast: 48 * 3_600_000,
  writeTimeFuture: 5 * 60_000,
});

/**
 * Milliseconds into the past that the platform gives a write time where Keyspaces counts: an hour less than is taken, so that an
 * attempt that begins in time also ends in time.
 */
export const KEYSPACES_WRITE_TIME_REACH = keyspacesLimits.writeTimePast - 3_600_000;
