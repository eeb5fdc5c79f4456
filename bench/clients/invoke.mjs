import { createReadStream, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Runs a function's bundle as Lambda's runtime does, without the runtime: `invoke.mjs <bundle> <events> [<times> [<every>]]`. The file has an event
 * on each line, which the handler gets one after the other, parsed when its turn comes; with `every` one begins at most every so many milliseconds. Into
 * `times` goes a line of JSON for each. Ends with 1 when the handler gives a delivery back.
 */
const [bundle, events, times, every] = process.argv.slice(2);
const { handler } = await import(bundle);
const log = times ? openSync(times, 'w') : null;
let number = 0;
for await (const line of createInterface({ input: createReadStream(events) })) {
  const began = performance.now();
  const event = JSON.parse(line);
  const end = Date.now() + 15 * 60_000;
  // What the benchmark's own bundles count, by name, in milliseconds (ours.ts); empty in the one that is deployed.
  globalThis.benchTimes = {};
  const answer = await handler(event, {
    awsRequestId: `bench-${process.pid}-${number++}`,
    functionName: 'bench',
    functionVersion: '1',
    memoryLimitInMB: '512',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bench',
    getRemainingTimeInMillis: () => end - Date.now(),
  });
  if (answer?.batchItemFailures?.length > 0) process.exit(1);
  const ms = performance.now() - began;
  if (log !== null) writeSync(log, `${JSON.stringify({ endedAt: Date.now(), ms, ...globalThis.benchTimes })}\n`);
  if (every) await wait(Math.max(0, Number(every) - ms));
}
process.exit(0);
