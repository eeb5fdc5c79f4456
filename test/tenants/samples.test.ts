import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkSamples } from '../../cli/samples.ts';
import { Fields } from '../../core/model/fields.ts';
import { defineTable } from '../../core/model/table.ts';
import { defineFeed, defineTenant, type Tenant } from '../../core/model/tenant.ts';
import { tenants } from '../../tenants/index.ts';

const root = join(import.meta.dirname, '..', '..', 'tenants');

test('every folder of a tenant is in the list of tenants, under its id', async () => {
  const entries = await readdir(root, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(tenants.map(({ id }) => id).toSorted()).toEqual(folders.toSorted());
});

describe.each(tenants.map((tenant) => [tenant.id, tenant] as const))('the samples of %s', async (id, tenant) => {
  const results = await checkSamples(tenant, join(root, id));

  test.each(results.map((result) => [result.file, result] as const))('%s gives what is expected', (_file, result) => {
    expect(result).toMatchObject({ differences: [] });
    expect(result.problem).toBeUndefined();
  });

  test.each(tenant.feeds.map(({ name }) => name))('show a loaded, a dropped and a rejected record of %s', (feed) => {
    const outcomes = results.filter(({ file }) => file.includes(`/${feed}/`)).flatMap((result) => result.outcomes);
    for (const kind of ['rows', 'dropped', 'rejected'])
      expect(outcomes.filter((outcome) => kind in outcome)).not.toEqual([]);
  });

  test.each(tenant.feeds.map((feed) => [feed.name, feed] as const))(
    '%s reads no field that it was not sent',
    (_name, feed) => {
      // A transform must come to a rejection, not to an error of its own, when a record has none of its fields.
      const context = { tenant: id, feed: feed.name, position: 1, origin: 'test' };
      expect(() => feed.transform(new Fields({}), context)).toThrow(expect.objectContaining({ code: 'SLU-2003' }));
    },
  );
});

describe('a check of samples', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-samples-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const put = async (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      const file = join(folder, 'samples', name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  };
  const differencesIn = async () =>
    (await checkSamples(things, folder)).map(({ file, differences }) => ({ file, differences }));

  test('passes when every record comes to what is expected, in whatever order the columns are written', async () => {
    await put({
      'in/things/a.csv': 'id,n\nx,1\ny,\nz,0\n',
      'expected/things/a.ndjson': [
        '{"position":1,"rows":[{"big":"1","at":"1970-01-01T00:00:00.001Z","id":"x"}]}',
        '{"position":2,"rejected":"SLU-2003","column":"n"}',
        '{"position":3,"dropped":true}\n',
      ].join('\n'),
    });
    expect(await differencesIn()).toEqual([{ file: 'samples/in/things/a.csv', differences: [] }]);
  });

  test('names each record that comes to something else, is missing or is one too many', async () => {
    await put({
      'in/things/a.csv': 'id,n\nx,0\ny,0\n',
      'expected/things/a.ndjson': '{"position":1,"dropped":true}\n{"position":3,"dropped":true}\n',
    });
    expect(await differencesIn()).toEqual([
      {
        file: 'samples/in/things/a.csv',
        differences: [
          { position: 3, expected: { position: 3, dropped: true }, actual: undefined },
          { position: 2, expected: undefined, actual: { position: 2, dropped: true } },
        ],
      },
    ]);
  });

  test('holds two formats of one name to the same expected outcomes', async () => {
    await put({
      'in/things/a.csv': 'id,n\nx,0\n',
      'in/things/a.ndjson': '{"id":"x","n":"no"}\n',
      'expected/things/a.ndjson': '{"position":1,"dropped":true}\n',
    });
    const differences = (await differencesIn()).map((result) => result.differences.length);
    expect(differences).toEqual([0, 1]);
  });

  test('says what keeps a sample from being run or compared', async () => {
    await put({
      'in/thongs/a.csv': 'id,n\nx,0\n',
      'in/things/b.xml': '<id/>',
      'in/things/c.csv': 'id,n\nx,0\n',
      'in/things/d.csv': 'id,n\nx,0\n',
      'expected/things/d.ndjson': 'dropped\n',
      'expected/things/e.ndjson': '{"position":1,"dropped":true}\n',
    });
    const problems = (await checkSamples(things, folder)).map(({ file, problem }) => `${file}: ${problem}`);
    expect(problems).toEqual([
      'samples/in/things/b.xml: the feed takes .csv, .ndjson, .jsonl',
      'samples/in/things/c.csv: samples/expected/things/c.ndjson is missing',
      expect.stringContaining('samples/in/things/d.csv: samples/expected/things/d.ndjson is not a JSON object a line'),
      'samples/in/thongs/a.csv: the tenant has no feed of this name, only things',
      'samples/expected/things/e.ndjson: no file in samples/in has this name',
    ]);
  });

  test('writes what was found when asked to, and passes from then on', async () => {
    await put({ 'in/things/a.csv': 'id,n\nx,1\ny,?\n' });
    await checkSamples(things, folder, { write: true });
    expect(await readFile(join(folder, 'samples', 'expected', 'things', 'a.ndjson'), 'utf8')).toBe(
      '{"position":1,"rows":[{"id":"x","big":"1","at":"1970-01-01T00:00:00.001Z"}]}\n{"position":2,"rejected":"SLU-2004","column":"n"}\n',
    );
    expect(await differencesIn()).toEqual([{ file: 'samples/in/things/a.csv', differences: [] }]);
  });

  test('shows a file that cannot be read as such', async () => {
    await put({
      'in/things/a.csv': 'id,id\nx,1\n',
      'expected/things/a.ndjson': '{"refused":"SLU-3009"}\n',
    });
    expect(await differencesIn()).toEqual([{ file: 'samples/in/things/a.csv', differences: [] }]);
  });
});

const things: Tenant = defineTenant({
  id: 'things',
  name: 'Things',
  contact: 'things@things.example',
  limits: { maxFileBytes: 1000, maxFileRows: 10, maxMessageBytes: 1000 },
  stream: { shards: 1, retentionHours: 24, feed: 'things' },
  feeds: [
    defineFeed({
      name: 'things',
      description: 'Things',
      formats: ['csv', 'ndjson'],
      table: defineTable({
        name: 'things',
        columns: { id: 'text', big: 'bigint', at: 'timestamp' },
        partitionKey: ['id'],
      }),
      transform(fields) {
        const n = fields.integer('n');
        return n === 0 ? null : { id: fields.text('id'), big: BigInt(n), at: new Date(n) };
      },
    }),
  ],
});
