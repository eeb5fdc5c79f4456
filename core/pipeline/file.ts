import { createHash } from 'node:crypto';
import type { Chunk, Refusal } from '../formats/format.ts';
import { readers } from '../formats/readers.ts';
import { FatalError, TransientError } from '../model/errors.ts';
import { addCounts, noCounts, type Rejection } from '../model/row.ts';
import { type FileRun, NO_FEED, type ObjectRef, type RunState, SAMPLE_SIZE } from '../model/run.ts';
import type { Tenant } from '../model/tenant.ts';
import type { Lease, Ledger, Objects, Sink, StoredObject } from '../ports.ts';
import { type Admitted, admit, feedOf } from './admit.ts';
import { ingest } from './ingest.ts';
import { putFileRejections } from './rejects.ts';
import { PATIENCE_WITH_FILES } from './transform.ts';
import { earliestWriteTime, type WriteTimes } from './write-time.ts';

export interface FileWorld extends WriteTimes {
  readonly tenant: Tenant;
  readonly objects: Objects;
  readonly ledger: Ledger;
  readonly sink: Sink;
  readonly rejectsBucket: string;
  /** Names this attempt: unique among all that ever run. */
  readonly owner: string;
  /** Ends when the function's time is nearly used up. */
  readonly signal: AbortSignal;
}

/** Seconds that a run is safe from other attempts without a sign of life; renewed at half of it. */
export const LEASE_SECONDS = 20;

/**
 * Takes one object version from arrival to the ledger. Answers the run as it stands; an attempt that finds the run settled, or
 * held by another, changes nothing. Throws `TransientError` when the delivery must come again, and anything else when the run has failed.
 */
export async function ingestFile(object: ObjectRef, world: FileWorld): Promise<FileRun> {
  const found = await find(object, world);
  const stored = 'code' in found ? null : found;
  const admitted = 'code' in found ? found : admit(world.tenant, object.key, found.size);
  const claim = await world.ledger.claim(newRun(object, stored, world), world.owner, LEASE_SECONDS);
  if (claim.kind !== 'held') return claim.run;
  if (!stored || 'code' in admitted) {
    const reason = 'code' in admitted ? admitted : null;
    return end(claim.lease, { ...claim.lease.run, state: 'refused', reason }, world);
  }
  try {
    return await load(claim.lease, stored, admitted, world);
  } catch (error) {
    const { run } = claim.lease;
    if (isUnreadable(error)) return end(claim.lease, { ...run, state: 'refused', reason: reasonOf(error) }, world);
    const passing = error instanceof TransientError;
    const ended = passing ? {} : { endedAt: world.clock.now() };
    const state = passing ? 'retrying' : 'failed';
    await world.ledger.settle(claim.lease, { ...run, ...ended, state, reason: reasonOf(error) });
    throw error;
  }
}

async function find(object: ObjectRef, { objects }: FileWorld): Promise<StoredObject | Refusal> {
  try {
    const gone: Refusal = { code: 'SLU-3005', message: 'the object is gone: deleted before it was read' };
    return (await objects.find(object)) ?? gone;
  } catch (error) {
    if (isUnreadable(error)) return reasonOf(error);
    throw error;
  }
}

const isUnreadable = (error: unknown): error is FatalError => error instanceof FatalError && error.code === 'SLU-3011';

function reasonOf(error: unknown): Refusal {
  if (error instanceof TransientError || error instanceof FatalError)
    return { code: error.code, message: error.message };
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'SLU-5006', message: text.slice(0, 1000) };
}

