import { type FileRun, isGivenUp, isSettled, placeOf } from '../model/run.ts';
import type { Feed } from '../model/tenant.ts';
import type { Registry } from '../ports.ts';
import {
  type AdmissionWorld,
  admitContent,
  contentPart,
  type Decision,
  historyPart,
  skipsContent,
  TURN,
  tooLate,
  versionOf,
} from './admission.ts';
import type { KeyHistory } from './history.ts';
import { listOpen } from './waiting.ts';

/**
 * What only one run may do at a time. Versions of one key replace each other one after the other: of two at the same time neither would know what
 * rows the other leaves behind. Of files with one content the first is loaded and the others are skipped, where the profile says so. A run has its
 * turn from before its first row until its end.
 */
interface Turn {
  readonly run: string;
  /** The attempt that has taken it: whoever follows a holder that was given up must see when it is taken up again. */
  readonly attempt: number;
}

const NAME = 'turn';

/** Whether a version would have to wait for another one now, which it may then do before its content is read. */
export async function awaitsTurn(run: FileRun, feed: Feed, world: AdmissionWorld): Promise<Decision | null> {
  if (feed.overwrite !== 'replace') return null;
  const turn = await world.registry.read<Turn>(historyPart(run), NAME);
  if (!turn || turn.run === run.id) return null;
  const holder = await look(turn, world);
  return holder.ended ? null : wait(holder, VERSION, world);
}

/** Takes the turn of the key's versions, once however often it is asked. */
export async function takeTurn(run: FileRun, feed: Feed, world: AdmissionWorld): Promise<Decision> {
  if (feed.overwrite !== 'replace') return { kind: 'go', run };
  // An attempt that was left behind may have taken the turn after the end of its run.
  const other = await take(historyPart(run), run, ({ ended }) => ended, world);
  if (other) return wait(other, VERSION, world);
  // A later version may have had its turn since this one was dated.
  const history = await world.registry.read<KeyHistory>(historyPart(run), 'history');
  return tooLate(history, { ...versionOf(run), base: run.writeTimeBase }) ?? { kind: 'go', run };
}

/** Takes the turn of the files with one content, once however often it is asked. */
export async function takeContent(run: FileRun, feed: Feed, world: AdmissionWorld): Promise<Decision> {
  if (!skipsContent(run, feed)) return { kind: 'go', run };
  // What a run has written that was given up are rows of the same content: whoever comes next may write them too.
  const isFree = ({ ended, run: holder }: Holder) => ended || (holder !== null && isGivenUp(holder));
  const other = await take(contentPart(feed.name, run.contentHash), run, isFree, world);
  if (other) return wait(other, 'another file with the same content', world);
  // Whoever had the turn before may have loaded the content since it was asked for.
  return admitContent(run, feed, world);
}

/** Lets the next version of the key begin. */
export const endTurn = (run: FileRun, registry: Registry): Promise<void> => end(historyPart(run), run, registry);

/** Lets the next file with the content begin. */
export const endContent = (run: FileRun, feed: Feed, registry: Registry): Promise<void> =>
  skipsContent(run, feed) ? end(contentPart(feed.name, run.contentHash), run, registry) : Promise.resolve();

/** The run that has a turn, as the ledger knows it. */
interface Holder {
  readonly id: string;
  readonly run: FileRun | null;
  /** It has ended, with all that its end brings. */
  readonly ended: boolean;
}

async function look({ run: id }: Turn, { ledger, registry }: AdmissionWorld): Promise<Holder> {
  const run = (await ledger.find(placeOf(id)))?.run ?? null;
  const settled = run !== null && isSettled(run.state);
  return { id, run, ended: settled && !(await listOpen(registry)).some((open) => open.run.id === id) };
}

/** Takes a turn that nobody has, or whose holder may be followed; answers who has it instead. */
async function take(
  part: string,
  { id, attempt }: FileRun,
  isFree: (holder: Holder) => boolean,
  world: AdmissionWorld,
): Promise<Holder | null> {
  let free: Turn | null = null;
  for (;;) {
    const other: Turn | null = await world.registry.change<Turn, Turn | null>(part, NAME, (before) => {
      if (before?.run === id) return { value: before.attempt >= attempt ? before : { run: id, attempt }, result: null };
      const taken = before && (before.run !== free?.run || before.attempt !== free.attempt);
      return taken ? { value: before, result: before } : { value: { run: id, attempt }, result: null };
    });
    if (!other) return null;
    const holder = await look(other, world);
    if (!isFree(holder)) return holder;
    free = other;
  }
}

const end = (part: string, { id }: FileRun, registry: Registry): Promise<void> =>
  registry.change<Turn, void>(part, NAME, (before) => ({
    value: before?.run === id ? null : before,
    result: undefined,
  }));

const VERSION = 'another version of the file';

/** Until the holder's end, which lets the next in; without hearing of it, not before the holder itself goes on. */
function wait({ id, run }: Holder, what: string, { clock }: AdmissionWorld): Decision {
  const goesOn = [run?.deferredUntil, run?.nextTryAt].map((time) => time?.getTime() ?? 0);
  const until = new Date(Math.max(clock.now().getTime() + TURN, ...goesOn));
  const reason = { code: 'SLU-3017', message: `${what} is being loaded, by the run ${id}` } as const;
  return { kind: 'defer', until, waitsFor: 'turn', reason };
}
