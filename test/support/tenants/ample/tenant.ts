import { caps } from '../../../../core/model/caps.ts';
import { defineTable } from '../../../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../../../core/model/tenant.ts';

/** A tenant of the tests that sends large files, which wait for a day that is far away: only their upload is of interest. */
export default defineTenant({
  id: 'ample',
  name: 'Ample',
  contact: 'tests@ample.example',
  limits: { maxFileBytes: caps.maxFileBytes, maxFileRows: caps.maxFileRows, maxMessageBytes: 1000 },
  stream: { shards: 1, retentionHours: 24, feed: 'bulk' },
  feeds: [
    defineFeed({
      name: 'bulk',
      description: 'whatever is large',
      formats: ['csv'],
      table: defineTable({ name: 'bulk', columns: { id: 'text' }, partitionKey: ['id'] }),
      hours: { cron: '0 0 29 2 *', minutes: 1 },
      transform: (fields) => ({ id: fields.text('id') }),
    }),
  ],
});
