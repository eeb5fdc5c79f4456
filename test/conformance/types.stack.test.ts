import type { Client } from 'cassandra-driver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRows } from '../../adapters/cassandra/cells.ts';
import { connect } from '../../adapters/cassandra/client.ts';
import { worldError } from '../../adapters/cassandra/errors.ts';
import { cassandraSink } from '../../adapters/cassandra/sink.ts';
import type { ColumnType } from '../../core/model/column-types.ts';
import { patiently } from '../../core/pipeline/patience.ts';
import { address, asAdmin, type ThrowAway, throwAway } from '../support/database.ts';
import { casesByType } from '../support/type-cases.ts';
import { databaseJson, outcomeOf, tableOfType } from '../support/type-outcomes.ts';

/** Every value of docs/types.md that is taken: written, read back, and told by the database in its own words. */

const types = [...casesByType].map(([name, cases], index) => {
  const taken = cases.filter(({ stored }) => stored !== null);
  return {
    name,
    type: cases[0]?.type ?? 'text',
    taken,
    table: tableOfType(cases[0]?.type ?? 'text', `cases_${index}`),
  };
});

let admin: Client;
let mine: ThrowAway;
let client: Client;

beforeAll(async () => {
  admin = asAdmin();
  mine = await throwAway(
    admin,
    types.map(({ table }) => table),
  );
  client = connect(address, mine.role);
  await patiently(AbortSignal.timeout(20_000), () =>
    client.execute(`SELECT * FROM ${mine.data}.cases_0`).catch((error) => {
      throw worldError(error, 'waiting for the grant');
    }),
  );
});

afterAll(async () => {
  await client?.shutdown();
  await mine?.remove();
  await admin?.shutdown();
});

describe.each(types)('a column of type $name', ({ type, taken, table }) => {
  test('keeps every value that it is given, and the database writes it as docs/types.md does', async () => {
    const outcomes = await Promise.all(taken.map((each, index) => outcomeOf(each, index)));
    const rows = outcomes.map((outcome) => ('row' in outcome ? { values: outcome.row, writeTime: 1 } : undefined));
    const sink = cassandraSink(client, mine.data);
    const given = rows.filter((row) => row !== undefined);
    expect(await sink.write(table, given, new AbortController().signal)).toEqual([]);

    const read = new Map((await readRows(client, mine.data, table)).map(({ id, v }) => [id, databaseJson(type, v)]));
    const told = await client.execute(`SELECT JSON id, v FROM ${mine.data}.${table.name}`);
    const words = new Map(told.rows.map((row) => wordsOf(String(row['[json]']))));
    for (const [id, { input, stored }] of taken.entries()) {
      expect([input, read.get(id)]).toEqual([input, stored]);
      // JSON has no words for these.
      if (/^-?(NaN|Infinity)$/.test(stored as string)) expect([input, words.get(id)]).toEqual([input, 'null']);
      else if (type === 'float' || type === 'double')
        expect([input, numberOf(type, words.get(id))]).toEqual([input, numberOf(type, stored)]);
      else if (type === 'decimal') expect([input, plain(words.get(id))]).toEqual([input, stored]);
      else expect([input, words.get(id)]).toEqual([input, stored]);
    }
  });
});

/** The value in `{"id": 1, "v": …}` as it is written. */
function wordsOf(json: string): [id: number, words: string] {
  const [, id = '', words = ''] = /^\{"id": (\d+), "v": (.*)\}$/s.exec(json) ?? [];
  return [Number(id), words];
}

/** Java tells a float by other digits than JavaScript does. */
const numberOf = (type: ColumnType, text: string | null | undefined): number | string => {
  const number = type === 'float' ? Math.fround(Number(text)) : Number(text);
  return Object.is(number, -0) ? '-0' : number;
};

/** Java writes small decimals with an exponent. */
const plain = (text = ''): string => (text === '1E-7' ? '0.0000001' : text);
