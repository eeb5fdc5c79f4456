import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exportFlights } from '../cli/demo-data.ts';
import { localFile } from '../cli/local-file.ts';
import { randomOf } from '../core/faults/random.ts';
import { TransientError } from '../core/model/errors.ts';
import { arrival, type FileRun, isSettled } from '../core/model/run.ts';
import { defineFeed, type Feed } from '../core/model/tenant.ts';
import { ingestFile } from '../core/pipeline/file.ts';
import { nowhere } from '../core/pipeline/load.ts';
import type { StoredObject } from '../core/ports.ts';
import flights from '../tenants/aviation/feeds/flights.ts';
import { syntheticNotes } from '../test/support/synthetic.ts';
import { tenantOf } from '../test/support/tenant.ts';
import { BUCKET, memoryWorld } from '../test/support/world.ts';

/**
 * `npm run bench:large`: large files through plan, parts and hand-over, with everything but the sink and the store of objects as it is deployed. All 3,000,000 flights as CSV, NDJSON and
 * Parquet, in parts and slices so small that everything happens many times and with attempts that die, must give what reading in one go gives; then an object that is made while it is read,
 * of `--bytes` (20 GB), must go through in constant memory. Prints what it took.
 */
const { values } = parseArgs({ options: { bytes: { type: 'string', default: '20000000000' } } });

const ROWS = 3_000_000;
const limits = { maxFileBytes: 5e13, maxFileRows: 4e9 };

interface Way {
  readonly partBytes: number;
  /** Windows of records that an attempt has time for. */
  readonly slice: number;
  /** How likely an attempt dies at a window. */
  readonly risk: number;
}

/** Works on an object until its run has ended: in one go, or in parts. */
async function worked(stored: StoredObject, key: string, feed: Feed, way: Way | null) {
  const world = memoryWorld(tenantOf(limits, [feed]));
  const random = randomOf(1);
  const object = { bucket: BUCKET, key, versionId: 'v1' };
  let [attempts, deaths, peak] = [0, 0, 0];
  world.sent.push(arrival(object));
  for (;;) {
    const delivery = world.sent.shift();
    const [run] = await world.runs(feed.name, stored.lastModified.toISOString().slice(0, 10));
    if (run && isSettled(run.state)) return { run, attempts, deaths, peak };
    if (!delivery) {
      // Whoever died is followed when his lease has run out.
      world.clock.advance(30);
      world.sent.push(arrival(object));
      continue;
    }
    attempts++;
    const given = world.attempt();
    const died = Promise.withResolvers<void>();
    const until = new Date(way ? world.clock.now().getTime() + way.slice * 1000 : 8.64e15);
    const attempted = {
      ...given,
      objects: {
        ...given.objects,
        find: async (ref: typeof object) => (ref.key === key ? stored : given.objects.find(ref)),
      },
      sink: {
        ...nowhere,
        write: async () => {
          peak = Math.max(peak, process.memoryUsage().rss);
          // The clock goes on by a second for each window.
          world.clock.advance(1);
          if (!way || !random.chance(way.risk)) return [];
          deaths++;
          died.resolve();
          return new Promise<never>(() => {});
        },
      },
      large: {
        from: way ? 1 : Number.POSITIVE_INFINITY,
        partBytes: way?.partBytes ?? 1,
        workers: 1,
        handOver: { seeking: until, skipping: until },
      },
    };
    await Promise.race([died.promise, ingestFile(delivery, attempted).catch(onlyPassing)]);
  }
}

function onlyPassing(error: unknown): void {
  if (!(error instanceof TransientError)) throw error;
}

const seen = ({ state, counts, digest, quality, firstRejections }: FileRun) =>
  JSON.stringify({ state, counts, digest, quality, firstRejections });

// First, for what is measured of memory is the process's own.
const { stored, feed, rows, object } = syntheticNotes(Number(values.bytes));
const began = Date.now();
const { run, attempts, peak } = await worked(stored, object.key, feed, {
  partBytes: 64 * 1024 * 1024,
  slice: 100,
  risk: 0,
});
const seconds = (Date.now() - began) / 1000;
if (run.counts.loaded !== rows) throw new Error(JSON.stringify(run));
console.log(
  `an object of ${stored.size} bytes: ${rows} records in ${run.plan?.parts} parts and ${attempts} attempts, ${Math.round(seconds)} s, ${Math.round(peak / 1024 / 1024)} MiB resident at most`,
);

for (const format of ['csv', 'ndjson', 'parquet'] as const) {
  const file = join(tmpdir(), `sluice-flights.${format}`);
  if (!existsSync(file)) await exportFlights({ from: 0, rows: ROWS, format, file });
  const stored = await localFile(file);
  const key = `flights/all.${format}`;
  const feed = defineFeed(flights);
  const whole = await worked(stored, key, feed, null);
  const { run, attempts, deaths } = await worked(stored, key, feed, { partBytes: 2_000_000, slice: 5, risk: 0.02 });
  if (seen(run) !== seen(whole.run)) throw new Error(`${format}: ${seen(run)}\nin one go: ${seen(whole.run)}`);
  const { parts, handOvers, takeOvers } = run.plan ?? { parts: 0, handOvers: 0, takeOvers: 0 };
  console.log(
    `${format}: ${run.counts.read} records in ${parts} parts, ${attempts} attempts, of which ${deaths} died; handed on ${handOvers} times, taken over ${takeOvers} times; as in one go`,
  );
}
