import { cassandraCells } from '../adapters/cassandra/cells.ts';
import { s3Objects } from '../adapters/s3.ts';
import { readRecords } from '../core/formats/readers.ts';
import { placeText } from '../core/model/row.ts';
import { type FileRun, hasLoaded } from '../core/model/run.ts';
import type { Table } from '../core/model/table.ts';
import { keyspaces, type Tenant } from '../core/model/tenant.ts';
import { admit } from '../core/pipeline/admit.ts';
import { maxRecordOf } from '../core/pipeline/first-pass.ts';
import { ingest } from '../core/pipeline/ingest.ts';
import { rejectedPositions } from '../core/pipeline/rejects.ts';
import { rowWriteTime, SPAN } from '../core/pipeline/write-time.ts';
import type { Sink, SinkFailure, SinkRow } from '../core/ports.ts';
import type { Books, Disagreement } from '../core/report/audit.ts';
import { wrongWith } from '../core/report/rows.ts';
import type { OperatorWorld } from './world.ts';

/** Rows that are read at one time. */
const TOGETHER = 64;
/** Rows that are named for each run. */
const SHOWN = 3;

export interface RowsAudit {
  readonly files: number;
  readonly rows: number;
  readonly disagreements: readonly Disagreement[];
}

/**
 * Reads every loaded file again that is still in staging, transforms it with the code at hand, and looks for its rows in the database. Of a feed whose
 * versions replace each other only the last one has rows to look for; a replay of rejects has none that its run does not have. `version` is that of the
 * code at hand: other code may have made other rows, which is then said.
 */
export async function auditRows(
  world: OperatorWorld,
  tenant: Tenant,
  { runs }: Books,
  gone: readonly string[],
  signal: AbortSignal,
  version?: string,
): Promise<RowsAudit> {
  const disagreements: Disagreement[] = [];
  let rows = 0;
  const checked = runs.filter(
    (run) => hasLoaded(run.state) && run.rejectsOf === null && !gone.includes(run.id) && !isReplaced(run, runs, tenant),
  );
  for (const run of checked) {
    const wrong = await wrongRowsOf(run, world, tenant, signal, (count) => {
      rows += count;
    });
    const isOther = version !== undefined && run.profileVersion !== version;
    const why = isOther ? ` (its code was ${run.profileVersion}, and here is ${version})` : '';
    const more = wrong.length > SHOWN ? [`… and ${wrong.length - SHOWN} rows more`] : [];
    for (const message of [...wrong.slice(0, SHOWN).map((each) => `${each}${why}`), ...more])
      disagreements.push({ book: 'rows', about: run.id, message });
  }
  return { files: checked.length, rows, disagreements };
}

const isReplaced = (run: FileRun, runs: readonly FileRun[], { feeds }: Tenant): boolean =>
  feeds.some(({ name, overwrite }) => name === run.feed && overwrite === 'replace') &&
  runs.some(
    (other) => other.object.key === run.object.key && hasLoaded(other.state) && other.writeTimeBase > run.writeTimeBase,
  );

async function wrongRowsOf(
  run: FileRun,
  { s3, cassandra, names }: OperatorWorld,
  tenant: Tenant,
  signal: AbortSignal,
  count: (rows: number) => void,
): Promise<string[]> {
  const objects = s3Objects(s3);
  const stored = await objects.find(run.object);
  if (!stored) return ['its object went while it was being read'];
  const admitted = admit(tenant, run.object.key, stored.size);
  if ('code' in admitted) return [`the profile at hand would not take it: ${admitted.message}`];
  const { feed, format } = admitted;
  const known =
    run.counts.rejected > 0
      ? await rejectedPositions(objects, names(tenant.id).rejects, run, run.id)
      : new Set<number>();
  const wrong: string[] = [];
  await ingest({
    tenant: tenant.id,
    feed,
    origin: `s3://${run.object.bucket}/${run.object.key}`,
    chunks: readRecords(stored, format, { maxRecord: maxRecordOf(tenant.limits) }, signal),
    sink: looking(cassandraCells(cassandra, keyspaces(tenant.id).data)),
    writeTimeOf: isDatedByPart(run, tenant)
      ? () => run.writeTimeBase
      : ({ position }) => rowWriteTime(run, position, tenant.limits),
    settled: async ({ counts, rejected }) => {
      count(counts.loaded);
      for (const each of rejected)
        if (each.stage === 'load' && !known.has(Number(each.position)))
          wrong.push(`${placeText(each)}: ${each.message}`);
    },
    signal,
  });
  return wrong;
}

/**
 * Where the rows of a part share its times (core/pipeline/parts/moments.ts), which nobody knows any more when the plan is done: such rows are looked for, and were
 * written no earlier than their run; that their values were not written over since cannot be told.
 */
const isDatedByPart = ({ plan }: FileRun, { limits }: Tenant): boolean =>
  plan !== null && plan.parts > 1 && limits.maxFileRows > SPAN;

/** A sink that writes nothing: it refuses the rows that are not stored as they should be. */
function looking(read: ReturnType<typeof cassandraCells>): Sink {
  const isExpired = ({ ttl }: Table, { writeTime }: SinkRow) => ttl > 0 && writeTime / 1000 + ttl * 1000 < Date.now();
  const look = async (table: Table, row: SinkRow, index: number): Promise<SinkFailure[]> => {
    if (isExpired(table, row)) return [];
    const message = wrongWith(table, row, await read(table, row.values));
    return message === null ? [] : [{ index, message, retryable: false }];
  };
  return {
    name: 'looking',
    async write(table, rows) {
      const failures: SinkFailure[] = [];
      for (let at = 0; at < rows.length; at += TOGETHER) {
        const some = rows.slice(at, at + TOGETHER).map((row, index) => look(table, row, at + index));
        failures.push(...(await Promise.all(some)).flat());
      }
      return failures;
    },
    remove: async () => [],
    close: async () => {},
  };
}
