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
    .command('quota')
    .summary('show what a tenant has used of its day, and which files wait')
    .argument('<tenant>')
    .action(act(async (_options, _ui, tenant) => (await import('./quota.ts')).runQuota(String(tenant))));
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
};
