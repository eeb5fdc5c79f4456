import type { Refusal } from '../formats/format.ts';
import { byColumn } from '../model/by-column.ts';
import { caps } from '../model/caps.ts';
import type { ColumnType } from '../model/column-types.ts';
import type { FileFormat } from '../model/formats.ts';
import { defineTable } from '../model/table.ts';
import { defineFeed, defineTenant, type Feed } from '../model/tenant.ts';
import { type Trial, tryFile } from '../pipeline/trial.ts';
import type { StoredObject } from '../ports.ts';
import type { Proposal } from './proposal.ts';

/** Takes a file through the feed that was proposed for it, and stores nothing. */
export function tryProposal(
  proposal: Proposal,
  { stored, format, signal }: { stored: StoredObject; format: FileFormat; signal: AbortSignal },
): Promise<Trial | Refusal> {
  const feed = feedOf(proposal);
  const { maxFileBytes, maxFileRows, maxMessageBytes } = caps;
  const tenant = defineTenant({
    id: 'proposal',
    name: 'Proposal',
    contact: 'nobody',
    limits: { maxFileBytes, maxFileRows, maxMessageBytes },
    stream: { shards: 1, retentionHours: 24, feed: feed.name },
    feeds: [feed],
  });
  return tryFile(tenant, { feed, format }, stored, proposal.file, signal);
}

/** What `sourceOf` writes, as it is when it has been imported. */
function feedOf(proposal: Proposal): Feed {
  const { name, file, settings, table, columns, placeholders } = proposal;
  const kept = columns.filter(({ type }) => type !== null);
  const defined = defineTable({
    name: table,
    columns: Object.fromEntries(kept.map(({ column, type }) => [column, type as ColumnType])),
    partitionKey: proposal.partitionKey as [string, ...string[]],
    clusteringKey: proposal.clusteringKey,
  });
  const rename = Object.fromEntries(kept.map(({ field, column }) => [column, field]));
  const transform = byColumn(defined, { rename, placeholders });
  return defineFeed({ name, description: file, formats: [settings], table: defined, transform });
}
