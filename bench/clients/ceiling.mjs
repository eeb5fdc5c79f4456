import { readFileSync } from 'node:fs';
import { castsOf, connect, insertInto, partitionOf } from './driver.mjs';

/**
 * What the driver can do when nothing else is to be done: all rows are in memory before the first is written. `ceiling.mjs <port> <table> <file>
 * single|batched`: rows one by one, 256 on their way, or unlogged batches of at most 30 rows of one partition, 48 on their way.
 */
const [port, table, file, how] = process.argv.slice(2);
const BATCH_ROWS = 30;
const IN_FLIGHT = { single: 256, batched: 48 }[how];

const casts = castsOf(table);
const lines = readFileSync(file, 'utf8').split('\n');
const rows = lines
  .slice(1, lines.at(-1) === '' ? -1 : undefined)
  .map((line) => cellsOf(line).map((cell, index) => casts[index](cell)));
const query = insertInto(table);
const client = connect(port);
await client.connect();
const began = performance.now();

if (how === 'single') {
  await inParallel(rows, (row) => client.execute(query, row));
} else {
  await inParallel(batchesOf(rows), (batch) =>
    client.batch(
      batch.map((params) => ({ query, params })),
      { logged: false },
    ),
  );
}
console.log(JSON.stringify({ writeSeconds: (performance.now() - began) / 1000 }));
await client.shutdown();

async function inParallel(items, work) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

function batchesOf(rows) {
  const open = new Map();
  const batches = [];
  for (const row of rows) {
    const key = partitionOf(row);
    let batch = open.get(key);
    if (batch === undefined || batch.length === BATCH_ROWS) {
      batch = [];
      open.set(key, batch);
      batches.push(batch);
    }
    batch.push(row);
  }
  return batches;
}

/** No cell of the benchmark's files goes over the end of a line. */
function cellsOf(line) {
  if (!line.includes('"')) return line.split(',');
  return line
    .match(/("([^"]|"")*"|[^,]*)(?:,|$)/g)
    .slice(0, castsOf(table).length)
    .map(unquoted);
}

function unquoted(match) {
  const cell = match.endsWith(',') ? match.slice(0, -1) : match;
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}
