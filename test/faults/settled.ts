import { memoryLedger, memoryRegistry, memorySink } from '../../adapters/memory.ts';
import { USAGE_PART } from '../../core/control/admission.ts';
import type { Usage } from '../../core/control/usage.ts';
import { listOpen } from '../../core/control/waiting.ts';
import { lastReceipts, type Receipt } from '../../core/model/receipt.ts';
import { arrival, type FileRun, hasLoaded, isSettled, NO_FEED } from '../../core/model/run.ts';
import type { Limits } from '../../core/model/tenant.ts';
import { addToDigest } from '../../core/pipeline/digest.ts';
import { ingestFile } from '../../core/pipeline/file.ts';
import { audit, type Books } from '../../core/report/audit.ts';
import { inOneGo, REJECTS } from '../support/world.ts';
import type { platform } from './platform.ts';
import { feedsThat, type Story, tenantWith, type Upload } from './story.ts';

type Platform = ReturnType<typeof platform>;
type Rows = ReturnType<typeof memorySink>;

/** What must be true when nothing happens any more, whatever has happened before; answers what is not. */
export async function wrongs(story: Story, world: Platform): Promise<string[]> {
  const runs = await allRuns(story, world);
  return [
    ...world.unforeseen.map((error) => `unforeseen: ${String(error)}`),
    ...(await wrongBooks(story, world)),
    ...wrongRuns(story, world, runs),
    ...(await untold(story, world, runs)),
    ...(await wrongRows(story, world, runs)),
  ];
}

async function allRuns({ tenant }: Story, { bucket, ledger }: Platform): Promise<FileRun[]> {
  const days = new Set(bucket.staged.map(({ lastModified }) => lastModified.toISOString().slice(0, 10)));
  const feeds = [...tenant.feeds.map(({ name }) => name), NO_FEED];
  return (await Promise.all([...days].flatMap((day) => feeds.map((feed) => ledger.fileRuns(feed, day))))).flat();
}

/** All books, as they are read for an audit long after everything has happened. */
export async function booksOf(story: Story, world: Platform): Promise<Books> {
  const runs = await allRuns(story, world);
  const usage = new Map((await world.registry.list<Usage>(USAGE_PART)).map(({ name, value }) => [name, value]));
  const rejects = new Map<string, number>();
  for (const [name, text] of world.bucket.written('rejects')) {
    const run = name.split('/')[3] as string;
    rejects.set(run, (rejects.get(run) ?? 0) + text.trimEnd().split('\n').length);
  }
  const receipts = [...world.bucket.written('receipts').values()].map((text) => JSON.parse(text) as Receipt);
  return {
    tenant: story.tenant.id,
    now: new Date(8.64e15),
    runs,
    streams: [],
    open: await listOpen(world.registry),
    usage,
    staged: world.bucket.staged,
    rejects,
    receipts: lastReceipts(receipts),
    messageUsage: new Map(),
    waiting: new Map(),
    kept: new Set(),
  };
}

async function wrongBooks(story: Story, world: Platform): Promise<string[]> {
  const books = await booksOf(story, world);
  const { limits } = story.tenant;
  const over = [...books.usage].flatMap(([day, used]) => beyond(limits, used).map((name) => `${day}: over ${name}`));
  return [
    ...audit(books).disagreements.map(({ book, about, message }) => `${book}: ${about}: ${message}`),
    ...books.open.map(({ run }) => `still open: ${run.id}`),
    ...over,
  ];
}

const beyond = ({ filesPerDay, rowsPerDay }: Limits, { files, rows }: Usage): string[] => [
  ...(filesPerDay !== undefined && files > filesPerDay ? ['filesPerDay'] : []),
  ...(rowsPerDay !== undefined && rows > rowsPerDay ? ['rowsPerDay'] : []),
];

