import { LambdaClient } from '@aws-sdk/client-lambda';
import { lambdaLoader } from '../adapters/orders.ts';
import { noSearch, workThrough } from '../core/control/work-through.ts';
import type { StreamRun } from '../core/model/run.ts';
import { countsOfRun, streamRunId } from '../core/model/tally.ts';
import { messagesPrefix, type Named, namedBy, rejectedMessage } from '../core/pipeline/rejected-message.ts';
import type { Loader } from '../core/ports.ts';
import { keysUnder, textsOf } from './audit-books.ts';
import { CliError } from './errors.ts';
import type { FoundRun } from './find-run.ts';
import { type Result, table, type Ui } from './ui.ts';
import type { OperatorWorld } from './world.ts';

interface Found extends FoundRun {
  readonly run: StreamRun;
}

/** Messages that are asked for at one time, and longest that a command works on them, in milliseconds. */
const AT_ONCE = 200;
const PATIENCE = 30 * 60_000;
/** Longer than the function may work (infra/stream-ingest.ts). */
const ANSWER = 330_000;

/** The tenant's `ingest-stream`, to be asked as long as the work takes. */
export async function withLoader<T>(
  world: OperatorWorld,
  tenant: string,
  work: (loader: Loader) => Promise<T>,
): Promise<T> {
  const lambda = new LambdaClient({ ...world.aws, maxAttempts: 1 });
  try {
    return await work(lambdaLoader(lambda, world.names(tenant).ingestStream, ANSWER));
  } finally {
    lambda.destroy();
  }
}

/** Loads the rejected messages of a stream run once more, or one of them, with the transform that is deployed now; in a run of its own. */
export async function replayMessages(
  world: OperatorWorld,
  found: Found,
  position: string | undefined,
  ui: Ui,
): Promise<Result> {
  const { tenant, run } = found;
  const keys = await replayable(world, found, position, ui);
  const requestedAt = new Date();
  const minute = new Date(Math.floor(requestedAt.getTime() / 60_000) * 60_000);
  const slot = { stream: run.stream, shard: run.shard, minute, replay: { of: run.id, requestedAt } };
  const id = streamRunId(slot);
  ui.progress('replay', `${keys.length} messages of ${run.id}: run ${id}`);
  const done = new Set<string>();
  const progress = await withLoader(world, tenant.id, (loader) =>
    workThrough(
      {
        remaining: async () => keys.filter((key) => !done.has(key)),
        ask: async (some, condemned) => {
          const answer = await loader.ask({ kind: 'rejects', slot, keys: some, condemned });
          if (answer.kind === 'done') for (const key of some) done.add(key);
          ui.progress('replay', `${done.size} of ${keys.length} done`);
          return answer;
        },
        probe: () => loader.ask({ kind: 'probe' }),
        note: async () => {},
      },
      noSearch,
      { clock: { now: () => new Date() }, until: new Date(Date.now() + PATIENCE), most: AT_ONCE },
    ),
  );
  if (progress.why !== null) {
    throw new CliError('SLU-5003', `${progress.left} messages are left: ${progress.why}`, {
      details: [`what is done is counted in the run ${id}`],
      next: `sluice replay ${run.id}, once the cause is mended`,
    });
  }
  const made = (await world.ledger(tenant.id).streamRunsOf(minute)).find((each) => each.id === id);
  const counts = countsOfRun(made?.feeds ?? {});
  const rows = [
    ['run', 'read', 'loaded', 'dropped', 'rejected'],
    [id, ...[counts.read, counts.loaded, counts.dropped, counts.rejected].map(String)],
  ];
  const data = { tenant: tenant.id, of: run.id, run: id, requestedAt, ...counts };
  const next = counts.rejected > 0 ? [`Next: sluice rejects ${id}`] : [];
  return { data, lines: [...table(rows), ...next], exit: counts.rejected > 0 ? 'rejects' : 'ok' };
}

/** The stored messages of a run that can be loaded again. */
async function replayable(
  world: OperatorWorld,
  { tenant, run }: Found,
  position: string | undefined,
  ui: Ui,
): Promise<string[]> {
  const bucket = world.names(tenant.id).rejects;
  const prefixes = Object.keys(run.feeds).map((feed) => messagesPrefix(feed, run));
  const named = (await keysUnder(world, bucket, prefixes)).map(namedBy).filter(({ settled }) => !settled);
  const asked = named.filter((each) => position === undefined || each.position === position);
  if (asked.length === 0) {
    const what = position === undefined ? 'no rejected messages' : `no rejected message ${position}`;
    throw new CliError('SLU-4003', `the run ${run.id} has ${what}`, { next: `sluice rejects ${run.id}` });
  }
  const whole = await wholeOnes(world, bucket, asked);
  const cut = asked.length - whole.length;
  if (whole.length === 0) {
    const message = `none of the ${cut} rejected messages of ${run.id} was stored whole, by an older version`;
    throw new CliError('SLU-3033', message, { next: 'put the messages on the stream again' });
  }
  if (cut > 0) ui.note(`${cut} messages are left out: an older version has not stored them whole (SLU-3033)`);
  return whole;
}

async function wholeOnes(world: OperatorWorld, bucket: string, named: readonly Named[]): Promise<string[]> {
  const found: string[] = [];
  for (let at = 0; at < named.length; at += AT_ONCE) {
    const keys = named.slice(at, at + AT_ONCE).map(({ key }) => key);
    const texts = await textsOf(world, bucket, keys);
    found.push(...texts.filter(({ text }) => rejectedMessage(text) !== null).map(({ key }) => key));
  }
  return found;
}
