import { parseArgs } from 'node:util';
import { playSeed } from './seed.ts';

/** `npm run faults -- --seeds 10000` lets so many seeds happen; `--seed 17` one alone, with all that happened in it. */
const { values } = parseArgs({
  options: { seeds: { type: 'string' }, seed: { type: 'string' }, from: { type: 'string' } },
});

if (values.seed !== undefined) {
  const { wrongs, log } = await playSeed(Number(values.seed));
  console.log(log.join('\n'));
  console.log(wrongs.length === 0 ? 'all is well' : wrongs.join('\n'));
  process.exitCode = wrongs.length === 0 ? 0 : 1;
} else {
  const from = Number(values.from ?? 1);
  const to = from + Number(values.seeds ?? 200);
  const began = Date.now();
  let faults = 0;
  let failed = 0;
  for (let seed = from; seed < to; seed++) {
    const { wrongs, struck } = await playSeed(seed);
    faults += struck.length;
    if (wrongs.length === 0) continue;
    failed++;
    console.log(`seed ${seed}:\n  ${wrongs.join('\n  ')}\n  Next: npm run faults -- --seed ${seed}`);
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  console.log(`${to - from} seeds from ${from}, ${faults} faults, ${failed} seeds failed, ${seconds} s`);
  process.exitCode = failed === 0 ? 0 : 1;
}
