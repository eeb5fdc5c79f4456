import { type Chunk, isRejection, type Refusal } from '../formats/format.ts';
import type { Layout } from '../formats/locate.ts';
import { readRecords } from '../formats/readers.ts';
import { capped } from '../model/capped.ts';
import { dialectOf, type FileFormat } from '../model/formats.ts';
import { addBroken, type RuleCounts } from '../model/quality.ts';
import type { Counts, Rejection, Row, Source } from '../model/row.ts';
import { SAMPLE_SIZE } from '../model/run.ts';
import type { RunQuality } from '../model/run-quality.ts';
import type { Tenant } from '../model/tenant.ts';
import type { StoredObject } from '../ports.ts';
import { Observer } from '../quality/observer.ts';
import { verdictOf } from '../quality/verdict.ts';
import { type Reason, reasons } from '../report/reasons.ts';
import type { Admitted } from './admit.ts';
import { type FirstPass, firstPass, maxRecordOf } from './first-pass.ts';
import { ingest } from './ingest.ts';
import { nowhere } from './load.ts';
import { PATIENCE_WITH_FILES } from './transform.ts';

/** What would become of a file but for what the database itself has to say. */
export interface Trial extends FirstPass {
  readonly counts: Counts;
  /** Why nothing of it would be loaded: by the feed's rules, or because it was given up on the way; then what is told besides is of the records before. */
  readonly refusal: Refusal | null;
  readonly quality: RunQuality;
  readonly firstRejections: readonly Rejection[];
  /** All that would be rejected, by reason, with the first records of each. */
  readonly reasons: readonly Reason[];
  /** How many records would be loaded although they break a rule, by its name. */
  readonly warnings: RuleCounts;
  /** The first rows that would be in the table, and the first records that would be dropped. */
  readonly sample: readonly Readonly<Record<string, unknown>>[];
  readonly dropped: readonly Source[];
  readonly layout: Layout;
}

/** Takes a file through reading and transforming as a load does, and stores nothing; keeps `samples` rows and dropped records. */
export async function tryFile(
  tenant: Tenant,
  { feed, format }: Admitted,
  stored: StoredObject,
  origin: string,
  signal: AbortSignal,
  samples = 0,
): Promise<Trial | Refusal> {
  const limits = capped(tenant.limits);
  const pass = await firstPass(stored, format, limits, signal, async () => {});
  if ('code' in pass) return pass;
  const rejections: Rejection[] = [];
  const rows: Readonly<Record<string, unknown>>[] = [];
  const dropped: Source[] = [];
  const found = reasons(SAMPLE_SIZE);
  const warnings: Record<string, number> = {};
  let columns: readonly string[] = [];
  const chunks = readRecords(stored, format, { maxRecord: maxRecordOf(limits) }, signal);
  const observer = new Observer(feed, format, 'all rules');
  try {
    const { counts, refusal } = await ingest({
      tenant: tenant.id,
      feed,
      origin,
      chunks: observed(observer.watch(chunks), ({ values }) => {
        columns = Object.keys(values);
      }),
      sink: nowhere,
      signal,
      patience: PATIENCE_WITH_FILES,
      writeTimeOf: ({ position }) => Number(position),
      settled: async (window) => {
        await observer.add(window);
        const ordered = window.rejected.toSorted((a, b) => Number(a.position) - Number(b.position));
        found.add(ordered);
        rejections.push(...ordered.slice(0, SAMPLE_SIZE - rejections.length));
        if (window.broken.size > 0) {
          for (const { position } of window.loaded) addBroken(warnings, window.broken.get(position) ?? []);
        }
        rows.push(...window.outputs.slice(0, samples - rows.length));
        dropped.push(...window.dropped.slice(0, samples - dropped.length));
      },
    });
    const { quality } = await observer.end({
      arrivedAt: stored.lastModified,
      last: null,
      whole: !refusal,
      beat: async () => {},
    });
    return {
      ...pass,
      counts,
      refusal: refusal ?? verdictOf(feed, counts, quality),
      quality,
      firstRejections: rejections,
      reasons: found.all(),
      warnings,
      sample: rows,
      dropped,
      layout: layoutOf(format, columns),
    };
  } finally {
    await observer.close();
  }
}

function layoutOf({ among: [settings] }: FileFormat, columns: readonly string[]): Layout {
  if (settings?.format === 'xml') return { kind: 'xml', attributes: settings.attributes ?? '' };
  if (settings?.format !== 'csv' && settings?.format !== 'tsv') return { kind: 'json' };
  const { delimiter, quote } = dialectOf(settings);
  return { kind: 'cells', delimiter, quote: quote ?? '', columns };
}

/** Shows the first row that comes by. */
async function* observed(chunks: AsyncIterable<Chunk>, see: (row: Row) => void): AsyncGenerator<Chunk> {
  let seen = false;
  for await (const chunk of chunks) {
    const first: Row | Rejection | undefined = seen ? undefined : chunk.items.find((item) => !isRejection(item));
    if (first) see(first as Row);
    seen ||= first !== undefined;
    yield chunk;
  }
}
