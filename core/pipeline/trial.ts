import type { Refusal } from '../formats/format.ts';
import { readers } from '../formats/readers.ts';
import { capped } from '../model/caps.ts';
import type { Counts, Rejection } from '../model/row.ts';
import { SAMPLE_SIZE } from '../model/run.ts';
import type { Tenant } from '../model/tenant.ts';
import type { Sink, StoredObject } from '../ports.ts';
import type { Admitted } from './admit.ts';
import { type FirstPass, firstPass, maxRecordOf } from './first-pass.ts';
import { ingest } from './ingest.ts';
import { PATIENCE_WITH_FILES } from './transform.ts';

/** What would become of a file but for what the database itself has to say. */
export interface Trial extends FirstPass {
  readonly counts: Counts;
  readonly firstRejections: readonly Rejection[];
}

/** Takes a file through reading and transforming as a load does, and stores nothing. */
export async function tryFile(
  tenant: Tenant,
  { feed, format }: Admitted,
  stored: StoredObject,
  origin: string,
  signal: AbortSignal,
): Promise<Trial | Refusal> {
  const limits = capped(tenant.limits);
  const pass = await firstPass(stored, format, limits, signal, async () => {});
  if ('code' in pass) return pass;
  const rejections: Rejection[] = [];
  const { counts, refusal } = await ingest({
    tenant: tenant.id,
    feed,
    origin,
    chunks: readers[format](stored.open(signal), { maxRecord: maxRecordOf(limits) }),
    sink: nowhere,
    signal,
    patience: PATIENCE_WITH_FILES,
    writeTimeOf: () => 0,
    settled: async ({ rejected }) => {
      const ordered = rejected.toSorted((a, b) => Number(a.position) - Number(b.position));
      rejections.push(...ordered.slice(0, SAMPLE_SIZE - rejections.length));
    },
  });
  return refusal ?? { ...pass, counts, firstRejections: rejections };
}

const nowhere: Sink = { name: 'nowhere', write: async () => [], remove: async () => [], close: async () => {} };
