import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTable } from '../../adapters/cassandra/cql.ts';
import { entriesTable } from '../../core/model/ledger-tables.ts';
import { endpointUrl, loadSettings } from '../../local/settings.ts';
import { asAdmin } from '../support/database.ts';
import { run, sluice, unique, until, withFolder } from '../support/user.ts';

/**
 * The operator's commands with `--target aws`, as near as a laptop comes to it: their AWS is the local stack, which they find by the environment and
 * CloudFormation alone. What the checkout knows of its own stack leads nowhere.
 */

const settings = loadSettings();
const id = unique('target');
let elsewhere: string;

beforeAll(async () => {
  elsewhere = await mkdtemp(join(tmpdir(), 'sluice-test-'));
});
afterAll(() => rm(elsewhere, { recursive: true, force: true }));

const command = async (...args: string[]) => {
  const env = {
    PATH: process.env.PATH,
    HOME: elsewhere,
    SLUICE_STATE_DIR: elsewhere,
    SLUICE_LOCALSTACK_PORT: '1024',
    SLUICE_CASSANDRA_PORT: '1025',
    SLUICE_CASSANDRA_STORAGE_PORT: '1026',
    AWS_ENDPOINT_URL: endpointUrl(settings),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const ended = await run(process.execPath, [join(settings.root, 'cli', 'sluice.js'), ...args, '--json'], env);
  return { exit: ended.exit, data: JSON.parse(ended.stdout || 'null'), stderr: ended.stderr };
};
const onAws = (...args: string[]) => command(...args, '--target', 'aws');

const line = (name: string, origin = 'LAS') =>
  JSON.stringify({
    flight_id: `${id}-${name}`,
    date: '1996-03-01T08:15:00Z',
    delay: 20,
    distance: 2176,
    origin,
    destination: 'PHL',
  });

describe('with --target aws', () => {
  test('a file is uploaded, followed, told of, audited and loaded again', async () => {
    const sent = await withFolder(async (folder) => {
      await writeFile(join(folder, 'a.ndjson'), [line('1'), line('2', 'nowhere')].join('\n'));
      return onAws('upload', 'aviation', 'flights', folder, '--as', id, '--wait');
    });
    expect([sent.exit, sent.data.files[0]?.state]).toEqual([6, 'partial']);
    const { run: partial } = sent.data.files[0];
    expect((await onAws('runs', 'aviation', '--failed')).data.map((each: { run: string }) => each.run)).toContain(
      partial,
    );
    expect((await onAws('runs', 'show', partial)).data).toMatchObject({ id: partial, state: 'partial' });
    expect((await onAws('rejects', partial)).data).toMatchObject([{ count: 1 }]);
    expect((await onAws('report', 'aviation')).data).toMatchObject([{ tenant: 'aviation' }]);
    expect((await onAws('quota', 'aviation')).data).toMatchObject({ tenant: 'aviation' });
    const receipt = await until('the receipt', async () => {
      const shown = await onAws('receipts', 'show', partial);
      return shown.exit === 0 ? shown.data : undefined;
    });
    expect(receipt).toMatchObject({ run: partial, state: 'partial' });
    expect(await onAws('audit', 'aviation')).toMatchObject({ exit: 0 });
    expect((await onAws('replay', partial, '--wait')).data).toMatchObject({
      generation: 1,
      ended: { state: 'partial' },
    });
    expect((await onAws('backfill', 'aviation', 'flights', '--prefix', id)).data).toMatchObject({
      looked: 1,
      sent: [],
    });
    expect((await onAws('dlq', 'aviation')).exit).toBe(0);
  });

  test('tenants are those that are deployed there', async () => {
    const here = JSON.parse((await sluice('tenant', 'list', '--json')).stdout);
    expect((await onAws('tenant', 'list')).data).toEqual(here);
    expect((await onAws('tenant', '--target', 'aws', 'show', 'aviation')).data).toMatchObject({ tenant: 'aviation' });
  });
});

test('without it they ask the local stack of the checkout', async () => {
  expect((await command('tenant', 'list')).data.error.code).toBe('SLU-1004');
});

test('a keyspace that has only the name of a ledger, or is not the operator’s to read, is no tenant', async () => {
  const admin = asAdmin();
  const ghosts = ['ghosta', 'ghostb'];
  const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
  try {
    for (const ghost of ghosts) await admin.execute(`CREATE KEYSPACE ${ghost}_ops WITH replication = ${replication}`);
    await admin.execute(createTable('ghostb_ops', entriesTable));
    await admin.execute('GRANT SELECT ON KEYSPACE ghosta_ops TO sluice_operator');
    const { data } = await onAws('tenant', 'list');
    expect(data.map(({ tenant }: { tenant: string }) => tenant).slice(0, 2)).toEqual(['aviation', 'wildlife']);
    expect(data.some(({ tenant }: { tenant: string }) => ghosts.includes(tenant))).toBe(false);
  } finally {
    for (const ghost of ghosts) await admin.execute(`DROP KEYSPACE IF EXISTS ${ghost}_ops`);
    await admin.shutdown();
  }
});
