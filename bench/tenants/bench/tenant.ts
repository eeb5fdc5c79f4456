import { byColumn } from '../../../core/model/by-column.ts';
import { range } from '../../../core/model/quality.ts';
import { defineTable } from '../../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../../core/model/tenant.ts';

/**
 * The tenant of the benchmark. The columns of its files are those of its tables, because the tools beside which it is measured load
 * nothing else; in all the rest it is a tenant like any other: columns are read strictly, and its rules are asked of every record.
 */

/** Clustered keys: one airport's departures of one day lie together. */
const flightsTable = defineTable({
  name: 'flights',
  columns: {
    flight_id: 'text',
    departed_at: 'timestamp',
    day: 'date',
    origin: 'text',
    destination: 'text',
    delay: 'int',
    distance: 'int',
  },
  partitionKey: ['origin', 'day'],
  clusteringKey: ['departed_at', 'flight_id'],
});

/** Spread keys: every row is a partition. */
const commentsTable = defineTable({
  name: 'comments',
  columns: { id: 'text', author: 'text', forum: 'text', created_at: 'timestamp', score: 'int', body: 'text' },
  partitionKey: ['id'],
});

const flights = defineFeed({
  name: 'flights',
  description: 'US domestic flights, as vega-datasets has them',
  formats: ['csv', 'ndjson', 'parquet'],
  table: flightsTable,
  quality: [
    {
      ...range('delay', { max: 720 }, 'warn'),
      name: 'long-delay',
      description: 'nobody arrives more than half a day late',
    },
  ],
  transform: byColumn(flightsTable),
});

const comments = defineFeed({
  name: 'comments',
  description: 'comments as people write them below posts, made up',
  formats: ['csv', 'ndjson'],
  table: commentsTable,
  quality: [
    { ...range('score', { min: -50 }, 'warn'), name: 'hated', description: 'hardly anybody is disliked so much' },
  ],
  transform: byColumn(commentsTable),
});

export default defineTenant({
  id: 'bench',
  name: 'Benchmark',
  contact: 'bench@bench.example',
  // Wide, but there: every file and every batch is held to them.
  limits: {
    maxFileBytes: 10_000_000_000,
    maxFileRows: 100_000_000,
    maxMessageBytes: 100_000,
    filesPerDay: 100_000,
    bytesPerDay: 1_000_000_000_000,
    rowsPerDay: 10_000_000_000,
    filesAtOnce: 100,
    messagesPerDay: 8_640_000_000,
    messageBytesPerDay: 8_640_000_000_000,
    messageBytesPerSecond: 100_000_000,
  },
  stream: { shards: 1, retentionHours: 24, feed: 'flights', batchSize: 10_000 },
  feeds: [flights, comments],
});
