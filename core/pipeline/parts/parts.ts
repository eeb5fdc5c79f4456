import { forgetPhase, isCancelled, listParts, notePlan, readPlan, standOf, takePart } from '../../control/parts.ts';
import { TransientError } from '../../model/errors.ts';
import type { Phase, Plan } from '../../model/plan.ts';
import { noCounts } from '../../model/row.ts';
import type { FileRun } from '../../model/run.ts';
import type { StoredObject } from '../../ports.ts';
import { needsCheck } from '../../quality/verdict.ts';
import type { CheckedFile } from '../check-file.ts';
import { Cancelled, type HeldRun, hold, takenAway } from '../lease.ts';
import { pause } from '../patience.ts';
import { rejectedPositions } from '../rejects.ts';
import { earliestWriteTime } from '../write-time.ts';
import { type Brought, countedBy, judge, loadedBy, progressOf, readDuplicates, summaryOf, toldBy } from './close.ts';
import { makePlan } from './plan.ts';
import type { PartsWorld, Task } from './task.ts';
import { type Left, workOnPart } from './work.ts';

/** Said instead of an outcome when an attempt has done its share, and others go on with the run. */
export const HANDED_ON = 'handed on';
export type HandedOn = typeof HANDED_ON;

export const isLarge = ({ size }: StoredObject, { large }: Pick<PartsWorld, 'large'>): boolean => size >= large.from;

/**
 * Reads a large file before its load, as `checkFile` does: its parts are counted, and judged where they may cost the file. The run is held alone, before and after; in between
 * it is held by all who work on its parts, and whoever settles the last of them goes on.
 */
export async function checkInParts(held: HeldRun, dated: FileRun, task: Task): Promise<CheckedFile | HandedOn> {
  const { admitted, world } = task;
  const { registry, profileVersion } = world;
  const known = await readPlan(registry, dated);
  const isOld = known !== null && needsCheck(admitted.feed) && known.profileVersion !== profileVersion;
  if (isOld) for (const phase of ['check', 'tell'] as const) await forgetPhase(registry, dated, phase);
  const plan = known && !isOld ? known : await makePlan(known, task);
  if ('code' in plan) return { run: dated, rows: 0, refusal: plan };
  if (plan !== known) await notePlan(registry, dated, plan);

  const run: FileRun = { ...dated, plan: summaryOf(plan, new Map()) };
  const checked = await bring(held, run, plan, 'check', task);
  if (checked === HANDED_ON) return HANDED_ON;
  const closing = { ...task, beat: () => held.beat(held.run()) };
  const judged = await judge(run, checked, closing);
  if (!judged.mustBeTold) return judged.checked;
  const told = await bring(held, run, { ...plan, counted: countedBy(checked) }, 'tell', task);
  return told === HANDED_ON ? HANDED_ON : toldBy(judged.checked, told, closing);
}

/** Loads a large file that has been read before, as `loadFile` does, part by part. */
export async function loadInParts(held: HeldRun, admittedRun: FileRun, task: Task): Promise<FileRun | HandedOn> {
  const { registry } = task.world;
  const plan = await readPlan(registry, admittedRun);
  if (!plan) throw new TransientError('SLU-5003', `the plan of the run ${admittedRun.id} is gone`);
  const counted = plan.counted ?? countedBy({ plan, parts: await listParts(registry, admittedRun, 'check') });
  // Fixed for all parts; a later attempt at one only ever raises it.
  const writeTimeBase = Math.max(admittedRun.writeTimeBase, earliestWriteTime(task.world));
  const run: FileRun = { ...admittedRun, writeTimeBase, counts: noCounts(), firstRejections: [], digest: '' };
  const brought = await bring(held, run, { ...plan, counted }, 'load', task);
  if (brought === HANDED_ON) return HANDED_ON;
  return loadedBy(run, brought, { ...task, beat: () => held.beat(held.run()) });
}

/**
 * Joins those who hold a run and work on its parts; null when there is nothing to help with. `work` does so, and answers true when the phase came to an end by it: then
 * the run is held alone.
 */