async function load(
  first: Lease,
  stored: StoredObject,
  { feed, format }: Admitted,
  world: FileWorld,
): Promise<FileRun> {
  const { tenant, clock, ledger } = world;
  let lease = first;
  // An attempt long after the first may find the base out of the database's reach; a later one then only ever raises it.
  const writeTimeBase = Math.max(lease.run.writeTimeBase, earliestWriteTime(world));
  let run: FileRun = { ...lease.run, writeTimeBase, counts: noCounts(), firstRejections: [] };
  const { bucket, key } = run.object;
  const { maxFileRows, maxMessageBytes } = tenant.limits;
  const chunks = readers[format](stored.open(world.signal), { maxRecord: Math.max(maxMessageBytes, 64 * 1024) });

  const { refusal } = await ingest({
    tenant: tenant.id,
    feed,
    origin: `s3://${bucket}/${key}`,
    chunks: atMost(chunks, maxFileRows),
    sink: world.sink,
    signal: world.signal,
    patience: PATIENCE_WITH_FILES,
    writeTimeOf: ({ position }) => run.writeTimeBase + withinSecond(Number(position), maxFileRows),
    settled: async ({ counts, rejected }) => {
      await putFileRejections(world.objects, world.rejectsBucket, run, rejected);
      const total = { ...run.counts };
      addCounts(total, counts);
      run = { ...run, counts: total, firstRejections: firstOf([...run.firstRejections, ...rejected]) };
      if (lease.until.getTime() - clock.now().getTime() > (LEASE_SECONDS * 1000) / 2) return;
      const renewed = await ledger.renew(lease, run, LEASE_SECONDS);
      if (!renewed) throw new TransientError('SLU-5003', `another attempt has taken the run ${run.id}`);
      lease = renewed;
    },
  });
  const state: RunState = refusal ? 'refused' : run.counts.rejected > 0 ? 'partial' : 'loaded';
  return end(lease, { ...run, state, reason: refusal }, world);
}

async function end(lease: Lease, run: FileRun, { ledger, clock }: FileWorld): Promise<FileRun> {
  const ended = { ...run, endedAt: clock.now() };
  if (await ledger.settle(lease, ended)) return ended;
  throw new TransientError('SLU-5003', `another attempt has taken the run ${run.id}`);
}

const firstOf = (rejections: readonly Rejection[]): readonly Rejection[] =>
  rejections
    .toSorted((a, b) => Number(a.position) - Number(b.position))
    .slice(0, SAMPLE_SIZE)
    .map((rejection) => ({ ...rejection, raw: rejection.raw.slice(0, 200) }));

/** Scales a position into one second, in microseconds, so that of two rows with one key the later in the file stays. */
const withinSecond = (position: number, maxRows: number): number =>
  maxRows < 1_000_000 ? position : Math.floor((position * 999_999) / maxRows);

/** Stops reading at the first row beyond the profile's limit. */
async function* atMost(chunks: AsyncIterable<Chunk>, maxRows: number): AsyncGenerator<Chunk> {
  let left = maxRows;
  for await (const chunk of chunks) {
    if (chunk.items.length > left) {
      const message = `the file has more than ${maxRows} rows, which is what the profile allows`;
      return yield { items: chunk.items.slice(0, left), refusal: { code: 'SLU-3007', message } };
    }
    left -= chunk.items.length;
    yield chunk;
  }
}

function newRun(object: ObjectRef, stored: StoredObject | null, world: FileWorld): FileRun {
  const { tenant, clock } = world;
  const now = clock.now();
  const modified = stored?.lastModified ?? now;
  const feed = feedOf(tenant, object.key)?.name ?? NO_FEED;
  const day = modified.toISOString().slice(0, 10);
  const generation = 0;
  const { bucket, key, versionId } = object;
  const digest = createHash('sha256')
    .update(JSON.stringify([bucket, key, versionId, generation]))
    .digest('hex');
  return {
    id: `${feed}.${day.replaceAll('-', '')}.${digest.slice(0, 12)}`,
    feed,
    day,
    object,
    generation,
    attempt: 1,
    state: 'running',
    bytes: stored?.size ?? 0,
    counts: noCounts(),
    writeTimeBase: Math.max(modified.getTime() * 1000, earliestWriteTime(world)),
    startedAt: now,
    endedAt: null,
    reason: null,
    firstRejections: [],
  };
}
