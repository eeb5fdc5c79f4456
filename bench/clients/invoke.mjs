import { createReadStream, openSync, writeSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Runs a function's bundle as Lambda's runtime does, without the runtime: `invoke.mjs <bundle> <source> [<times> [<every>]]`. The source is a file with an
 * event on each line, each parsed when its turn comes, or `queue`: then the events are the messages of the tenant's queue on the benchmark's file server, until there
 * are no more. The handler gets one after the other; with `every` one begins at most every so many milliseconds. Into `times` goes a line of JSON for each. Ends with 1
 * when the handler gives a delivery back.
 */
const [bundle, source, times, every] = process.argv.slice(2);
const { handler } = await import(bundle);
const log = times ? openSync(times, 'w') : null;
let number = 0;
for await (const text of source === 'queue' ? messages() : lines(source)) {
  const began = performance.now();
  const event = source === 'queue' ? queued(text) : JSON.parse(text);
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
  if (answer?.batchItemFailures?.length > 0) {
    if (source === 'queue') await ask(`${queueUrl()}?failed`);
    process.exit(1);
  }
  const ms = performance.now() - began;
  if (log !== null) writeSync(log, `${JSON.stringify({ endedAt: Date.now(), ms, ...globalThis.benchTimes })}\n`);
  if (every) await wait(Math.max(0, Number(every) - ms));
}
process.exit(0);

/** One line at a time: `readline` reads hundreds ahead, which a function of Lambda does not hold. */
async function* lines(file) {
  let parts = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)]).toString();
      parts = [];
      from = end + 1;
      yield line;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString();
}

function queueUrl() {
  const queue = new URL(process.env.SLUICE_QUEUE_URL).pathname.split('/').at(-1);
  return `${process.env.AWS_ENDPOINT_URL}/next/${queue}`;
}

async function* messages() {
  for (let done = ''; ; ) {
    const { status, body } = await ask(`${queueUrl()}${done}`);
    done = '';
    if (status === 204) return;
    if (status === 200) {
      yield body;
      done = '?done';
    } else await wait(20);
  }
}

function ask(url) {
  return new Promise((resolve, reject) => {
    const request = get(url, async (response) => {
      let body = '';
      for await (const part of response.setEncoding('utf8')) body += part;
      resolve({ status: response.statusCode, body });
    });
    request.on('error', reject);
  });
}

/** As Lambda's event mapping hands a message of SQS over. */
function queued(body) {
  const id = `${process.pid}-${number}`;
  const about = {
    messageId: id,
    receiptHandle: id,
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: {},
  };
  return { Records: [{ ...about, body, eventSource: 'aws:sqs', awsRegion: 'us-east-1' }] };
}
