import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type ProfileProblem, problemsBetween, problemsOf } from '../core/model/profile.ts';
import { placeOf, type SourceFile } from '../core/model/profile-place.ts';
import type { Tenant } from '../core/model/tenant.ts';

export interface PlacedProblem extends ProfileProblem {
  readonly tenant: string;
  /** File and line, as near as they can be found. */
  readonly where: string;
}

/** All mistakes in all profiles, and between them, with their places in the sources. */
export function profileProblems(tenants: readonly Tenant[], folder = import.meta.dirname): PlacedProblem[] {
  const between = problemsBetween(tenants);
  return tenants.flatMap((tenant, index) => {
    const files = sourcesOf(join(folder, String(tenant.id)), join(folder, '..'));
    const own = between.filter(({ path }) => path.startsWith(`${index}.`));
    const all = [...problemsOf(tenant), ...own.map(({ message }) => ({ path: 'id', message }))];
    return all.map((problem) => ({ tenant: tenant.id, ...problem, where: placeOf(problem, tenant, files) }));
  });
}

/** One line for each mistake, as people read it. */
export const problemLines = (problems: readonly PlacedProblem[]): string[] =>
  problems.map(({ where, path, message }) => `${where}  ${path}: ${message}`);

function sourcesOf(folder: string, root: string): SourceFile[] {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const ordered = names.sort((a, b) => Number(b === 'tenant.ts') - Number(a === 'tenant.ts') || a.localeCompare(b));
    return ordered.map((name) => {
      const path = join(folder, name);
      return { path: relative(root, path), text: readFileSync(path, 'utf8') };
    });
  } catch {
    // An id that is no folder's name: the mistake is told without a line.
    return [];
  }
}
