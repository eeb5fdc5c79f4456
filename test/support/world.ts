import { memoryLedger, memoryObjects, memoryRegistry, memorySink } from '../../adapters/memory.ts';
import type { Receipt } from '../../core/model/receipt.ts';
import { arrival, type FileDelivery, type FileRun, type Message, type ObjectRef } from '../../core/model/run.ts';
import type { Tenant } from '../../core/model/tenant.ts';
import { type FileWorld, ingestFile } from '../../core/pipeline/file.ts';
import type { LargeFiles } from '../../core/pipeline/parts/task.ts';
import type { Sink } from '../../core/ports.ts';
import { bytesOf } from './bytes.ts';
import { tenantOf } from './tenant.ts';

/** A sink that writes as the test says. */
export const sinkThat = (write: Sink['write']): Sink => ({ ...memorySink(), write });

export const BUCKET = 'acme-staging';
export const REJECTS = 'acme-rejects';

/** No file is worked on in parts. */
export const inOneGo: LargeFiles = {
  from: Number.POSITIVE_INFINITY,
  partBytes: Number.POSITIVE_INFINITY,
  workers: 1,
  handOver: { seeking: new Date(8.64e15), skipping: new Date(8.64e15) },
};

/** Ports that a test has no questions about. */
export const quiet = () => ({
  registry: memoryRegistry(),
  queue: { send: async () => {} },
  announcements: { announce: async () => {} },
  profileVersion: 'v1',
  nextTry: () => null,
  large: inOneGo,
});

/** Takes an object that has arrived, as the handler of notifications does. */
export const ingestObject = (object: ObjectRef, world: FileWorld): Promise<FileRun> =>
  ingestFile(arrival(object), world);

/** A clock that stands still until it is moved. */
export function testClock(start = '2026-01-02T03:04:05.678Z') {
  let now = Date.parse(start);
  return {
    now: () => new Date(now),
    advance: (seconds: number) => {
      now += seconds * 1000;
    },
  };
}

/** All ports in memory, and the doors through which a test puts things in and looks at what came out. */
export function memoryWorld(tenant: Tenant = tenantOf()) {
  const clock = testClock();
  const sink = memorySink();
  const ledger = memoryLedger(clock);
  const registry = memoryRegistry();
  /** Deliveries that the platform has sent, and receipts that it has announced. */
  const sent: FileDelivery[] = [];
  const announced: Receipt[] = [];
  const { stored, ...objects } = memoryObjects(undefined, clock);
  let attempts = 0;

  return {
    clock,
    sink,
    ledger,
    registry,
    sent,
    announced,
    stored,
    /** What an attempt is given; each has an owner of its own. */
    attempt: () => ({
      tenant,
      clock,
      sink,
      ledger,
      objects,
      registry,
      queue: { send: async (delivery: FileDelivery) => void sent.push(delivery) },
      announcements: { announce: async (receipt: Receipt) => void announced.push(receipt) },
      rejectsBucket: REJECTS,
      stagingBucket: BUCKET,
      profileVersion: 'v1',
      stream: 'acme@2026-01-01T00:00:00.000Z',
      owner: `attempt ${++attempts}`,
      signal: new AbortController().signal,
      large: inOneGo,
      nextTry: () => new Date(clock.now().getTime() + 5000),
    }),
    upload(key: string, content: string | Uint8Array, lastModified = clock.now()) {
      const bytes = typeof content === 'string' ? bytesOf(content) : content;
      stored.set(`${BUCKET}/${key}`, { bytes, lastModified });
      return { bucket: BUCKET, key, versionId: 'v1' };
    },
    /** Stored rejections by the names of their objects below the prefix of all. */
    rejects: () =>
      new Map(
        [...stored]
          .filter(([name]) => name.startsWith(`${REJECTS}/rejects/`))
          .map(([name, { bytes }]) => [name.slice(REJECTS.length + 1), linesOf(bytes)]),
      ),
    runs: (feed = 'readings', day = '2026-01-02'): Promise<readonly FileRun[]> => ledger.fileRuns(feed, day),
  };
}

const linesOf = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** A message with a body, or with bytes as they are; `number` orders it in its shard. */
export const message = (number: number, body: unknown, changes: Partial<Message> = {}): Message => ({
  // As Kinesis builds them: the count of records above the lowest 80 bits.
  position: String((49_000n << 128n) + (BigInt(number) << 80n) + 2n),
  shard: 'shardId-000000000000',
  arrivedAt: new Date(Date.parse('2026-01-02T03:04:05.000Z') + number),
  data: body instanceof Uint8Array ? body : bytesOf(typeof body === 'string' ? body : JSON.stringify(body)),
  ...changes,
});
