import { serialize } from 'node:v8';
import { byColumn } from '../../core/model/by-column.ts';
import type { Format, FormatSettings } from '../../core/model/formats.ts';
import { defineTable } from '../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../core/model/tenant.ts';

const records = defineTable({
  name: 'records',
  columns: { position: 'int', record: 'blob' },
  partitionKey: ['position'],
});

/** A feed that keeps each record exactly as it was read, under its position. */
const keeping = (name: string, ...formats: (Format | FormatSettings)[]) =>
  defineFeed({
    name,
    description: 'any records, kept as they were read',
    formats,
    table: records,
    transform: ({ values }, { position }) => ({ position: Number(position), record: serialize(values) }),
  });

/** Knows what it wants: a number, a name, an amount. */
const people = defineFeed({
  name: 'people',
  description: 'people, with an amount',
  formats: ['csv', 'tsv'],
  table: defineTable({
    name: 'people',
    columns: { id: 'int', name: 'text', amount: 'int' },
    partitionKey: ['id'],
  }),
  transform: (fields) => ({ id: fields.integer('id'), name: fields.text('name'), amount: fields.integer('amount') }),
});

/** A column of every type, of which a file has one or two. */
const values = defineTable({
  name: 'values',
  columns: {
    id: 'text',
    ...{ text: 'text', int: 'int', smallint: 'smallint', tinyint: 'tinyint', bigint: 'bigint', varint: 'varint' },
    ...{
      float: 'float',
      double: 'double',
      decimal: 'decimal',
      boolean: 'boolean',
      timestamp: 'timestamp',
      date: 'date',
    },
    ...{ time: 'time', duration: 'duration', uuid: 'uuid', timeuuid: 'timeuuid', inet: 'inet', blob: 'blob' },
    list: { list: 'int' },
    set: { set: 'text' },
    map: { map: ['text', 'int'] },
  },
  partitionKey: ['id'],
});

const typed = defineFeed({
  name: 'typed',
  description: 'values of all types, read by their columns',
  formats: ['csv', 'ndjson'],
  table: values,
  transform: byColumn(values),
});

const columns = ['id', 'name', 'amount'];

export const corpusTenant = defineTenant({
  id: 'corpus',
  name: 'Corpus of bad files',
  contact: 'corpus@corpus.example',
  limits: { maxFileBytes: 20_000_000, maxFileRows: 50_000, maxMessageBytes: 10_000 },
  stream: { shards: 1, retentionHours: 24, feed: 'verbatim' },
  feeds: [
    keeping('verbatim', 'csv', 'tsv', 'ndjson', 'json', 'parquet', 'xml', 'lines'),
    people,
    typed,
    keeping('semicolons', { format: 'csv', delimiter: ';', escape: '\\' }),
    keeping('headerless', { format: 'csv', columns, multiline: false }),
    keeping('quoteless', { format: 'csv', delimiter: '||', quote: null }),
    keeping('wrapped', { format: 'json', path: ['result', 'rows'] }),
    keeping('entries', { format: 'xml', record: 'entry', attributes: '@', lists: ['tag'] }),
    keeping('renamed', { format: 'csv', rename: { Id: 'id', 'Full Name': 'name' } }),
  ],
});
