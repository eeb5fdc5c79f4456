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

const clock = new Int32Array(new SharedArrayBuffer(4));

/** Flights whose transform waits for a tenth of a millisecond with each, so that something can happen while a file is loaded. */
const slow = defineFeed({
  ...flights,
  name: 'slow',
  description: 'Real flights, slowly',
  table: { ...flights.table, name: 'slow_flights' },
  transform(fields, about) {
    Atomics.wait(clock, 0, 0, 0.1);
    return flights.transform.call(this, fields, about);
  },
});

/** A tenant of the tests with large files: real flights, fast and slowly, and notes of a kilobyte each. */
export default defineTenant({
  id: 'bulky',
  name: 'Bulky',
  contact: 'tests@bulky.example',
  limits: { maxFileBytes: 1_000_000_000, maxFileRows: 10_000_000, maxMessageBytes: 10_000 },
  stream: { shards: 1, retentionHours: 24, feed: 'flights' },
  feeds: [
    flights,
    slow,
    defineFeed({ name: 'notes', description: 'Long notes', formats: ['ndjson'], table, transform: byColumn(table) }),
  ],
});
