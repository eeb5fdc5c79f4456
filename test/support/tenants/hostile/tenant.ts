import { defineTable } from '../../../../core/model/table.ts';
import { defineTenant, type Feed } from '../../../../core/model/tenant.ts';

/** A tenant of the tests whose transform does what its records tell it, however bad; TypeScript would refuse it. */

const table = defineTable({ name: 'things', columns: { id: 'text', size: 'int' }, partitionKey: ['id'] });

const forever = (): never => {
  for (;;);
};

const deeds: Readonly<Record<string, (row: { id: string }) => unknown>> = {
  good: (row) => row,
  drop: () => null,
  throw: () => {
    throw new Error('no such thing');
  },
  'throw nothing': () => {
    throw undefined;
  },
  'throw what has no text': () => {
    throw Object.create(null);
  },
  recurse: function recurse(row): unknown {
    return [recurse(row)];
  },
  undefined: () => undefined,
  number: () => 7,
  nested: (row) => [[row]],
  promise: async (row) => row,
  'failing promise': async () => {
    throw new Error('nobody listens');
  },
  'no key': () => ({ size: 1 }),
  'unknown column': (row) => ({ ...row, colour: 'red' }),
  'wrong type': (row) => ({ ...row, size: 'large' }),
  loop: forever,
  backtrack: () => /^(a|a)+$/.test(`${'a'.repeat(60)}b`),
};

const things = {
  name: 'things',
  description: 'records that say what the transform is to do',
  formats: ['csv'],
  table,
  transform: (fields) => deeds[fields.text('do')]?.({ id: fields.text('id') }),
} as Feed;

export default defineTenant({
  id: 'hostile',
  name: 'Hostile transforms',
  contact: 'nobody@hostile.example',
  limits: { maxFileBytes: 1_000_000, maxFileRows: 10_000, maxMessageBytes: 10_000 },
  stream: { shards: 1, retentionHours: 24, feed: 'things' },
  feeds: [things],
});