export async function join(
  run: FileRun,
  task: Task,
): Promise<{ readonly held: HeldRun; work(): Promise<boolean> } | null> {
  const { registry, ledger, large, clock } = task.world;
  const plan = await readPlan(registry, run);
  if (!plan) return null;
  const { held, settled } = standOf(plan, await listParts(registry, run, plan.phase), clock.now());
  if (!settled && held >= large.workers) return null;
  const stored = await ledger.find(run);
  if (!stored?.until) return null;
  const lease = { run: stored.run, owner: everybody(run, plan.phase), until: stored.until };
  const joined = hold(lease, task.world);
  // Held alone by somebody who plans, decides or closes, it is in good hands.
  if (!(await joined.hand(lease.owner))) return null;
  return { held: joined, work: async () => (await work(joined, plan, task)) !== HANDED_ON };
}

/** Who holds a run while its parts are worked on. */
const everybody = ({ id }: Pick<FileRun, 'id'>, phase: Phase): string => `${id} ${phase}`;

/** Brings a phase to its end, with others. */
async function bring(held: HeldRun, run: FileRun, known: Plan, phase: Phase, task: Task): Promise<Brought | HandedOn> {
  const { registry, clock, queue, large } = task.world;
  const plan = known.phase === phase ? known : { ...known, phase, since: clock.now().getTime() };
  const parts = await listParts(registry, run, phase);
  const { settled, end, ended } = standOf(plan, parts, clock.now());
  if (settled) return { plan, parts };
  if (await isCancelled(registry, run)) throw new Cancelled(held.run());
  await held.note({ ...run, ...progressOf(plan, parts) });
  await notePlan(registry, run, plan);
  for (let others = Math.min(large.workers, end - ended) - 1; others > 0; others--) await queue.send(task.delivery);
  if (!(await held.hand(everybody(run, phase)))) throw takenAway(run);
  return work(held, plan, task);
}

/** Works on parts as long as there are any and there is time. Whoever finds all settled holds the run alone from then on. */
async function work(held: HeldRun, plan: Plan, task: Task): Promise<Brought | HandedOn> {
  const { world, file, admitted, delivery } = task;
  const { registry, clock, owner, objects, rejectsBucket, large } = world;
  const run = held.run();
  const until = large.handOver[plan.goesOn];
  const list = () => listParts(registry, run, plan.phase);
  const beat = async () => void (await held.beat(async () => ({ ...held.run(), ...progressOf(plan, await list()) })));
  const only =
    plan.phase === 'load' && run.rejectsOf !== null
      ? await rejectedPositions(objects, rejectsBucket, run, run.rejectsOf)
      : null;
  const duplicates = plan.phase === 'tell' ? await readDuplicates(run, world) : new Map();
  // Whoever comes brings the run on by a window at the least, however late he is: else all could hand it on for ever.
  let left: Left | null = (await isCancelled(registry, run)) ? 'cancelled' : null;
  for (;;) {
    const parts = await list();
    const { settled, held: taken } = standOf(plan, parts, clock.now());
    if (left === 'cancelled') return stop();
    if (settled) return (await held.hand(owner)) ? { plan, parts } : HANDED_ON;
    if (left === 'time' || (left === 'ended' && clock.now() >= until)) {
      await held.leave({ ...held.run(), ...progressOf(plan, parts) });
      await world.queue.send(delivery);
      return HANDED_ON;
    }
    const part = await takePart(registry, run, plan, parts, owner, clock.now());
    if (part) left = await workOnPart(part, { run, plan, file, admitted, world, owner, only, duplicates, until, beat });
    else if (taken > 0) return HANDED_ON;
  }

  /** Ends the run as it stands, when nobody is at it any more. */
  async function stop(): Promise<HandedOn> {
    if (!(await held.hand(owner))) return HANDED_ON;
    for (let attempt = 0; standOf(plan, await list(), clock.now()).held > 0; attempt++) {
      await held.beat(held.run());
      if ((await pause(attempt, world.signal)) === 'out of time') throw takenAway(run);
    }
    const brought = { plan, parts: await list() };
    throw new Cancelled(
      plan.phase === 'load'
        ? await loadedBy(held.run(), brought, { ...task, beat: () => held.beat(held.run()) })
        : held.run(),
    );
  }
}
