import { byColumn } from '../../../../core/model/by-column.ts';
import { defineTable } from '../../../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../../../core/model/tenant.ts';
import flights from '../../../../tenants/aviation/feeds/flights.ts';

const table = defineTable({
  name: 'notes',
  columns: { topic: 'text', number: 'int', note: 'text' },
  partitionKey: ['topic'],
  clusteringKey: ['number'],
});

/** A tenant of the tests with large files: real flights, and notes of a kilobyte each. */
export default defineTenant({
  id: 'bulky',
  name: 'Bulky',
  contact: 'tests@bulky.example',
  limits: { maxFileBytes: 1_000_000_000, maxFileRows: 10_000_000, maxMessageBytes: 10_000 },
  stream: { shards: 1, retentionHours: 24, feed: 'flights' },
  feeds: [
    flights,
    defineFeed({ name: 'notes', description: 'Long notes', formats: ['ndjson'], table, transform: byColumn(table) }),
  ],
});
