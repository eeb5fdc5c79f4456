import { readFile } from 'node:fs/promises';

/**
 * Runs a function's bundle as Lambda's runtime does, without the runtime: `invoke.mjs <bundle> <events>`, where the file holds a JSON list of
 * events, which the handler gets one after the other. Ends with 1 when it gives a delivery back.
 */
const [bundle, events] = process.argv.slice(2);
const { handler } = await import(bundle);
for (const [number, event] of JSON.parse(await readFile(events, 'utf8')).entries()) {
  const end = Date.now() + 15 * 60_000;
  const answer = await handler(event, {
    awsRequestId: `bench-${process.pid}-${number}`,
    functionName: 'bench',
    functionVersion: '1',
    memoryLimitInMB: '512',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bench',
    getRemainingTimeInMillis: () => end - Date.now(),
  });
  if (answer?.batchItemFailures?.length > 0) process.exit(1);
}
process.exit(0);
