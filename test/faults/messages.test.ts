import { describe, expect, test } from 'vitest';
import { playMessages } from './message-platform.ts';
import { wrongsOf } from './message-settled.ts';
import { limitsOf } from './message-story.ts';

/**
 * Messages of shards in batches that overlap, come again, are cut anew after a failure, are given up and brought back, and are worked on side by side, while shards are
 * split, functions die of messages, and faults befall every call of the ports: each message counts once, and the rows and rejects are those of an undisturbed stream. A
 * seed that fails here is shown with all that happened in it by `npm run faults -- --messages --seed <seed>`,
 * with `--limited` where there are limits.
 */

const GROUP = 50;
const groups = [1, 51, 101, 151];

/** What is wrong with the seeds from one on. */
async function wrongsFrom(from: number, limitsOf: (seed: number) => Parameters<typeof playMessages>[1]) {
  const found: string[] = [];
  for (let seed = from; seed < from + GROUP; seed++) {
    const played = await playMessages(seed, limitsOf(seed));
    found.push(...(await wrongsOf(played)).map((wrong) => `seed ${seed}: ${wrong}`));
  }
  return found;
}

describe('messages on a stream', () => {
  test.each(groups)('each count once and leave one effect, with seeds from %i on', async (from) => {
    expect(await wrongsFrom(from, () => ({}))).toEqual([]);
  });
});

describe('messages beyond a quota of a day or a minute, which the platform keeps', () => {
  test.each(groups)('are let in once each, and leave the same rows, with seeds from %i on', async (from) => {
    expect(await wrongsFrom(from, limitsOf)).toEqual([]);
  });
});
