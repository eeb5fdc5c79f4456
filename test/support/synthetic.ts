import { byColumn } from '../../core/model/by-column.ts';
import { defineTable } from '../../core/model/table.ts';
import { defineFeed } from '../../core/model/tenant.ts';
import type { StoredObject } from '../../core/ports.ts';
import { BUCKET } from './world.ts';

const table = defineTable({
  name: 'notes',
  columns: { topic: 'text', number: 'int', note: 'text' },
  partitionKey: ['topic'],
  clusteringKey: ['number'],
});

/** Bytes of a record, its line end included: each is as long as the others, so that any range of the object can be made without what is before it. */
const RECORD = 1000;
const PIECE = 256 * RECORD;

/** An object of NDJSON that is stored nowhere: whoever reads a range of it has it made. `bytes` is a multiple of a record's 1,000. */
export function syntheticNotes(bytes: number) {
  const rows = Math.floor(bytes / RECORD);
  const record = (number: number): string => {
    const start = `{"topic":"t${number % 50}","number":${number},"note":"`;
    return `${start.padEnd(RECORD - 3, 'lorem ipsum dolor ')}"}\n`;
  };
  const stored: StoredObject = {
    size: rows * RECORD,
    lastModified: new Date('2026-01-02T03:04:05Z'),
    async *open(signal, { start, end } = { start: 0, end: rows * RECORD }) {
      for (let at = start; at < end && !signal.aborted; at = Math.min(end, at + PIECE)) {
        const [first, last] = [Math.floor(at / RECORD), Math.ceil(Math.min(end, at + PIECE) / RECORD)];
        let text = '';
        for (let number = first; number < last; number++) text += record(number);
        const offset = at - first * RECORD;
        yield Buffer.from(text).subarray(offset, offset + Math.min(PIECE, end - at));
      }
    },
  };
  const feed = defineFeed({
    name: 'notes',
    description: 'Long notes',
    formats: ['ndjson'],
    table,
    transform: byColumn(table),
  });
  return { object: { bucket: BUCKET, key: 'notes/all.ndjson', versionId: 'v1' }, stored, feed, rows };
}
