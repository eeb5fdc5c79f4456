import { defineTable } from '../../../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../../../core/model/tenant.ts';

/** A tenant of the tests that sends everything in every format. */

const things = defineFeed({
  name: 'things',
  description: 'things, one file as good as the other',
  formats: [
    { format: 'csv', delimiter: ';', rename: { 'Thing No.': 'id' } },
    { format: 'csv', extensions: ['.list'], columns: ['id', 'amount'] },
    'tsv',
    'ndjson',
    { format: 'json', path: ['result', 'things'] },
    { format: 'xml', record: 'thing' },
    'parquet',
  ],
  table: defineTable({ name: 'things', columns: { id: 'text', amount: 'decimal' }, partitionKey: ['id'] }),
  transform: (fields) => ({ id: fields.text('id'), amount: fields.decimal('amount') }),
});

const logs = defineFeed({
  name: 'logs',
  description: 'lines of text',
  formats: ['lines'],
  table: defineTable({
    name: 'lines',
    columns: { file: 'text', at: 'int', text: 'text' },
    partitionKey: ['file', 'at'],
  }),
  transform: (fields, { origin, position }) => ({
    file: origin.slice(origin.lastIndexOf('/') + 1),
    at: Number(position),
    text: fields.optionalText('line'),
  }),
});

export default defineTenant({
  id: 'shapes',
  name: 'Shapes',
  contact: 'tests@shapes.example',
  limits: { maxFileBytes: 1_000_000, maxFileRows: 1000, maxMessageBytes: 1000 },
  stream: { shards: 1, retentionHours: 24, feed: 'things' },
  feeds: [things, logs],
});