/** Each version has one run, which ended as the version deserves. */
function wrongRuns(story: Story, world: Platform, runs: readonly FileRun[]): string[] {
  const found: string[] = [];
  if (runs.length !== world.bucket.staged.length)
    found.push(`${world.bucket.staged.length} versions, ${runs.length} runs`);
  for (const run of runs) {
    const { key, versionId } = run.object;
    const about = `${run.id} (${key} ${versionId})`;
    const uploadOf = (one: FileRun) => story.uploads[Number(one.object.versionId.slice(1)) - 1] as Upload;
    const { fate, content } = uploadOf(run);
    const others = runs.filter((other) => other !== run);
    const late = others.some(
      (other) => other.object.key === key && hasLoaded(other.state) && other.modified >= run.modified,
    );
    const { sameContent } = story.tenant.feeds.find(({ name }) => name === run.feed) ?? {};
    const twice = others.some((other) => uploadOf(other).content === content && hasLoaded(other.state));
    if (sameContent === 'skip' && hasLoaded(run.state) && twice) found.push(`${about}: its content is loaded twice`);
    const known = others.some((other) => uploadOf(other).content === content && hasLoaded(other.state));
    const deserved = run.state === fate || (run.state === 'superseded' && late) || (run.state === 'skipped' && known);
    if (!deserved) found.push(`${about} is ${run.state} (${run.reason?.message}), and should be ${fate}`);
    if (!isSettled(run.state)) found.push(`${about} is ${run.state}`);
    if (!world.announced.some((receipt) => receipt.run === run.id && receipt.state === run.state))
      found.push(`${about}: its end was not announced`);
  }
  return found;
}

/** Whoever sent a file that is refused for its records finds all of them. */
async function untold(story: Story, world: Platform, runs: readonly FileRun[]): Promise<string[]> {
  const { rejects } = await booksOf(story, world);
  const refused = runs.filter(({ quality }) => quality?.checked?.refusal);
  return refused.flatMap(({ id, quality }) => {
    const [told, found] = [rejects.get(id) ?? 0, quality?.checked?.counts.rejected];
    return told === found ? [] : [`${id}: ${found} records are bad, and ${told} are told`];
  });
}

/** The rows are those of the files that have loaded, loaded once more in their order with nothing in the way. */
async function wrongRows(story: Story, world: Platform, runs: readonly FileRun[]): Promise<string[]> {
  const loaded = runs.filter(({ state }) => hasLoaded(state)).toSorted((a, b) => a.writeTimeBase - b.writeTimeBase);
  const sink = memorySink();
  const registry = memoryRegistry();
  const clock = { now: () => new Date(loaded[0]?.startedAt ?? 0) };
  const ledger = memoryLedger(clock);
  const manifests = new Map<string, string>();
  const calm = {
    tenant: tenantWith({
      feeds: feedsThat('load'),
      limits: { ...story.tenant.limits, filesAtOnce: 100, filesPerDay: 1e5, rowsPerDay: 1e9 },
    }),
    clock,
    ledger,
    registry,
    sink,
    objects: {
      ...world.bucket.objects,
      put: async (_bucket: string, key: string, text: string) => void manifests.set(key, text),
      texts: manifestsOf(manifests),
    },
    queue: { send: async () => {} },
    announcements: { announce: async () => {} },
    profileVersion: 'v1',
    rejectsBucket: REJECTS,
    owner: 'calm',
    nextTry: () => null,
    signal: new AbortController().signal,
    large: inOneGo,
  };
  const found: string[] = [];
  for (const run of loaded) {
    const again = await ingestFile(arrival(run.object), { ...calm, owner: `calm ${run.id}` });
    if (JSON.stringify(again.quality) !== JSON.stringify(run.quality))
      found.push(`${run.id}: ${JSON.stringify(run.quality)}, undisturbed ${JSON.stringify(again.quality)}`);
    if (again.digest !== run.digest || JSON.stringify(again.counts) !== JSON.stringify(run.counts))
      found.push(
        `${run.id} has ${JSON.stringify(run.counts)}, undisturbed (${again.state}) ${JSON.stringify(again.counts)}`,
      );
  }
  for (const { table } of story.tenant.feeds) {
    const [disturbed, undisturbed] = [world.sink, sink].map((rows: Rows) =>
      addToDigest('', rows.rows(table.name), table),
    );
    if (disturbed === undisturbed) continue;
    const text = (rows: Rows) => rows.rows(table.name).map((row) => JSON.stringify(Object.entries(row).sort()));
    const [has, wants] = [new Set(text(world.sink)), new Set(text(sink))];
    found.push(`rows of ${table.name}: too many ${without(has, wants)}; missing ${without(wants, has)}`);
  }
  return found;
}

const without = (some: ReadonlySet<string>, others: ReadonlySet<string>) =>
  [...some]
    .filter((one) => !others.has(one))
    .slice(0, 5)
    .join(' ');

const manifestsOf = (manifests: ReadonlyMap<string, string>) =>
  async function* (_bucket: string, prefix: string) {
    for (const [name, text] of manifests) if (name.startsWith(prefix)) yield text;
  };
