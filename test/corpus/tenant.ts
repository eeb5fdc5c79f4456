import { serialize } from 'node:v8';
import { defineTable } from '../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../core/model/tenant.ts';

/** Keeps each record exactly as it was read, under its position. */
const verbatim = defineFeed({
  name: 'verbatim',
  description: 'any records, kept as they were read',
  formats: ['csv', 'ndjson'],
  table: defineTable({ name: 'verbatim', columns: { position: 'int', record: 'blob' }, partitionKey: ['position'] }),
  transform: ({ values }, { position }) => ({ position: Number(position), record: serialize(values) }),
});

/** Knows what it wants: a number, a name, an amount. */
const people = defineFeed({
  name: 'people',
  description: 'people, with an amount',
  formats: ['csv'],
  table: defineTable({
    name: 'people',
    columns: { id: 'int', name: 'text', amount: 'int' },
    partitionKey: ['id'],
  }),
  transform: (fields) => ({ id: fields.integer('id'), name: fields.text('name'), amount: fields.integer('amount') }),
});

export const corpusTenant = defineTenant({
  id: 'corpus',
  name: 'Corpus of bad files',
  contact: 'corpus@corpus.example',
  limits: { maxFileBytes: 20_000_000, maxFileRows: 50_000, maxMessageBytes: 10_000 },
  stream: { shards: 1, retentionHours: 24, feed: 'verbatim' },
  feeds: [verbatim, people],
});
