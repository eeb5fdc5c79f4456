import { basename } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { kinesisClient } from '../adapters/kinesis.ts';
import type { ProducerOptions } from '../adapters/producer.ts';
import type { Code } from '../core/model/codes.ts';
import { placeText } from '../core/model/row.ts';
import { PRODUCER_NAME, PRODUCER_NAME_RULE } from '../core/model/telling.ts';
import { reasonText } from '../core/report/reasons.ts';
import { deployedNamed, feedNamed, versionNote } from './deployed.ts';
import { CliError } from './errors.ts';
import { localFile } from './local-file.ts';
import { formatFor, type Source } from './produce-records.ts';
import { type Made, produce } from './produce-send.ts';
import { bytes, excerpt, printable, type Result, table, type Ui } from './ui.ts';
import { inWorld } from './world.ts';

export interface ProduceOptions {
  readonly format?: string | undefined;
  /** Records a second: `100` or `100/s`. */
  readonly rate?: string | undefined;
  readonly partitionKey?: string | undefined;
  /** Name under which it tells the platform how it goes. */
  readonly report?: string | undefined;
}

/** `sluice produce`: puts the records of a file, or of standard input until it ends, on the tenant's stream as messages of the feed. */
export const runProduce = (
  id: string,
  feedName: string,
  name: string,
  options: ProduceOptions,
  ui: Ui,
): Promise<Result> => {
  const chosen = { ...rateOf(options.rate), ...reportOf(options.report) };
  return inWorld(async (world) => {
    const deployed = await deployedNamed(world, id);
    const feed = feedNamed(deployed, feedName);
    const note = versionNote(deployed);
    if (note) ui.note(note);
    const source = await sourceOf(name, formatFor(basename(name), options.format, feed), ui);
    const { stream } = world.names(id);
    const client = kinesisClient({ ...world.aws, maxAttempts: 1 });
    try {
      const making = { tenant: deployed.tenant, feed, partitionKey: options.partitionKey };
      const made = await produce(source, making, { stream, client, ...chosen }, ui);
      const about = { tenant: id, feed: feed.name, stream, source: name, profileVersion: deployed.version };
      return { data: { ...about, ...made }, lines: linesOf(about, made), exit: exitOf(made) };
    } finally {
      client.destroy();
    }
  });
};

/** With a rate little is taken in advance, so that an interrupted command need not send for long what it has read. */
function rateOf(text: string | undefined): Pick<ProducerOptions, 'rate' | 'maxPending'> {
  if (text === undefined) return {};
  const rate = Number(/^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text)?.[1]);
  if (rate > 0) return { rate, maxPending: Math.max(1, Math.min(5000, Math.round(rate))) };
  throw new CliError('SLU-4003', `--rate ${text} is not a number of records a second, such as 100 or 100/s`);
}

function reportOf(name: string | undefined): Pick<ProducerOptions, 'report'> {
  if (name === undefined) return {};
  if (PRODUCER_NAME.test(name)) return { report: { producer: name } };
  throw new CliError('SLU-4003', `--report ${name} is not a name: ${PRODUCER_NAME_RULE}`);
}

async function sourceOf(name: string, format: Source['format'], ui: Ui): Promise<Source> {
  if (name !== '-') {
    const stored = await localFile(name).catch((error: NodeJS.ErrnoException) => {
      throw new CliError('SLU-4003', `${name} cannot be read: ${error.code ?? error.message}`);
    });
    return { stored, format, live: false };
  }
  if (process.stdin.isTTY) ui.note('reading from the terminal; Ctrl-D ends it');
  const open = (signal: AbortSignal) => addAbortSignal(signal, process.stdin);
  return { stored: { size: 0, lastModified: new Date(), open }, format, live: true };
}

function exitOf({ bad, failed, refusal, ended }: Made): NonNullable<Result['exit']> {
  if (ended) return ended === 'stream' ? 'failed' : 'interrupted';
  return bad.count + failed.count > 0 || refusal ? 'rejects' : 'ok';
}

function linesOf({ tenant, stream, source }: { tenant: string; stream: string; source: string }, made: Made): string[] {
  const { read, sent, bad, failed, refusal, ended } = made;
  const from = source === '-' ? 'standard input' : printable(source);
  const counts = `${count(read)} read = ${count(sent)} sent + ${count(bad.count)} bad + ${count(failed.count)} failed`;
  return [
    `${from} to ${stream}: ${counts}${ended === 'interrupted' ? ', then interrupted' : ''}`,
    '',
    ...table(figuresOf(made)),
    ...bad.reasons.flatMap((reason) => [
      '',
      reasonText(reason),
      ...reason.rejections.flatMap((one) => [`  ${placeText(one)}: ${one.message}`, `    ${excerpt(one.raw)}`]),
    ]),
    ...(refusal ? ['', `${refusal.code}  the rest cannot be read: ${refusal.message}`] : []),
    ...failedLines(failed),
    '',
    `Next: sluice report ${tenant}`,
  ];
}

function figuresOf({
  bytes: size,
  seconds,
  recordsPerSecond,
  bytesPerSecond,
  calls,
  retries,
  throttled,
  latency,
}: Made) {
  const speed = `${count(Math.round(recordsPerSecond))} records/s, ${bytes(Math.round(bytesPerSecond))}/s`;
  const time = (milliseconds: number) => milliseconds.toFixed(milliseconds < 10 ? 1 : 0);
  const { min, average, p95, max } = latency ?? { min: 0, average: 0, p95: 0, max: 0 };
  return [
    ['sent', `${bytes(size)} in ${seconds.toFixed(1)} s: ${speed}`],
    ['calls', `${count(calls)}; ${count(retries)} records put again, ${count(throttled)} throttled`],
    ['ms per record', latency ? `min ${time(min)}, avg ${time(average)}, p95 ${time(p95)}, max ${time(max)}` : '-'],
  ];
}

function failedLines({ count: all, first }: Made['failed']): string[] {
  if (all === 0) return [];
  const maybe = ' (it may be there all the same)';
  return [
    '',
    `${NOT_TAKEN}  not taken by the stream, the first ${first.length} of ${count(all)}:`,
    ...first.map((one) => `  ${one.place}: ${one.code}: ${one.message}${one.maybe ? maybe : ''}`),
  ];
}

const NOT_TAKEN: Code = 'SLU-5007';

const count = (value: number): string => value.toLocaleString('en-US');
