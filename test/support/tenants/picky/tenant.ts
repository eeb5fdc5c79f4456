import { minRows, range, unique } from '../../../../core/model/quality.ts';
import { defineTable } from '../../../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../../../core/model/tenant.ts';

/** A tenant of the tests that wants a lot of its data. */

const columns = { id: 'text', size: 'int', rest: { map: ['text', 'text'] } } as const;
const table = (name: string) => defineTable({ name, columns, partitionKey: ['id'] });

const loose = defineFeed({
  name: 'loose',
  description: 'bad records are rejected, odd ones counted',
  formats: ['csv', 'ndjson'],
  table: table('loose'),
  contract: { required: ['id'], optional: ['size'], unknown: { rescue: 'rest' } },
  quality: [
    { ...range('size', { max: 10 }, 'warn'), name: 'odd' },
    { ...range('size', { max: 100 }, 'reject'), name: 'huge' },
  ],
  transform: (fields) => ({ id: fields.text('id'), size: fields.optionalInteger('size') }),
});

export default defineTenant({
  id: 'picky',
  name: 'Picky',
  contact: 'tests@picky.example',
  limits: { maxFileBytes: 10_000_000, maxFileRows: 300_000, maxMessageBytes: 1000 },
  stream: { shards: 1, retentionHours: 24, feed: 'loose' },
  feeds: [
    loose,
    { ...loose, name: 'strict', description: 'all is right, or nothing', errors: 'skip-file', table: table('strict') },
    {
      ...loose,
      name: 'few',
      description: 'one bad record in four',
      errors: { threshold: { share: 0.25 } },
      table: table('few'),
    },
    {
      ...loose,
      name: 'keyed',
      description: 'each key once, and enough of them',
      quality: [unique(), minRows(2)],
      table: table('keyed'),
    },
  ],
});
