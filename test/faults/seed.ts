import { type Fault, faults } from '../../core/faults/faulty.ts';
import { randomOf } from '../../core/faults/random.ts';
import { platform } from './platform.ts';
import { wrongs } from './settled.ts';
import { storyOf } from './story.ts';

export interface Outcome {
  readonly wrongs: readonly string[];
  /** `call fault`, for each that was struck. */
  readonly struck: readonly string[];
  /** What happened, in its order. */
  readonly log: readonly string[];
}

/** Lets one seed happen: its story, and the faults in it. */
export async function playSeed(seed: number, about: Parameters<typeof storyOf>[1] = 'files'): Promise<Outcome> {
  const random = randomOf(seed);
  const story = storyOf(random, about);
  const struck: string[] = [];
  const world = platform(story, random, {
    strike(call): Fault | null {
      if (struck.length >= story.most || !random.chance(story.risk)) return null;
      const fault = random.pick(faults);
      struck.push(`${call} ${fault}`);
      return fault;
    },
  });
  const ended = await world.run();
  return { wrongs: ended ? await wrongs(story, world) : ['it never ends'], struck, log: world.log };
}
