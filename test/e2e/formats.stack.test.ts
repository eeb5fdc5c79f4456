import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditRows } from '../../cli/audit-rows.ts';
import { namesOf } from '../../core/model/names.ts';
import { deployGuest } from '../support/guest.ts';
import shapes from '../support/tenants/shapes/tenant.ts';
import { aws, openOperator, unique, withFolder } from '../support/user.ts';

/** Every format that there is, whole and compressed, from `aws s3 cp` to the rows in the database. */

const { staging } = namesOf('shapes');
let remove: () => Promise<void>;
let operator: Awaited<ReturnType<typeof openOperator>>;

beforeAll(async () => {
  remove = await deployGuest(shapes, join(import.meta.dirname, '..', 'support', 'tenants'));
  operator = await openOperator();
});
afterAll(async () => {
  await operator?.close();
  await remove?.();
});

const AMOUNTS = ['0.1234567890123456789', '-12345678901234567890'];

/** Two records in each format, whose ids begin with that of the file. */
const written: Readonly<Record<string, (id: string) => string | Uint8Array>> = {
  csv: (id) => `Thing No.;amount\n${AMOUNTS.map((amount, n) => `"${id}-${n}";${amount}`).join('\r\n')}`,
  list: (id) => AMOUNTS.map((amount, n) => `${id}-${n},${amount}\n`).join(''),
  tsv: (id) => `id\tamount\n${AMOUNTS.map((amount, n) => `${id}-${n}\t${amount}\n`).join('')}`,
  ndjson: (id) => AMOUNTS.map((amount, n) => `{"id":"${id}-${n}","amount":${amount}}\n`).join(''),
  json: (id) => `{"result":{"things":[${AMOUNTS.map((amount, n) => `{"id":"${id}-${n}","amount":${amount}}`)}]}}`,
  xml: (id) =>
    `<things>${AMOUNTS.map((amount, n) => `<thing id="${id}-${n}"><amount>${amount}</amount></thing>`).join('\n')}</things>`,
  parquet: (id) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'id', data: AMOUNTS.map((_, n) => `${id}-${n}`), type: 'STRING' },
          { name: 'amount', data: AMOUNTS, type: 'STRING' },
        ],
      }),
    ),
};
const compressions = { '': Buffer.from, '.gz': gzipSync, '.zst': zstdCompressSync };

/** Uploads files by their names and waits for what becomes of them. */
async function loaded(feed: string, folder: string, files: Readonly<Record<string, Uint8Array>>) {
  await withFolder(async (local) => {
    for (const [name, content] of Object.entries(files)) await writeFile(join(local, name), content);
    await aws('s3', 'cp', '--recursive', '--no-progress', local, `s3://${staging}/${feed}/${folder}/`);
  });
  const runs = await Promise.all(
    Object.keys(files).map(
      async (name) => [name, await operator.settledRun('shapes', feed, `${feed}/${folder}/${name}`)] as const,
    ),
  );
  return Object.fromEntries(
    runs.map(([name, { state, reason, counts }]) => [name, reason?.code ?? `${state} ${counts.loaded}`]),
  );
}

test('one table of records comes to the same rows from each format, compressed or not', async () => {
  const folder = unique('all');
  const files: Record<string, Uint8Array> = {};
  const expected: Record<string, string> = {};
  for (const [format, write] of Object.entries(written)) {
    for (const [extension, compress] of Object.entries(compressions)) {
      const content = write(`${folder}-${format}${extension}`);
      files[`things.${format}${extension}`] = compress(typeof content === 'string' ? Buffer.from(content) : content);
      expected[`things.${format}${extension}`] = 'loaded 2';
    }
  }
  expect(await loaded('things', folder, files)).toEqual(expected);
  const { rows } = await operator.cassandra.execute('SELECT id, amount FROM shapes.things');
  const found = new Map(rows.map((row) => [String(row.get('id')), String(row.get('amount'))]));
  for (const format of Object.keys(written)) {
    for (const extension of Object.keys(compressions)) {
      const amounts = AMOUNTS.map((_, n) => found.get(`${folder}-${format}${extension}-${n}`));
      expect([format, extension, amounts]).toEqual([format, extension, AMOUNTS]);
    }
  }
});

test('a feed without code loads collections, durations and user-defined types, and what a later file does not tell stays', async () => {
  const folder = unique('visits');
  const whole = {
    id: folder,
    from: '::ffff:192.0.2.1',
    length: '90m',
    cost: '1.50',
    tags: ['b', 'a'],
    home: { at: [1] },
  };
  const csv = `id,from,cost,tags,prices\n${folder},192.0.2.1,,,"{""x"": ""0.10""}"\n${folder},localhost,1,,\n`;
  expect(await loaded('visits', `${folder}-1`, { 'a.ndjson': Buffer.from(JSON.stringify(whole)) })).toEqual({
    'a.ndjson': 'loaded 1',
  });
  expect(await loaded('visits', `${folder}-2`, { 'b.csv': Buffer.from(csv) })).toEqual({ 'b.csv': 'partial 1' });
  const later = await operator.settledRun('shapes', 'visits', `visits/${folder}-2/b.csv`);
  expect(later.firstRejections).toMatchObject([
    {
      ...{ position: 2, line: 3, byte: csv.indexOf(`${folder},localhost`), code: 'SLU-2004', column: 'from' },
      message: 'column "from" (inet address): "localhost" is not an IP address',
    },
  ]);
  const select = 'SELECT JSON length, cost, tags, prices, home FROM shapes.visits WHERE id = ?';
  const { rows } = await operator.cassandra.execute(select, [folder], { prepare: true });
  expect(rows.map((row) => String(row.get('[json]')))).toEqual([
    '{"length": "1h30m", "cost": 1.50, "tags": ["a", "b"], "prices": {"x": 0.10}, "home": {"name": null, "at": [1.0]}}',
  ]);
  const first = await operator.settledRun('shapes', 'visits', `visits/${folder}-1/a.ndjson`);
  const books = { runs: [first, later] } as unknown as Parameters<typeof auditRows>[2];
  expect(await auditRows(operator, shapes, books, [], new AbortController().signal)).toMatchObject({
    ...{ files: 2, rows: 2, disagreements: [] },
  });
});

test('lines of text are records, and a file that is not what it says, or not whole, is refused', async () => {
  const folder = unique('lines');
  const text = Buffer.from('one\n\nthree');
  const states = await loaded('logs', folder, {
    'a.txt': text,
    'b.txt.zst': zstdCompressSync(text),
    'c.txt.gz': text,
    'd.txt.gz': gzipSync(text).subarray(0, -3),
    'e.txt.zst': zstdCompressSync(text).subarray(0, -3),
    'f.txt': Buffer.from('PAR1 and more'),
  });
  expect(states).toEqual({
    'a.txt': 'loaded 3',
    'b.txt.zst': 'loaded 3',
    'c.txt.gz': 'SLU-3020',
    'd.txt.gz': 'SLU-3021',
    'e.txt.zst': 'SLU-3021',
    'f.txt': 'SLU-3020',
  });
});
