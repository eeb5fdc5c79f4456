import type { Refusal } from '../formats/format.ts';
import { capped } from '../model/capped.ts';
import { extensionsOf, type FileFormat, fileFormatOf } from '../model/formats.ts';
import { didYouMean } from '../model/nearest.ts';
import { show } from '../model/show.ts';
import type { Feed, Tenant } from '../model/tenant.ts';

export interface Admitted {
  readonly feed: Feed;
  readonly format: FileFormat;
}

/** The feed that a key names by its first folder; undefined when there is none. */
export function feedOf(tenant: Tenant, key: string): Feed | undefined {
  const slash = key.indexOf('/');
  return slash === -1 ? undefined : tenant.feeds.find(({ name }) => name === key.slice(0, slash));
}

/** Decides, before a byte is read, whether a file is taken by the tenant's profile; a "no" carries its reason. */
export function admit(tenant: Tenant, key: string, size: number): Admitted | Refusal {
  const feed = feedOf(tenant, key);
  if (!feed) {
    const names = tenant.feeds.map(({ name }) => name);
    // `/flights/x.csv` and `Flights/x.csv` mean the same to people, and not to S3.
    const folder = key.split('/').find((part) => part !== '') ?? '';
    const list = names.map((name) => `${name}/`).join(', ');
    const hint = didYouMean(folder, names, '/');
    return { code: 'SLU-3001', message: `no feed takes ${show(key)}${hint || `; upload under one of: ${list}`}` };
  }
  const format = fileFormatOf(key, feed.formats);
  if (!format) {
    const takes = feed.formats.flatMap(extensionsOf).join(', ');
    return { code: 'SLU-3002', message: `the feed ${feed.name} takes ${takes}; ${show(key)} is none of them` };
  }
  if (size === 0) return { code: 'SLU-3004', message: 'the file has 0 bytes' };
  const { maxFileBytes } = capped(tenant.limits);
  if (size > maxFileBytes) {
    return { code: 'SLU-3003', message: `the file has ${size} bytes; the profile allows ${maxFileBytes}` };
  }
  return { feed, format };
}
