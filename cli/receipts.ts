import { s3Objects } from '../adapters/s3.ts';
import type { Receipt } from '../core/model/receipt.ts';
import { placeText } from '../core/model/row.ts';
import { NO_FEED } from '../core/model/run.ts';
import { daysSince } from './days.ts';
import { type Deployed, deployedNamed, deployedTenants, feedNamed } from './deployed.ts';
import { CliError } from './errors.ts';
import { qualityFacts } from './run-quality.ts';
import { excerpt, type Result, table } from './ui.ts';
import { inWorld, type OperatorWorld } from './world.ts';

export interface ReceiptsOptions {
  readonly feed?: string | undefined;
  readonly since?: string | undefined;
}

/** `sluice receipts <tenant>`: what the tenant was told about each of its files, the latest first. */
export const runReceipts = (id: string, options: ReceiptsOptions): Promise<Result> => {
  const days = daysSince(options.since);
  return inWorld(async (world) => {
    const deployed = await deployedNamed(world, id);
    const feeds = options.feed === undefined ? allFeeds(deployed) : [feedNamed(deployed, options.feed).name];
    const found = feeds.flatMap((feed) => days.map((day) => receiptsUnder(world, id, `receipts/${feed}/${day}/`)));
    const receipts = (await Promise.all(found)).flat().toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
    return { data: receipts, lines: receipts.length === 0 ? ['no receipts'] : rowsOf(receipts) };
  });
};

/** `sluice receipts show <run>`: one receipt, whole. */
export const runReceiptsShow = (run: string): Promise<Result> =>
  inWorld(async (world) => {
    const [feed = '', stamp = ''] = run.split('.');
    const day = stamp.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');
    const prefix = `receipts/${feed}/${day}/${run}.`;
    for (const { tenant } of await deployedTenants(world, undefined)) {
      const [receipt] = await receiptsUnder(world, tenant.id, prefix);
      if (receipt)
        return { data: receipt, lines: linesOf(receipt, `s3://${world.names(tenant.id).rejects}/${prefix}*`) };
    }
    throw new CliError('SLU-4002', `no run "${run}" has a receipt`, { next: 'sluice runs' });
  });

const allFeeds = ({ tenant }: Deployed): string[] => [...tenant.feeds.map(({ name }) => name), NO_FEED];

/** One for each run: what was said of it while it was deferred comes first, and its end counts. */
async function receiptsUnder({ s3, names }: OperatorWorld, tenant: string, prefix: string): Promise<Receipt[]> {
  const latest = new Map<string, Receipt>();
  for await (const text of s3Objects(s3).texts(names(tenant).rejects, prefix)) {
    const receipt = JSON.parse(text) as Receipt;
    latest.set(receipt.run, receipt);
  }
  return [...latest.values()];
}

const rowsOf = (receipts: readonly Receipt[]): string[] =>
  table([
    ['run', 'state', 'read', 'loaded', 'dropped', 'rejected', 'ended', 'object, reason'],
    ...receipts.map(({ run, state, counts, endedAt, object, reason }) => [
      run,
      state,
      ...[counts.read, counts.loaded, counts.dropped, counts.rejected].map(String),
      endedAt?.slice(0, 19) ?? '-',
      reason ? `${object}: ${reason.code} ${reason.message}` : object,
    ]),
  ]);

function linesOf(receipt: Receipt, where: string): string[] {
  const { counts, reason, firstRejections } = receipt;
  const facts = [
    ['run', receipt.run],
    ['object', `${receipt.object} (version ${receipt.versionId}, generation ${receipt.generation})`],
    ['state', receipt.state],
    ['reason', reason ? `${reason.code} ${reason.message}` : '-'],
    ...(receipt.deferredUntil ? [['until', receipt.deferredUntil]] : []),
    [
      'counts',
      `${counts.read} read = ${counts.loaded} loaded + ${counts.dropped} dropped + ${counts.rejected} rejected`,
    ],
    ...(receipt.quality ? qualityFacts(receipt.quality) : []),
    ['size', `${receipt.bytes} bytes`],
    ['started', receipt.startedAt],
    ['ended', receipt.endedAt ?? '-'],
    ['digest', receipt.digest || '-'],
    ['profile', receipt.profileVersion],
    ['stored under', where],
  ];
  const shown = firstRejections.flatMap((rejection) => [
    `  ${rejection.code}  ${placeText(rejection)}: ${rejection.message}`,
    `    ${excerpt(rejection.raw)}`,
  ]);
  return [...table(facts), ...(shown.length === 0 ? [] : ['', 'first rejections:', ...shown])];
}
