import { describe, expect, test } from 'vitest';
import { type Fault, faults } from '../../core/faults/faulty.ts';
import { randomOf } from '../../core/faults/random.ts';
import { platform } from './platform.ts';
import { playSeed } from './seed.ts';
import { wrongs } from './settled.ts';
import { calmStory, type Story, twinStory } from './story.ts';

/**
 * Files are never lost and never counted twice, whatever befalls the calls of ports: test/faults/settled.ts says what that means. A seed that fails here
 * is shown with all that happened in it by `npm run faults -- --seed <seed>`.
 */

const calls = [
  ...['claim', 'renew', 'settle', 'find'].map((method) => `ledger.${method}`),
  ...['read', 'list', 'change'].map((method) => `registry.${method}`),
  ...['find', 'open', 'put', 'texts', 'versions'].map((method) => `objects.${method}`),
  ...['write', 'remove'].map((method) => `sink.${method}`),
  'queue.send',
  'announcements.announce',
];

/** Lets one fault befall one call, counted from the first. */
async function strikeAt(story: Story, number: number, fault: Fault) {
  let call = 0;
  let struck: string | null = null;
  const world = platform(story, randomOf(1), {
    strike(name) {
      if (call++ !== number) return null;
      struck = name;
      return fault;
    },
  });
  const ended = await world.run();
  return {
    struck,
    wrongs: ended ? await wrongs(story, world) : ['it never ends'],
    told: world.announced.map(({ state }) => state),
  };
}

/** Stories with the number of their calls: behind it come only ticks that find nothing to do. */
const lives = [
  { life: 'of a file and of the version that replaces it', story: calmStory, count: 130 },
  { life: 'of two files of one content that come at the same moment', story: twinStory, count: 80 },
] as const;
const met = new Set<string>();

describe.each(lives)('in the life $life', ({ story, count }) => {
  test.each(faults)('no call of any port is lost or counts twice for a %s', async (fault) => {
    const found: string[] = [];
    for (let number = 0; number < count; number++) {
      const { struck, wrongs } = await strikeAt(story, number, fault);
      met.add(struck ?? 'none');
      found.push(...wrongs.map((wrong) => `call ${number}, ${struck}: ${wrong}`));
    }
    expect(found).toEqual([]);
  });
});

test('every call of every port has been struck', () => {
  expect(calls.filter((call) => !met.has(call))).toEqual([]);
});

test('of two files of one content one waits for the other, and is skipped', async () => {
  const { told } = await strikeAt(twinStory, Number.POSITIVE_INFINITY, 'error');
  expect(told.toSorted()).toEqual(['deferred', 'partial', 'skipped']);
});

describe('over many files, attempts and faults', () => {
  const SEEDS = 240;
  const GROUP = 40;
  const groups = Array.from({ length: SEEDS / GROUP }, (_, index) => ({ from: index * GROUP + 1 }));

  const about = (['files', 'large files'] as const).flatMap((what) => groups.map(({ from }) => ({ what, from })));

  test.each(about)(`all is settled once, with seeds from $from on about $what`, async ({ what, from }) => {
    const found: string[] = [];
    for (let seed = from; seed < from + GROUP; seed++) {
      const { wrongs } = await playSeed(seed, what);
      found.push(...wrongs.map((wrong) => `seed ${seed}: ${wrong}`));
    }
    expect(found).toEqual([]);
  });
});
