import { defineTable } from '../../../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../../../core/model/tenant.ts';

/** A tenant of the tests with narrow limits, whose records may take their time. */

const table = defineTable({ name: 'items', columns: { id: 'text', size: 'int' }, partitionKey: ['id'] });

const items = defineFeed({
  name: 'items',
  description: 'things of the tests',
  formats: ['csv'],
  table,
  transform(fields) {
    const end = performance.now() + (fields.optionalInteger('ms') ?? 0);
    while (performance.now() < end);
    return { id: fields.text('id'), size: fields.integer('size') };
  },
});

export default defineTenant({
  id: 'limited',
  name: 'Limited',
  contact: 'tests@limited.example',
  limits: {
    maxFileBytes: 100_000,
    maxFileRows: 500,
    maxMessageBytes: 1000,
    rowsPerDay: 1000,
    filesAtOnce: 2,
    filesPerUpload: 6,
  },
  stream: { shards: 1, retentionHours: 24, feed: 'items' },
  feeds: [
    items,
    { ...items, name: 'once', description: 'the same content is loaded once', sameContent: 'skip' },
    { ...items, name: 'latest', description: 'a new version replaces the old one', overwrite: 'replace' },
    {
      ...items,
      name: 'yearly',
      description: 'loaded on the 29th of February',
      hours: { cron: '0 0 29 2 *', minutes: 1 },
    },
  ],
});
