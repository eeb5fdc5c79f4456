import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ColumnsSeen } from '../../../core/quality/drift.ts';

test('the columns of records that differ are seen in the order in which they come, whatever the record before had', async () => {
  const name = fc.constantFrom('a', 'b', 'c', '1', '0', 'toString', 'x'.repeat(70));
  const record = fc.uniqueArray(name).map((names) => Object.fromEntries(names.map((each) => [each, null])));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(record, { maxLength: 4 })), async (chunks) => {
      const columns = new ColumnsSeen({ among: [{ format: 'ndjson' }], compression: null });
      const items = (records: readonly object[]) =>
        records.map((values) => ({ position: 1, values: { ...values }, raw: '' }));
      const source = (async function* () {
        for (const records of chunks) yield { items: items(records) };
      })();
      for await (const _ of columns.watch(source));
      const names = chunks.flat().flatMap((values) => Object.keys(values));
      expect(columns.state()).toEqual([...new Set(names)].map((each) => each.slice(0, 64)));
    }),
    { numRuns: 300 },
  );
});
