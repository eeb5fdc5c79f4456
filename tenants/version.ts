import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Tells one state of a tenant's profile and code from another: a digest of the sources in its folder. It is taken when functions are bundled, because
 * a bundle names and prints the same code differently.
 */
export function versionOf(tenantId: string, tenantsFolder: string = import.meta.dirname): string {
  const folder = join(tenantsFolder, tenantId);
  const all = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const names = all.filter((name) => name.endsWith('.ts'));
  const hash = createHash('sha256');
  for (const name of names.sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

/** The versions of the tenants whose code a bundle holds: of one, or of all. */
export function versionsIn(tenantId: string | undefined, tenantsFolder: string): Record<string, string> {
  const folders = () => readdirSync(tenantsFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const ids = tenantId === undefined ? folders().map(({ name }) => name) : [tenantId];
  return Object.fromEntries(ids.map((id) => [id, versionOf(id, tenantsFolder)]));
}
