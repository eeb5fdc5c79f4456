import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { dataset, flightMessages } from '../../cli/demo-data.ts';
import { Fields } from '../../core/model/fields.ts';
import { type FieldValues, RowError } from '../../core/model/row.ts';
import { primaryKey } from '../../core/model/table.ts';
import type { Feed } from '../../core/model/tenant.ts';
import airports from '../../tenants/aviation/feeds/airports.ts';
import flights from '../../tenants/aviation/feeds/flights.ts';
import strikes from '../../tenants/wildlife/feeds/strikes.ts';

/** What became of records, and how many rows a table would hold of them. */
function tally(feed: Feed, records: Iterable<FieldValues>) {
  const counts = { loaded: 0, dropped: 0, rejected: 0 };
  const keys = new Set<string>();
  for (const record of records) {
    try {
      const context = { tenant: 'test', feed: feed.name, position: 1, origin: 'test' };
      const row = feed.transform(new Fields(record), context) as FieldValues | null;
      if (row) keys.add(JSON.stringify(primaryKey(feed.table).map((column) => row[column])));
      counts[row ? 'loaded' : 'dropped']++;
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      counts.rejected++;
    }
  }
  return { ...counts, keys: keys.size };
}

const csv = async (name: string): Promise<FieldValues[]> => parse(await readFile(dataset(name)), { columns: true });

async function someFlights(from: number, rows: number) {
  const messages: FieldValues[] = [];
  for await (const { message } of flightMessages({ from, rows })) messages.push({ ...message });
  return messages;
}

test('the first 20,000 flights are loaded but for the shortest hops, each as a row of its own', async () => {
  expect(tally(flights, await someFlights(0, 20_000))).toEqual({
    loaded: 19992,
    dropped: 8,
    rejected: 0,
    keys: 19992,
  });
});

test('one of the three impossible delays of the data set is rejected, and nothing around it', async () => {
  expect(tally(flights, await someFlights(515_370, 20))).toEqual({ loaded: 19, dropped: 0, rejected: 1, keys: 19 });
});

test('of the airports those with an IATA code are loaded', async () => {
  expect(tally(airports, await csv('airports.csv'))).toEqual({ loaded: 2040, dropped: 1336, rejected: 0, keys: 2040 });
});

test('all strikes are loaded but for those on parked aircraft; 23 repeat another word for word and share its row', async () => {
  expect(tally(strikes, await csv('birdstrikes.csv'))).toEqual({ loaded: 9989, dropped: 11, rejected: 0, keys: 9966 });
});
