import { join } from 'node:path';

/** Where the code of the functions comes from. */
export interface Sources {
  readonly root: string;
  readonly functions: string;
  readonly tenants: string;
}

const root = join(import.meta.dirname, '..');

export const sources: Sources = { root, functions: join(root, 'functions'), tenants: join(root, 'tenants') };
