import { tick } from '../../core/control/tick.ts';
import type { Random } from '../../core/faults/random.ts';
import { FatalError, TransientError } from '../../core/model/errors.ts';
import { arrival, type FileRun, isSettled, type ObjectRef } from '../../core/model/run.ts';
import { ingestFile } from '../../core/pipeline/file.ts';
import type { SinkRow } from '../../core/ports.ts';
import type { memoryWorld } from './world.ts';

type World = ReturnType<typeof memoryWorld>;

export interface InParts {
  readonly partBytes: number;
  readonly workers?: number;
  /** Seconds that an attempt has; each window that it writes takes one. */
  readonly slice?: number;
  /** How likely an attempt dies when it writes a window, and by what; never when absent. */
  readonly deaths?: { readonly random: Random; readonly risk: number };
  /** Whether an attempt dies when it writes these rows. */
  kills?(rows: readonly SinkRow[]): boolean;
  /** Called after each window that is written. */
  seen?(): Promise<void>;
}

/** Deliveries are worked on by attempts, side by side where there are several, until the run has ended. */
export async function loadedInParts(
  world: World,
  object: ObjectRef,
  { partBytes, workers = 1, slice = 60, deaths, kills, seen }: InParts,
) {
  world.sent.push(arrival(object));
  let attempts = 0;
  let run: FileRun | null = null;

  const attempt = async (delivery: ReturnType<typeof arrival>): Promise<void> => {
    attempts++;
    const given = world.attempt();
    const until = new Date(world.clock.now().getTime() + slice * 1000);
    let dead = false;
    const died = Promise.withResolvers<void>();
    const sink = {
      ...given.sink,
      async write(...rows: Parameters<typeof given.sink.write>) {
        if (dead) return new Promise<never>(() => {});
        if (deaths?.random.chance(deaths.risk) || kills?.(rows[1])) {
          dead = true;
          // Some of the rows are there.
          await given.sink.write(rows[0], rows[1].slice(0, Math.ceil(rows[1].length / 2)), rows[2]);
          died.resolve();
          return new Promise<never>(() => {});
        }
        world.clock.advance(1);
        const failures = await given.sink.write(...rows);
        await seen?.();
        return failures;
      },
    };
    const large = { from: 1, partBytes, workers, handOver: { seeking: until, skipping: until } };
    const work = ingestFile(delivery, { ...given, sink, large });
    // What has failed for good stands in the ledger.
    await Promise.race([died.promise, work.catch(onlyForeseen)]);
    const [found] = (await world.runs()).filter((one) => one.object.versionId === object.versionId);
    run = found ?? null;
  };

  for (let rounds = 0; rounds < 10_000; rounds++) {
    const deliveries = world.sent.splice(0, workers);
    if (deliveries.length === 0) {
      if (run && isSettled((run as FileRun).state)) return { run: run as FileRun, attempts };
      // Whoever died is followed when his leases have run out.
      world.clock.advance(61);
      await tick(world.attempt());
      continue;
    }
    await Promise.all(deliveries.map(attempt));
  }
  throw new Error('the run never ends');
}

function onlyForeseen(error: unknown): void {
  if (!(error instanceof TransientError || error instanceof FatalError)) throw error;
}
