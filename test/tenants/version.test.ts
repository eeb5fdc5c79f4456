import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { versionOf, versionsIn } from '../../tenants/version.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-version-'));
  for (const id of ['acme', 'other']) await mkdir(join(folder, id, 'feeds'), { recursive: true });
  await writeFile(join(folder, 'acme', 'tenant.ts'), 'export default 1;');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a version changes with any source of the tenant, and with nothing else', async () => {
  const before = versionOf('acme', folder);
  await writeFile(join(folder, 'other', 'tenant.ts'), 'export default 2;');
  await writeFile(join(folder, 'acme', 'sample.csv'), 'a,b');
  expect(versionOf('acme', folder)).toBe(before);
  await writeFile(join(folder, 'acme', 'feeds', 'helper.ts'), 'export const half = 0.5;');
  expect(versionOf('acme', folder)).not.toBe(before);
});

test('a bundle is told the version of its own tenant, or of all', () => {
  expect(Object.keys(versionsIn('acme', folder))).toEqual(['acme']);
  expect(versionsIn(undefined, folder)).toEqual({
    acme: versionOf('acme', folder),
    other: versionOf('other', folder),
  });
});
