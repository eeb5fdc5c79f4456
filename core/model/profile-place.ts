import type { ProfileProblem } from './profile.ts';
import type { Tenant } from './tenant.ts';

/** A source file of a tenant, by its path from the root of the checkout. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Where a mistake stands, as `tenants/acme/tenant.ts:11`. Profiles are code, so this is a search for the names on the problem's path, one behind the
 * other: right for profiles written as ours are, and near for others. `files` begins with the one that defines the tenant.
 */
export function placeOf({ path, message }: ProfileProblem, tenant: Tenant, files: readonly SourceFile[]): string {
  const [first, ...parts] = path.split('.');
  const index = first === 'feeds' && parts[0] !== undefined ? Number(parts[0]) : undefined;
  const name = index === undefined ? undefined : String(tenant.feeds[index]?.name);
  const ofFeed = files.find(
    ({ text }) => name !== undefined && new RegExp(`\\bname:\\s*['"\`]${pattern(name)}['"\`]`).test(text),
  );
  const file = ofFeed ?? files[0];
  if (!file) return 'tenants';
  const names = index === undefined ? [first as string, ...parts] : parts.slice(1);
  // A name that a list holds is a text of its own, and nearer to the mistake than the list.
  const quoted = /named "([^"]+)"/.exec(message)?.[1];
  return `${file.path}:${lineOf(file.text, quoted === undefined ? names : [...names, quoted])}`;
}

function lineOf(text: string, names: readonly string[]): number {
  // What a feed says of itself stands behind `defineFeed(`, and its table is mostly defined before.
  let at = Math.max(0, text.indexOf('defineFeed('));
  for (const name of names) {
    const definition = name === 'table' ? text.indexOf('defineTable(') : -1;
    if (definition !== -1) {
      at = definition;
      continue;
    }
    // As a key, in short form, as a call such as `transform(fields)`, or quoted.
    const found = new RegExp(`(?<![\\w.'"])['"\`]?${pattern(name)}['"\`]?(?=\\s*[:,(}\\]])`).exec(text.slice(at));
    if (found) at += found.index;
  }
  return text.slice(0, at).split('\n').length;
}

const pattern = (name: string): string => name.replaceAll(/[^\w]/g, '\\$&');
