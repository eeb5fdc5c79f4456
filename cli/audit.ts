import { type Audit, audit, type Disagreement } from '../core/report/audit.ts';
import { tenants } from '../tenants/index.ts';
import { versionOf } from '../tenants/version.ts';
import { readBooks } from './audit-books.ts';
import { auditRows, type RowsAudit } from './audit-rows.ts';
import { daysSince } from './days.ts';
import { deployedNamed, versionNote } from './deployed.ts';
import { CliError } from './errors.ts';
import { type Result, table, type Ui } from './ui.ts';
import { inWorld } from './world.ts';

export interface AuditOptions {
  /** First day, `YYYY-MM-DD`, UTC; a week ago when absent. */
  readonly since?: string | undefined;
  /** Reads the staged objects again, and looks for their rows. */
  readonly deep?: boolean | undefined;
}

/** `sluice audit <tenant>`: holds the ledger, the rejects, the receipts and the staging bucket against each other. */
export const runAudit = (id: string, options: AuditOptions, ui: Ui): Promise<Result> => {
  const days = daysSince(options.since);
  return inWorld(async (world) => {
    const deployed = await deployedNamed(world, id);
    const note = options.deep ? versionNote(deployed) : undefined;
    if (note) ui.note(note);
    const books = await readBooks(world, deployed.tenant, days);
    const { disagreements, gone, open } = audit(books);
    const rows = options.deep ? await auditRows(world, ownTenant(id), books, gone, ui.signal, versionOf(id)) : null;
    const all = [...disagreements, ...(rows?.disagreements ?? [])];
    const counted = {
      tenant: id,
      runs: books.runs.length,
      streamRuns: books.streams.length,
      staged: books.staged.length,
      receipts: books.receipts.length,
      open,
      ...(rows && { files: rows.files, rows: rows.rows }),
    };
    return {
      data: { ...counted, gone, disagreements: all },
      lines: [...summary(id, days, books, { disagreements, gone, open }, rows), '', ...told(all)],
      ...(all.length > 0 && { exit: 'failed' as const }),
    };
  });
};

/** Only the checkout has transforms. */
const ownTenant = (id: string) => {
  const found = tenants.find((tenant) => tenant.id === id);
  if (found) return found;
  throw new CliError('SLU-4002', `the checkout has no tenant "${id}", whose transforms --deep needs`, {
    next: `sluice audit ${id}`,
  });
};

const summary = (
  id: string,
  days: readonly string[],
  { runs, streams, staged, receipts, usage }: Awaited<ReturnType<typeof readBooks>>,
  { gone, open }: Audit,
  rows: RowsAudit | null,
): string[] => [
  `${id}  ${days[0]} to ${days.at(-1)} (UTC)`,
  ...table([
    ['runs of files', `${runs.length}, of which ${open} are open and ${gone.length} have an object that is gone`],
    ['runs of messages', String(streams.length)],
    ['staged versions', String(staged.length)],
    ['receipts', String(receipts.length)],
    ['days of usage', String(usage.size)],
    ...(rows ? [['rows looked for', `${rows.rows} of ${rows.files} files`]] : []),
  ]),
];

const told = (disagreements: readonly Disagreement[]): string[] =>
  disagreements.length === 0
    ? ['all books agree']
    : [
        `${disagreements.length} disagreements:`,
        ...disagreements.map(({ book, about, message }) => `  ${book}  ${about}: ${message}`),
      ];
