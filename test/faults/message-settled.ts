import { KEPT_PART } from '../../core/control/kept.ts';
import { isLimited, messageUsagePart } from '../../core/control/message-quota.ts';
import { type ShardUsage, totalUsed } from '../../core/control/message-usage.ts';
import { balanced } from '../../core/model/row.ts';
import type { MessageTotals, StreamRun } from '../../core/model/run.ts';
import { countsOfRun, letIn } from '../../core/model/tally.ts';
import { addToDigest } from '../../core/pipeline/digest.ts';
import { audit } from '../../core/report/audit.ts';
import { isOfStream, storedMessages } from '../../core/report/stored-messages.ts';
import { readingsTable } from '../support/tenant.ts';
import { REJECTS } from '../support/world.ts';
import type { playMessages, Stream } from './message-platform.ts';
import { DEATH, messagesOf, neverFits, START } from './message-story.ts';

type Played = Awaited<ReturnType<typeof playMessages>>;

/** Longer than any story lasts: replays are of later days than what they replay. */
const DAYS = 220;
const days = Array.from({ length: DAYS }, (_, day) => new Date(START + day * 86_400_000).toISOString().slice(0, 10));

/** What must be true when nothing happens any more, whatever has happened before; answers what is not. */
export async function wrongsOf({ story, disturbed, calm, ended }: Played): Promise<string[]> {
  if (!ended) return ['it never ends'];
  const runs = await runsOf(disturbed);
  return [
    ...wrongCounts(story, runs),
    ...(await wrongBooks(disturbed, runs)),
    ...wrongRows(disturbed, calm),
    ...(isLimited(story.limits) ? [] : await wrongEffects(disturbed, calm)),
  ];
}

const runsOf = async ({ ports }: Stream): Promise<StreamRun[]> =>
  (await Promise.all(days.map((day) => ports.ledger.streamRuns(day)))).flat();

/** Each message is read once, and let in once, by its first run or by a replay; but for those that no day or minute has room for. */
function wrongCounts(story: Played['story'], runs: readonly StreamRun[]): string[] {
  const messages = messagesOf(story);
  const read = runs.filter(({ replay }) => !replay).reduce((sum, { feeds }) => sum + countsOfRun(feeds).read, 0);
  const wanted = totalsOf(messages.filter((each) => !neverFits(each, story.limits)).map(({ data }) => data));
  const found = runs.map(letIn).reduce(added, nothing);
  return [
    ...(read === messages.length ? [] : [`${read} messages are read, of ${messages.length}`]),
    ...(found.messages === wanted.messages && found.bytes === wanted.bytes
      ? []
      : [`${JSON.stringify(found)} are let in, of ${JSON.stringify(wanted)}`]),
    ...runs.filter(({ feeds }) => !balanced(countsOfRun(feeds))).map(({ id }) => `${id} does not balance`),
  ];
}

const nothing: MessageTotals = Object.freeze({ messages: 0, bytes: 0 });
const added = (a: MessageTotals, b: MessageTotals): MessageTotals => ({
  messages: a.messages + b.messages,
  bytes: a.bytes + b.bytes,
});
const totalsOf = (all: readonly Uint8Array[]): MessageTotals =>
  all.map(({ byteLength }) => ({ messages: 1, bytes: byteLength })).reduce(added, nothing);

/** As `sluice audit`, long after everything has happened. */
async function wrongBooks({ ports, stored }: Stream, streams: readonly StreamRun[]): Promise<string[]> {
  const { registry, ledger } = ports;
  const used = await Promise.all(
    days.map(async (day) => [day, await registry.list<ShardUsage>(messageUsagePart(day))] as const),
  );
  const messageUsage = used
    .filter(([, noted]) => noted.length > 0)
    .map(([day, noted]) => [day, totalUsed(noted.map(({ value }) => value))] as const);
  const keys = [...stored.keys()].map((name) => name.slice(REJECTS.length + 1));
  const { disagreements } = audit({
    tenant: 'acme',
    now: new Date(8.64e15),
    streams,
    ...(await storedMessages(keys.filter(isOfStream), streams, ledger)),
    messageUsage: new Map(messageUsage),
    kept: new Set((await registry.list(KEPT_PART)).map(({ name }) => name)),
    ...{ runs: [], open: [], staged: [], receipts: [], usage: new Map() },
  });
  return disagreements.map(({ book, about, message }) => `${book}: ${about}: ${message}`);
}

function wrongRows(disturbed: Stream, calm: Stream): string[] {
  const [found, wanted] = [disturbed, calm].map((stream) => stream.rows());
  if (addToDigest('', found ?? [], readingsTable) === addToDigest('', wanted ?? [], readingsTable)) return [];
  return differing('rows', textsOf(found ?? []), textsOf(wanted ?? []));
}

const textsOf = (rows: readonly Readonly<Record<string, unknown>>[]) =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort()));

/** What quota does not decide is as in an undisturbed stream: the counts, and each stored rejection to the letter, but for what a function died of. */
async function wrongEffects(disturbed: Stream, calm: Stream): Promise<string[]> {
  const [found, wanted] = await Promise.all(
    [disturbed, calm].map(async (stream) => [
      ...(await runsOf(stream)).map(({ id, feeds }) => `${id} ${JSON.stringify(countsByFeed(feeds))}`),
      ...[...stream.stored].map(
        ([name, { bytes }]) => `${name} ${Buffer.from(bytes).toString().replace('it did not return', DEATH)}`,
      ),
    ]),
  );
  return differing('effects', found ?? [], wanted ?? []);
}

const countsByFeed = (feeds: StreamRun['feeds']) =>
  Object.entries(feeds)
    .map(([feed, { counts, bytes }]) => [feed, counts, bytes])
    .sort();

function differing(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  const [has, wants] = [new Set(found), new Set(wanted)];
  return [
    ...[...has].filter((each) => !wants.has(each)).map((each) => `${what}: too much: ${each}`),
    ...[...wants].filter((each) => !has.has(each)).map((each) => `${what}: missing: ${each}`),
  ];
}
