import { type FileRun, isSettled, placeOf } from '../model/run.ts';
import type { Feed } from '../model/tenant.ts';
import type { Registry } from '../ports.ts';
import { type AdmissionWorld, type Decision, historyPart, TURN, tooLate, versionOf } from './admission.ts';
import type { KeyHistory } from './history.ts';
import { listOpen } from './waiting.ts';

/**
 * Versions of one key replace each other one after the other: of two at the same time neither would know what rows the other leaves behind. A run has
 * its turn from before its first row until its end.
 */
interface Turn {
  readonly run: string;
}

const NAME = 'turn';

/** Whether a version would have to wait for another one now, which it may then do before its content is read. */
export async function awaitsTurn(run: FileRun, feed: Feed, world: AdmissionWorld): Promise<Decision | null> {
  if (feed.overwrite !== 'replace') return null;
  const turn = await world.registry.read<Turn>(historyPart(run), NAME);
  return turn && turn.run !== run.id && !(await hasFinished(turn.run, world)) ? wait(turn.run, world) : null;
}

/** Takes the turn of the key's versions, once however often it is asked. */
export async function takeTurn(run: FileRun, feed: Feed, world: AdmissionWorld): Promise<Decision> {
  if (feed.overwrite !== 'replace') return { kind: 'go', run };
  const take = (after: string | null) =>
    world.registry.change<Turn, string | null>(historyPart(run), NAME, (before) => {
      if (before && before.run !== after) return { value: before, result: before.run === run.id ? null : before.run };
      return { value: { run: run.id }, result: null };
    });
  let other = await take(null);
  // An attempt that was left behind may have taken the turn after the end of its run.
  if (other !== null && (await hasFinished(other, world))) other = await take(other);
  if (other !== null) return wait(other, world);
  // A later version may have had its turn since this one was dated.
  const history = await world.registry.read<KeyHistory>(historyPart(run), 'history');
  return tooLate(history, { ...versionOf(run), base: run.writeTimeBase }) ?? { kind: 'go', run };
}

/** Lets the next version of the key begin. */
export const endTurn = (run: FileRun, registry: Registry): Promise<void> =>
  registry.change<Turn, void>(historyPart(run), NAME, (before) => ({
    value: before?.run === run.id ? null : before,
    result: undefined,
  }));

function wait(other: string, { clock }: AdmissionWorld): Decision {
  const until = new Date(clock.now().getTime() + TURN);
  const message = `another version of the file is being loaded, by the run ${other}`;
  return { kind: 'defer', until, waitsFor: 'turn', reason: { code: 'SLU-3017', message } };
}

/** True when a run has ended, with all that its end brings. */
async function hasFinished(id: string, { ledger, registry }: AdmissionWorld): Promise<boolean> {
  const stored = await ledger.find(placeOf(id));
  return stored !== null && isSettled(stored.run.state) && !(await listOpen(registry)).some(({ run }) => run.id === id);
}
