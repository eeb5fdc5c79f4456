import { parseArgs } from 'node:util';
import { playMessages } from './message-platform.ts';
import { wrongsOf } from './message-settled.ts';
import { limitsOf } from './message-story.ts';
import { type Outcome, playSeed } from './seed.ts';

/**
 * `npm run faults -- --seeds 10000` lets so many seeds happen; `--seed 17` one alone, with all that happened in it. They are lives of files; with `--large` those of
 * files in parts, with `--messages` those of a stream, with `--limited` those of one with limits.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    large: { type: 'boolean' },
    messages: { type: 'boolean' },
    limited: { type: 'boolean' },
  },
});

async function playStream(seed: number): Promise<Outcome> {
  const played = await playMessages(seed, values.limited ? limitsOf(seed) : {});
  return { wrongs: await wrongsOf(played), struck: played.struck, log: played.log };
}

const play =
  values.messages || values.limited
    ? playStream
    : (seed: number) => playSeed(seed, values.large ? 'large files' : 'files');

if (values.seed !== undefined) {
  const { wrongs, log } = await play(Number(values.seed));
  console.log(log.join('\n'));
  console.log(wrongs.length === 0 ? 'all is well' : wrongs.join('\n'));
  process.exitCode = wrongs.length === 0 ? 0 : 1;
} else {
  const from = Number(values.from ?? 1);
  const to = from + Number(values.seeds ?? 200);
  const began = Date.now();
  const same = [
    values.large ? '--large ' : '',
    values.messages ? '--messages ' : '',
    values.limited ? '--limited ' : '',
  ].join('');
  let faults = 0;
  let failed = 0;
  for (let seed = from; seed < to; seed++) {
    const { wrongs, struck } = await play(seed);
    faults += struck.length;
    if (wrongs.length === 0) continue;
    failed++;
    console.log(`seed ${seed}:\n  ${wrongs.join('\n  ')}\n  Next: npm run faults -- ${same}--seed ${seed}`);
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`${to - from} seeds from ${from}, ${faults} faults, ${failed} seeds failed, ${seconds} s`);
  process.exitCode = failed === 0 ? 0 : 1;
}
