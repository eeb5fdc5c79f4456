import { sqsQueue } from '../adapters/deliveries.ts';
import { s3Objects } from '../adapters/s3.ts';
import { type FileDelivery, type FileRun, isSettled } from '../core/model/run.ts';
import { runIdOf } from '../core/pipeline/new-run.ts';
import { shownRun } from '../core/report/liveness.ts';
import { CliError } from './errors.ts';
import { type FoundRun, findRun } from './find-run.ts';
import { follow } from './follow.ts';
import { queueUrls } from './queues.ts';
import { replayMessages } from './replay-messages.ts';
import { bytes, type Result, table, type Ui } from './ui.ts';
import { inWorld, type OperatorWorld } from './world.ts';

export interface ReplayOptions {
  readonly rejectsOnly?: boolean | undefined;
  readonly wait?: boolean | undefined;
  /** Of a run of messages: the position of the only one that is meant. */
  readonly message?: string | undefined;
}

interface Found extends FoundRun {
  readonly run: FileRun;
}

/** `sluice replay`: loads a run's file once more, as the next generation, or its rejected messages, with the transform that is deployed now. */
export const runReplay = (id: string, options: ReplayOptions, ui: Ui): Promise<Result> =>
  inWorld(async (world) => {
    const named = await findRun(world, id);
    if (!('object' in named.run)) return replayMessages(world, { ...named, run: named.run }, options.message, ui);
    const found = { ...named, run: named.run };
    const { run } = found;
    if (!isSettled(run.state)) {
      throw new CliError('SLU-4003', `the run ${id} has not ended, it is ${run.state}`, {
        next: `sluice runs reset ${id}`,
      });
    }
    if (options.rejectsOnly && run.counts.rejected === 0) {
      throw new CliError('SLU-4003', `the run ${id} has no rejects to replay`, { next: `sluice replay ${id}` });
    }
    const delivery = await nextGeneration(world, found, options.rejectsOnly ? id : null);
    return deliver(world, found, delivery, options, ui);
  });

/** `sluice runs reset`: begins a run anew, whatever became of it: what has ended as the next generation, what is stuck at once. */
export const runReset = (id: string, options: Pick<ReplayOptions, 'wait'>, ui: Ui): Promise<Result> =>
  inWorld(async (world) => {
    const found = await fileRunNamed(world, id);
    const { run } = found;
    if (isSettled(run.state)) return deliver(world, found, await nextGeneration(world, found, null), options, ui);
    const until = (await world.ledger(found.tenant.id).find(run))?.until ?? null;
    const { state } = shownRun(run, until, new Date());
    if (state === 'running') {
      throw new CliError('SLU-4003', `the run ${id} is at work: its attempt has given a sign of life`, {
        next: `sluice runs show ${id}`,
      });
    }
    if (state === 'deferred') {
      const message = `the run ${id} waits until ${run.deferredUntil?.toISOString()}: ${run.reason?.message ?? 'by its profile'}`;
      throw new CliError('SLU-4003', message, { next: `sluice quota ${found.tenant.id}` });
    }
    const { object, generation, requestedAt, rejectsOf } = run;
    return deliver(world, found, { object, generation, requestedAt, rejectsOf }, options, ui);
  });

/** `sluice runs cancel`: stops a run. */
export const runCancel = (id: string, options: Pick<ReplayOptions, 'wait'>, ui: Ui): Promise<Result> =>
  inWorld(async (world) => {
    const { tenant, run } = await fileRunNamed(world, id);
    if (isSettled(run.state)) {
      throw new CliError('SLU-4003', `the run ${id} has ended, it is ${run.state}`, { next: `sluice runs show ${id}` });
    }
    const { object, generation, requestedAt, rejectsOf } = run;
    const { queue } = await queueUrls(world, tenant.id);
    await sqsQueue(world.sqs, queue).cancel({ object, generation, requestedAt, rejectsOf });
    ui.progress('queue', `${run.object.key}: run ${id} is to be stopped`);
    const [ended] = options.wait ? await follow([run], world.ledger(tenant.id), ui) : [];
    const data = { tenant: tenant.id, run: id, ended: ended ?? null };
    if (!ended) return { data, lines: [`run ${id} is asked to stop`, `Next: sluice runs show ${id}`] };
    return { data, lines: endOf(id, ended), exit: ended.state === 'cancelled' ? 'ok' : 'rejects' };
  });

async function fileRunNamed(world: OperatorWorld, id: string): Promise<Found> {
  const found = await findRun(world, id);
  if ('object' in found.run) return { ...found, run: found.run };
  throw new CliError('SLU-4003', `${id} is a run of messages: it has no file to begin anew`, {
    next: `sluice replay ${id}, for those that it has rejected`,
  });
}

/** All generations of a version lie in one partition; two who ask at the same time get the same one, and it is loaded once. */
async function nextGeneration(
  world: OperatorWorld,
  { tenant, run }: Found,
  rejectsOf: string | null,
): Promise<FileDelivery> {
  const { bucket, key, versionId } = run.object;
  if (!(await s3Objects(world.s3).find(run.object))) {
    throw new CliError('SLU-3005', `s3://${bucket}/${key} is gone in the version that the run was about`, {
      exit: 'notFound',
      next: 'upload the file again',
    });
  }
  const runs = await world.ledger(tenant.id).fileRuns(run.feed, run.day);
  const same = runs.filter(({ object }) => object.key === key && object.versionId === versionId);
  const generation = Math.max(...same.map((each) => each.generation)) + 1;
  return { object: run.object, generation, requestedAt: Date.now(), rejectsOf };
}

async function deliver(
  world: OperatorWorld,
  { tenant, run }: Found,
  delivery: FileDelivery,
  { wait }: Pick<ReplayOptions, 'wait'>,
  ui: Ui,
): Promise<Result> {
  const ref = runIdOf(tenant, delivery, run.modified);
  const { queue } = await queueUrls(world, tenant.id);
  await sqsQueue(world.sqs, queue).send(delivery);
  const what = delivery.rejectsOf ? 'the rejects' : bytes(run.bytes);
  ui.progress('queue', `${run.object.key}, ${what}, generation ${delivery.generation}: run ${ref.id}`);
  const [ended] = wait ? await follow([ref], world.ledger(tenant.id), ui) : [];
  const data = { tenant: tenant.id, of: run.id, run: ref.id, ...delivery, ended: ended ?? null };
  if (!ended) return { data, lines: [`run ${ref.id} is on its way`, `Next: sluice runs show ${ref.id}`] };
  const { state } = ended;
  return {
    data,
    lines: endOf(ref.id, ended),
    exit: state === 'loaded' ? 'ok' : state === 'failed' ? 'failed' : 'rejects',
  };
}

const endOf = (id: string, { state, counts, reason }: Pick<FileRun, 'state' | 'counts' | 'reason'>): string[] =>
  table([
    ['run', 'state', 'read', 'loaded', 'dropped', 'rejected', 'reason'],
    [
      id,
      state,
      ...[counts.read, counts.loaded, counts.dropped, counts.rejected].map(String),
      reason ? `${reason.code} ${reason.message}` : '',
    ],
  ]);
