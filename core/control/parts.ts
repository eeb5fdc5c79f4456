import type { Part, Phase, Plan } from '../model/plan.ts';
import { noCounts } from '../model/row.ts';
import type { FileRun } from '../model/run.ts';
import type { Registry } from '../ports.ts';

/**
 * The plan of a large file and how far its parts have come: documents of the registry, which change by compare-and-set alone. Whoever takes a part has a lease
 * on it, and what he notes counts only while it is his.
 */

type Run = Pick<FileRun, 'id'>;

const planPart = ({ id }: Run): string => `plan/${id}`;
const partsPart = ({ id }: Run, phase: Phase): string => `parts/${id}/${phase}`;
/** Names in the order of the parts. */
const nameOf = (index: number): string => String(index).padStart(5, '0');

/** Seconds that a part is safe from others without a sign of life. */
export const PART_LEASE_SECONDS = 20;

/** Functions that may die on a part in a row, without bringing it on, before it is given up: what kills for ever must not be paid for ever. */
const MOST_DEATHS = 5;

export const readPlan = (registry: Pick<Registry, 'read'>, run: Run): Promise<Plan | null> =>
  registry.read<Plan>(planPart(run), 'plan');

export const notePlan = (registry: Registry, run: Run, plan: Plan): Promise<void> =>
  registry.change<Plan, void>(planPart(run), 'plan', () => ({ value: plan, result: undefined }));

/** How far the parts have come in a phase, by their index; one that has not been begun is absent. */
export async function listParts(registry: Pick<Registry, 'list'>, run: Run, phase: Phase): Promise<Map<number, Part>> {
  const parts = await registry.list<Part>(partsPart(run, phase));
  return new Map(parts.map(({ name, value }) => [Number(name), value]));
}

const fresh: Part = {
  owner: null,
  until: 0,
  state: 'open',
  counts: noCounts(),
  after: null,
  saved: null,
  lines: null,
  hash: null,
  stop: null,
  handOvers: 0,
  takeOvers: 0,
  deaths: 0,
};

const isHeld = ({ state, owner, until }: Part, now: Date): boolean =>
  state === 'open' && owner !== null && until > now.getTime();

/**
 * How a phase stands. `settled`: nothing is left that anybody could go on with, or should: behind a part that was stopped nothing is begun, as if the file
 * had been read in one go.
 */
export function standOf({ stretches }: Plan, parts: ReadonlyMap<number, Part>, now: Date) {
  const stopped = [...parts].flatMap(([index, { state }]) => (state === 'stopped' ? [index] : []));
  const end = Math.min(stretches.length, ...stopped);
  const held = [...parts.values()].filter((part) => isHeld(part, now)).length;
  const ended = [...parts].filter(([index, { state }]) => index < end && state !== 'open').length;
  return { end, held, ended, settled: ended === end && held === 0 };
}

export interface TakenPart {
  readonly index: number;
  readonly part: Part;
}

/** Takes the first part that nobody holds; null when there is none. */
export async function takePart(
  registry: Registry,
  run: Run,
  plan: Plan,
  parts: ReadonlyMap<number, Part>,
  owner: string,
  now: Date,
): Promise<TakenPart | null> {
  for (let index = 0; index < standOf(plan, parts, now).end; index++) {
    const known = parts.get(index);
    if (known && (known.state !== 'open' || isHeld(known, now))) continue;
    const part = await registry.change<Part, Part | null>(partsPart(run, plan.phase), nameOf(index), (before) => {
      const free = before ?? fresh;
      if (free.state !== 'open' || (isHeld(free, now) && free.owner !== owner)) return { value: before, result: null };
      const taken = takenBy(free, owner, now);
      return { value: taken, result: taken };
    });
    if (part?.state === 'open') return { index, part };
    // It has just been given up: nothing else is to be begun.
    if (part) return null;
  }
  return null;
}

function takenBy(free: Part, owner: string, now: Date): Part {
  const until = now.getTime() + PART_LEASE_SECONDS * 1000;
  const died = free.owner !== null && free.owner !== owner;
  const [takeOvers, deaths] = died ? [free.takeOvers + 1, free.deaths + 1] : [free.takeOvers, free.deaths];
  const part = { ...free, owner, until, takeOvers, deaths };
  if (deaths <= MOST_DEATHS) return part;
  const message = `the function has died on it ${deaths} times`;
  return { ...part, owner: null, state: 'stopped', stop: { state: 'failed', code: 'SLU-5009', message } };
}

/** Notes how far the holder of a part has come; false when another has taken it. */
export const notePart = (
  registry: Registry,
  run: Run,
  phase: Phase,
  index: number,
  owner: string,
  change: Partial<Part>,
): Promise<boolean> => {
  // It goes on: who dies from here on has died of something else.
  const noted = change.counts ? { ...change, deaths: 0 } : change;
  return registry.change<Part, boolean>(partsPart(run, phase), nameOf(index), (before) => {
    if (before?.owner === owner) return { value: { ...before, ...noted }, result: true };
    // The answer to the same note may have been lost.
    const same =
      before !== null && noted.owner === null && JSON.stringify({ ...before, ...noted }) === JSON.stringify(before);
    return { value: before, result: same };
  });
};

/** Forgets a phase, to begin it anew. */
export async function forgetPhase(registry: Registry, run: Run, phase: Phase): Promise<void> {
  for (const { name } of await registry.list(partsPart(run, phase))) {
    await registry.change(partsPart(run, phase), name, () => ({ value: null, result: undefined }));
  }
}

/** Forgets plan and parts; the plan goes last, so that a crash on the way leaves something to go on from. */
export async function forgetPlan(registry: Registry, run: Run): Promise<void> {
  for (const phase of ['check', 'tell', 'load'] as const) await forgetPhase(registry, run, phase);
  for (const name of ['cancel', 'plan']) {
    await registry.change(planPart(run), name, () => ({ value: null, result: undefined }));
  }
}

/** Asks that a run be stopped. */
export const askToCancel = (registry: Registry, run: Run, at: Date): Promise<void> =>
  registry.change<number, void>(planPart(run), 'cancel', (before) => ({
    value: before ?? at.getTime(),
    result: undefined,
  }));

export const isCancelled = async (registry: Registry, run: Run): Promise<boolean> =>
  (await registry.read<number>(planPart(run), 'cancel')) !== null;
