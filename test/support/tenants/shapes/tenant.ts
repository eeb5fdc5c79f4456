import { byColumn } from '../../../../core/model/by-column.ts';
import { defineType } from '../../../../core/model/column-types.ts';
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

const place = defineType({ name: 'place', fields: { name: 'text', at: { list: 'double' } } });
const visitsTable = defineTable({
  name: 'visits',
  columns: {
    id: 'text',
    address: 'inet',
    length: 'duration',
    cost: 'decimal',
    tags: { set: 'text' },
    prices: { map: ['text', 'decimal'] },
    home: place,
  },
  partitionKey: ['id'],
  clusteringKey: ['address'],
});

const visits = defineFeed({
  name: 'visits',
  description: 'values of types that have parts, without code',
  formats: ['csv', 'ndjson'],
  table: visitsTable,
  transform: byColumn(visitsTable, { rename: { address: 'from' } }),
});

export default defineTenant({
  id: 'shapes',
  name: 'Shapes',
  contact: 'tests@shapes.example',
  limits: { maxFileBytes: 1_000_000, maxFileRows: 1000, maxMessageBytes: 1000 },
  stream: { shards: 1, retentionHours: 24, feed: 'things' },
  feeds: [things, logs, visits],
});
