import { defineTable } from '../../../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../../../core/model/tenant.ts';

/** A tenant of the tests whose shards are full with few messages, and whose manager does not wait for long. */

const table = defineTable({ name: 'items', columns: { id: 'text', size: 'int' }, partitionKey: ['id'] });

const items = defineFeed({
  name: 'items',
  description: 'things of the tests',
  formats: ['ndjson'],
  table,
  transform: (fields) => ({ id: fields.text('id'), size: fields.integer('size') }),
});

export default defineTenant({
  id: 'bursting',
  name: 'Bursting',
  contact: 'tests@bursting.example',
  limits: { maxFileBytes: 100_000, maxFileRows: 500, maxMessageBytes: 1000 },
  stream: {
    shards: 1,
    retentionHours: 24,
    feed: 'items',
    thresholds: { messagesPerShard: 500 },
    scaling: { maxShards: 2, raiseAfter: 1, lowerAfter: 60, coolDownMinutes: 1 },
  },
  feeds: [items],
});
