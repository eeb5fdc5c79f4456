import { createReadStream } from 'node:fs';
import cassandra from 'cassandra-driver';
import { parse } from 'csv-parse';
import { castsOf, connect, insertInto } from './driver.mjs';

/** What most would write: a stream of csv-parse into the driver's own `executeConcurrent`. `node-stream.mjs <port> <table> <file>` */
const [port, table, file] = process.argv.slice(2);
const casts = castsOf(table);
const client = connect(port);
const rows = createReadStream(file).pipe(parse({ from_line: 2, cast: (cell, { index }) => casts[index](cell) }));
await cassandra.concurrent.executeConcurrent(client, insertInto(table), rows);
await client.shutdown();
