import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tenantIds } from '../../adapters/cassandra/schema.ts';
import { exportDirtyFlights } from '../../cli/demo-data.ts';
import { asAdmin } from '../support/database.ts';
import { sluice, withFolder } from '../support/user.ts';

const admin = asAdmin();
afterAll(() => admin.shutdown());

test('a file that is loaded with faults gives the rows of an undisturbed load, and nothing is left behind', async () => {
  const { exit, stdout } = await withFolder(async (folder) => {
    const file = join(folder, 'dirty.csv');
    await exportDirtyFlights({ from: 0, rows: 2000, file });
    return sluice('prove', 'aviation', 'flights', file, '--faults', '25', '--seed', '1', '--json');
  });
  const { same, calm, shaken } = JSON.parse(stdout);
  expect({ exit, same }).toEqual({ exit: 0, same: true });
  expect(calm.struck).toEqual([]);
  // As many as struck before the file was loaded.
  expect(shaken.struck.length).toBeGreaterThan(4);
  expect(shaken.run.counts).toEqual(calm.run.counts);
  expect(shaken.digest).toMatch(/^[0-9a-f]{32}$/);
  expect(shaken.usage).toMatchObject({ files: 1, rows: 2000 });
  expect((await tenantIds(admin)).filter((id) => id.startsWith('prove'))).toEqual([]);
});

test('an unknown feed or file is named', async () => {
  expect(await sluice('prove', 'aviation', 'flight', 'x.csv')).toMatchObject({
    exit: 3,
    stderr: expect.stringContaining('feeds: flights'),
  });
  expect(await sluice('prove', 'aviation', 'flights', 'not-there.csv')).toMatchObject({ exit: 2 });
});
