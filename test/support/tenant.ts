import { RowError } from '../../core/model/row.ts';
import { defineTable } from '../../core/model/table.ts';
import { defineFeed, defineTenant, type Feed, type Limits, type Tenant } from '../../core/model/tenant.ts';

/** A tenant for tests of the pipeline: its records say themselves what is to become of them. */

export const readingsTable = defineTable({
  name: 'readings',
  columns: { sensor: 'text', at: 'int', value: 'double', note: 'text' },
  partitionKey: ['sensor'],
  clusteringKey: ['at'],
});

/** `do` is `drop`, `reject`, `throw`, or `twice` for two rows; otherwise the record is a row. */
export const readings = defineFeed({
  name: 'readings',
  description: 'what sensors measured',
  formats: ['csv', 'ndjson'],
  table: readingsTable,
  transform(fields) {
    const what = fields.optionalText('do');
    const row = { sensor: fields.text('sensor'), at: fields.integer('at'), value: fields.optionalNumber('value') };
    if (what === 'drop') return null;
    if (what === 'reject') throw new RowError('SLU-2004', 'it wants to be rejected', 'do');
    if (what === 'throw') throw new Error('it wants to throw');
    if (what === 'twice') return [row, { ...row, at: row.at + 1_000_000 }];
    return { ...row, note: what };
  },
});

export const jsonOnly = defineFeed({ ...readings, name: 'events', formats: ['ndjson'] });

export const limits: Limits = { maxFileBytes: 1_000_000, maxFileRows: 50_000, maxMessageBytes: 1000 };

export const tenantOf = (changes: Partial<Limits> = {}, feeds: readonly Feed[] = [readings, jsonOnly]): Tenant =>
  defineTenant({
    id: 'acme',
    name: 'Acme',
    contact: 'ops@acme.example',
    limits: { ...limits, ...changes },
    stream: { shards: 1, retentionHours: 24, feed: 'readings' },
    feeds,
  });
