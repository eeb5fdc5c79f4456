import { defineTable } from '../../../../core/model/table.ts';
import { defineFeed, defineTenant } from '../../../../core/model/tenant.ts';

/** A tenant of the tests whose messages say what is to become of them, and of the function; its quota of messages is small. */

const table = defineTable({ name: 'notes', columns: { id: 'text', value: 'int' }, partitionKey: ['id'] });

const deeds: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(1),
  memory: () => {
    const held: number[][] = [];
    for (;;) held.push(new Array(1_000_000).fill(held.length));
  },
  throw: () => {
    throw new Error('no such thing');
  },
};

const notes = defineFeed({
  name: 'notes',
  description: 'messages that say what the transform is to do',
  formats: ['ndjson'],
  table,
  transform(fields) {
    deeds[fields.optionalText('do') ?? '']?.();
    return { id: fields.text('id'), value: fields.optionalInteger('value') };
  },
});

export const MESSAGES_PER_DAY = 100;

export default defineTenant({
  id: 'mortal',
  name: 'Messages that are too much',
  contact: 'nobody@mortal.example',
  limits: { maxFileBytes: 1_000_000, maxFileRows: 10_000, maxMessageBytes: 100_000, messagesPerDay: MESSAGES_PER_DAY },
  stream: { shards: 1, retentionHours: 24, feed: 'notes', overQuota: 'keep' },
  feeds: [notes, { ...notes, name: 'more' }],
});
