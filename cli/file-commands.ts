import type { Command } from 'commander';
import type { Act } from './act.ts';

/** Commands about tenants and their files; like all of them they load their module when they are called. */
export const registerFileCommands = (program: Command, act: Act): void => {
  program
    .command('upload')
    .summary('check files by the deployed profile, then upload them')
    .argument('<tenant>')
    .argument('<feed>')
    .argument('<files...>', 'files, and folders whose files keep their paths')
    .option('--check', 'read and transform every file whole before anything is sent')
    .option('--wait', 'follow the files until they are loaded, or wait for their time')
    .option('--as <prefix>', 'put them under <feed>/<prefix>/')
    .option('--dry-run', 'only tell what would become of them')
    .action(
      act(async (options, ui, tenant, feed, ...files) =>
        (await import('./upload.ts')).runUpload(String(tenant), String(feed), files, options, ui),
      ),
    );
  program
    .command('produce')
    .summary('put records on a tenant’s stream, as messages of a feed')
    .argument('<tenant>')
    .argument('<feed>')
    .argument('<file>', 'a file, or - for standard input')
    .option('--format <format>', 'how records are written, such as csv or ndjson; as the extension says, or ndjson')
    .option('--rate <records>', 'at most so many a second, such as 100/s')
    .option(
      '--partition-key <column>',
      'the column whose values keep their order; those of the table’s key if not given',
    )
    .option('--report <name>', 'tell the platform under this name, each minute and at the end, how it goes')
    .action(
      act(async (options, ui, tenant, feed, file) =>
        (await import('./produce.ts')).runProduce(String(tenant), String(feed), String(file), options, ui),
      ),
    );
  const runs = program
    .command('runs')
    .summary('list the runs of files and messages, the latest first')
    .argument('[tenant]')
    .option('--feed <feed>', 'only of this feed')
    .option('--since <day>', 'first day, such as 2026-01-31 (UTC); a week ago if not given')
    .option('--failed', 'only refused, failed and retrying runs, and those with rejections')
    .action(act(async (options, _ui, tenant) => (await import('./runs.ts')).runRuns({ ...options, tenant })));
  runs
    .command('show')
    .summary('tell all about one run')
    .argument('<run>')
    .action(act(async (_options, _ui, run) => (await import('./runs.ts')).runRunsShow(String(run))));
  runs
    .command('reset')
    .summary('begin a run anew that has failed, was refused or is stuck')
    .argument('<run>')
    .option('--wait', 'follow it to its end')
    .action(act(async (options, ui, run) => (await import('./replay.ts')).runReset(String(run), options, ui)));
  runs
    .command('cancel')
    .summary('stop a run: what is loaded by then stays and is told')
    .argument('<run>')
    .option('--wait', 'follow it to its end')
    .action(act(async (options, ui, run) => (await import('./replay.ts')).runCancel(String(run), options, ui)));
  program
    .command('rejects')
    .summary('show the rejected rows of a run, by reason')
    .argument('<run>')
    .action(act(async (_options, _ui, run) => (await import('./rejects.ts')).runRejects(String(run))));
  program
    .command('quality')
    .summary('show the quality of what was sent: bad records, broken rules, absent values, drift')
    .argument('<tenant>')
    .argument('[feed]')
    .option('--since <day>', 'first day, such as 2026-01-31 (UTC); a week ago if not given')
    .action(
      act(async (options, _ui, tenant, feed) =>
        (await import('./quality.ts')).runQuality(String(tenant), feed, options),
      ),
    );
  program
    .command('quota')
    .summary('show what a tenant has used of its day, and which files wait')
    .argument('<tenant>')
    .action(act(async (_options, _ui, tenant) => (await import('./quota.ts')).runQuota(String(tenant))));
  program
    .command('audit')
    .summary('hold a tenant’s ledger, rejects, receipts and staged files against each other')
    .argument('<tenant>')
    .option('--since <day>', 'first day, such as 2026-01-31 (UTC); a week ago if not given')
    .option('--deep', 'read the staged files again too, and look for each of their rows')
    .action(act(async (options, ui, tenant) => (await import('./audit.ts')).runAudit(String(tenant), options, ui)));
  program
    .command('prove')
    .summary('load a file twice, undisturbed and with faults, and show that the rows are the same')
    .argument('<tenant>')
    .argument('<feed>')
    .argument('<file>')
    .option('--faults <count>', 'how many faults at the most', '20')
    .option('--seed <number>', 'where they strike; by chance if not given')
    .action(
      act(async (options, ui, tenant, feed, file) =>
        (await import('./prove.ts')).runProve(String(tenant), String(feed), String(file), options, ui),
      ),
    );
  const receipts = program
    .command('receipts')
    .summary('list what a tenant was told about its files, the latest first')
    .argument('<tenant>')
    .option('--feed <feed>', 'only of this feed')
    .option('--since <day>', 'first day, such as 2026-01-31 (UTC); a week ago if not given')
    .action(act(async (options, _ui, tenant) => (await import('./receipts.ts')).runReceipts(String(tenant), options)));
  receipts
    .command('show')
    .summary('show one receipt')
    .argument('<run>')
    .action(act(async (_options, _ui, run) => (await import('./receipts.ts')).runReceiptsShow(String(run))));
  const tenant = program.command('tenant').summary('show the tenants that are deployed');
  tenant
    .command('list')
    .summary('list them, with the versions of their profiles')
    .action(act(async () => (await import('./tenant.ts')).runTenantList()));
  tenant
    .command('show')
    .summary('show what one is called and what its profile grants')
    .argument('<tenant>')
    .action(act(async (_options, ui, id) => (await import('./tenant.ts')).runTenantShow(String(id), ui)));
  program
    .command('replay')
    .summary('load the file of a run again, or its rejected messages, with what is deployed now')
    .argument('<run>')
    .option('--rejects-only', 'only the records that the run has rejected, dated as the run')
    .option('--message <position>', 'of a run of messages: only this one; the rejected ones if not given')
    .option('--wait', 'follow the new run to its end')
    .action(act(async (options, ui, run) => (await import('./replay.ts')).runReplay(String(run), options, ui)));
  program
    .command('backfill')
    .summary('load what lies in staging and has no run')
    .argument('<tenant>')
    .argument('[feed]')
    .option('--prefix <prefix>', 'only keys that begin so, after the feed')
    .option('--since <day>', 'only objects of this day and later, such as 2026-01-31 (UTC)')
    .action(
      act(async (options, ui, tenant, feed) =>
        (await import('./backfill.ts')).runBackfill(String(tenant), { ...options, feed }, ui),
      ),
    );
  const dlq = program
    .command('dlq')
    .summary('list what was given up after all attempts, and why')
    .argument('[tenant]')
    .action(act(async (_options, _ui, tenant) => (await import('./dlq.ts')).runDlq(tenant)));
  dlq
    .command('redrive')
    .summary('put the dead letters of a tenant back on its queue, and have its failed batches of messages loaded')
    .argument('<tenant>')
    .action(act(async (_options, ui, tenant) => (await import('./dlq.ts')).runDlqRedrive(String(tenant), ui)));
};
