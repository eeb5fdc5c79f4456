import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { s3Objects } from '../adapters/s3.ts';
import { USAGE_PART } from '../core/control/admission.ts';
import { KEPT_PART } from '../core/control/kept.ts';
import { messageUsagePart } from '../core/control/message-quota.ts';
import { type ShardUsage, totalUsed } from '../core/control/message-usage.ts';
import type { Usage } from '../core/control/usage.ts';
import { listOpen } from '../core/control/waiting.ts';
import { lastReceipts, type Receipt } from '../core/model/receipt.ts';
import { type MessageTotals, NO_FEED, type StreamRun } from '../core/model/run.ts';
import type { Tenant } from '../core/model/tenant.ts';
import type { Books } from '../core/report/audit.ts';
import { isOfStream, runOf, storedMessages } from '../core/report/stored-messages.ts';
import type { OperatorWorld, ReadLedger, ReadRegistry } from './world.ts';

type Staged = Awaited<ReturnType<ReturnType<typeof s3Objects>['versions']>>['versions'][number];

/** Objects that are read at one time. */
const TOGETHER = 50;

/** Reads all books of a tenant for the days given, and for those on which anything came that is in staging or open. */
export async function readBooks(world: OperatorWorld, tenant: Tenant, asked: readonly string[]): Promise<Books> {
  const ledger = world.ledger(tenant.id);
  const registry = world.registry(tenant.id);
  const { staging, rejects } = world.names(tenant.id);
  // Staging first: what comes while the other books are read is in none of them, and not missed in any.
  const staged = await stagedVersions(world, staging);
  const now = new Date();
  const open = await listOpen(registry);
  const days = new Set([
    ...asked,
    ...staged.map(({ lastModified }) => dayOf(lastModified)),
    ...open.map(({ run }) => run.day),
  ]);
  const feeds = [...tenant.feeds.map(({ name }) => name), NO_FEED];
  const places = [...days].flatMap((day) => feeds.map((feed) => ({ feed, day })));
  const usage = (await registry.list<Usage>(USAGE_PART)).filter(({ name }) => asked.includes(name));
  const receipts = await textsUnder(
    world,
    rejects,
    places.map(({ feed, day }) => `receipts/${feed}/${day}/`),
  );
  const streams = (await Promise.all([...days].map((day) => ledger.streamRuns(day)))).flat();
  return {
    tenant: tenant.id,
    now,
    runs: (await Promise.all(places.map(({ feed, day }) => ledger.fileRuns(feed, day)))).flat(),
    streams,
    open,
    usage: new Map(usage.map(({ name, value }) => [name, value])),
    staged,
    ...(await countRejects(
      world,
      rejects,
      places.map(({ feed, day }) => `rejects/${feed}/${day}/`),
      streams,
      ledger,
    )),
    messageUsage: await messageUsageOf(registry, asked),
    kept: new Set((await registry.list(KEPT_PART)).map(({ name }) => name)),
    receipts: lastReceipts(receipts.map(({ text }) => JSON.parse(text) as Receipt)),
  };
}

const dayOf = (time: Date): string => time.toISOString().slice(0, 10);

async function stagedVersions({ s3 }: OperatorWorld, bucket: string): Promise<Staged[]> {
  const found: Staged[] = [];
  for (let from: string | null = null; ; ) {
    const { versions, next } = await s3Objects(s3).versions(bucket, '', from);
    found.push(...versions);
    if (next === null) return found;
    from = next;
  }
}

/** How many rejections are stored, by run, and how many messages wait for room in the quota. */
async function countRejects(
  world: OperatorWorld,
  bucket: string,
  prefixes: readonly string[],
  streams: readonly StreamRun[],
  ledger: Pick<ReadLedger, 'counted'>,
) {
  const keys = await keysUnder(world, bucket, prefixes);
  const { rejects, waiting } = await storedMessages(keys.filter(isOfStream), streams, ledger);
  const counts = new Map(rejects);
  const ofFiles = keys.filter((each) => !isOfStream(each));
  for (const { key, text } of await textsOf(world, bucket, ofFiles)) {
    const run = runOf(key);
    counts.set(run, (counts.get(run) ?? 0) + text.split('\n').filter((line) => line !== '').length);
  }
  return { rejects: counts, waiting };
}

/** What is noted of the days on which anything is. */
async function messageUsageOf(registry: ReadRegistry, days: readonly string[]): Promise<Map<string, MessageTotals>> {
  const noted = await Promise.all(days.map((day) => registry.list<ShardUsage>(messageUsagePart(day))));
  const totals = noted.map((shards, at) => [days[at] as string, totalUsed(shards.map(({ value }) => value))] as const);
  return new Map(totals.filter((_, at) => noted[at]?.length !== 0));
}

/** The texts of all objects below some prefixes, many at one time. */
const textsUnder = async (world: OperatorWorld, bucket: string, prefixes: readonly string[]) =>
  textsOf(world, bucket, await keysUnder(world, bucket, prefixes));

export async function keysUnder({ s3 }: OperatorWorld, bucket: string, prefixes: readonly string[]): Promise<string[]> {
  const keys = prefixes.map(async (prefix) => {
    const found: string[] = [];
    for await (const { Contents } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix }))
      found.push(...(Contents ?? []).map(({ Key }) => Key as string));
    return found;
  });
  return (await Promise.all(keys)).flat();
}

export async function textsOf({ s3 }: OperatorWorld, bucket: string, keys: readonly string[]) {
  const texts: { key: string; text: string }[] = [];
  for (let at = 0; at < keys.length; at += TOGETHER) {
    const some = keys.slice(at, at + TOGETHER).map(async (key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return { key, text: (await Body?.transformToString()) ?? '' };
    });
    texts.push(...(await Promise.all(some)));
  }
  return texts;
}
