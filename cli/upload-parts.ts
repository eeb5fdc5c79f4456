import type { Lent, LentMemory } from './lent-memory.ts';
import type { Teller } from './upload-progress.ts';
import type { Part, Source } from './upload-source.ts';
import type { Kept, Staged, Staging } from './upload-staging.ts';

/** What a file is sent with. */
export interface Way {
  readonly staging: Staging;
  readonly memory: LentMemory;
  readonly told: Teller;
  readonly signal: AbortSignal;
}

/** Parts of a file that are on their way to begin with, which are the fewest, and at the most. */
const FEWEST = 2;
const MOST = 16;

/**
 * How many parts of a file shall be on their way after one of them took so long. What is on its way is lost when the command is interrupted: on a slow line few parts
 * that end soon are worth more than many that are all half sent, and no slower.
 */
export function paceAfter(pace: number, milliseconds: number): number {
  if (milliseconds < 2000) return Math.min(MOST, pace + 1);
  return milliseconds > 5000 ? Math.max(FEWEST, pace - 1) : pace;
}

/** Sends the parts that are missing, as many at a time as the line is good for and there is memory for beside those of other files. */
export async function sendParts(source: Source, { staging, memory, told, signal }: Way): Promise<Staged> {
  const { id, kept } = (await goOn(source, staging, told)) ?? { id: await staging.begin(), kept: [] };
  const has = new Set(kept.map(({ number }) => number));
  const sending = new Set<Promise<void>>();
  let pace = FEWEST;
  const broken = new AbortController();
  for (const part of source.parts.filter(({ number }) => !has.has(number))) {
    while (sending.size >= pace) await Promise.race(sending);
    const lent = await memory.lend(part.bytes);
    const one = sendPart(part, lent).finally(() => {
      lent.giveBack();
      sending.delete(one);
    });
    sending.add(one);
  }
  await Promise.all(sending);
  broken.signal.throwIfAborted();
  await source.unchanged();
  return staging.complete(id, kept, source.bytes);

  async function sendPart(part: Part, { buffer }: Lent): Promise<void> {
    if (broken.signal.aborted) return;
    try {
      signal.throwIfAborted();
      const { body, checksum } = await source.read(part, buffer);
      const began = performance.now();
      kept.push(await staging.send(id, part.number, body, checksum));
      pace = paceAfter(pace, performance.now() - began);
      told.sent(part);
    } catch (error) {
      broken.abort(error);
    }
  }
}

/**
 * The latest upload under way whose parts the file still has. One with another part is of something else and is ended: its parts would cost until the bucket's rule
 * ends it.
 */
async function goOn(source: Source, staging: Staging, told: Teller): Promise<{ id: string; kept: Kept[] } | null> {
  for (const id of await staging.underWay()) {
    const kept = await staging.matching(id, source, told.found);
    if (kept) {
      if (kept.length > 0) told.goesOn();
      return { id, kept };
    }
    told.beginsAnew();
    await staging.abort(id);
  }
  return null;
}
