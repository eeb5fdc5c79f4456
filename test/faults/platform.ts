import { memoryLedger, memoryRegistry, memorySink } from '../../adapters/memory.ts';
import { tick } from '../../core/control/tick.ts';
import { listOpen, type OpenRun } from '../../core/control/waiting.ts';
import { type FilePorts, faulty, type Misfortune } from '../../core/faults/faulty.ts';
import type { Random } from '../../core/faults/random.ts';
import { TransientError } from '../../core/model/errors.ts';
import type { Receipt } from '../../core/model/receipt.ts';
import { backOff, MAX_RECEIVES } from '../../core/model/redelivery.ts';
import { arrival, type FileDelivery } from '../../core/model/run.ts';
import { ingestFile } from '../../core/pipeline/file.ts';
import type { LargeFiles } from '../../core/pipeline/parts/task.ts';
import { BUCKET, inOneGo, REJECTS } from '../support/world.ts';
import { versionedObjects } from './bucket.ts';
import { scheduler } from './scheduler.ts';
import type { Story } from './story.ts';

/** Seconds: a function's time, how long a message is held by a heartbeat, and how long a tick with nothing to do lets the next one wait. */
const TIMEOUT = 900;
const HOLD = 45;
const LONGEST_IDLE = 4 * 3600;
/** Quiet ticks in a row after which nothing more is to be expected: as many as the staging bucket has pages, and some. */
const QUIET = 16;
const MAX_STEPS = 250_000;

/** How files are worked on by an invocation that began at a moment. */
function largeOf({ large }: Story, began: number): LargeFiles {
  if (!large) return inOneGo;
  const after = (seconds: number) => new Date(began + seconds * 1000);
  return { ...large, handOver: { seeking: after(large.slice), skipping: after(TIMEOUT - 60) } };
}

interface Message {
  readonly delivery: FileDelivery;
  received: number;
  visibleAt: number;
  gone: boolean;
}

/**
 * The platform without services: a bucket whose events go to a queue, a queue that invokes functions, functions that die, and a tick each minute.
 * The queue and the handler behave as in infra/ and functions/.
 */
export function platform(story: Story, random: Random, misfortune: Pick<Misfortune, 'strike'>) {
  const { clock, after, jump, step } = scheduler(random, story.start);
  const bucket = versionedObjects(clock);
  const ledger = memoryLedger(clock);
  const registry = memoryRegistry();
  const sink = memorySink();
  const announced: Receipt[] = [];
  const deadLetters: FileDelivery[] = [];
  const unforeseen: unknown[] = [];
  const queue: Message[] = [];
  const log: string[] = [];
  let attempts = 0;
  let live = 0;
  let ticking = 0;
  let uploading = true;
  let quiet = 0;
  let interval = 60;

  const say = (what: string) => log.push(`${clock.now().toISOString()}  ${what}`);

  const send = async (delivery: FileDelivery) => {
    // Queues give a message twice now and then.
    for (let copies = random.chance(0.1) ? 2 : 1; copies > 0; copies--) {
      const message: Message = { delivery, received: 0, visibleAt: 0, gone: false };
      queue.push(message);
      hide(message, random.next());
    }
  };

  const ports: FilePorts = {
    sink,
    ledger,
    registry,
    objects: bucket.objects,
    queue: { send },
    announcements: { announce: async (receipt) => void announced.push(receipt) },
  };

  function hide(message: Message, seconds: number): void {
    message.visibleAt = clock.now().getTime() + Math.round(seconds * 1000);
    after(seconds).then(() => receive(message));
  }

  function receive(message: Message): void {
    if (message.gone || message.visibleAt > clock.now().getTime()) return;
    if (live >= story.atOnce) {
      hide(message, 5);
      return;
    }
    message.received++;
    if (message.received > MAX_RECEIVES) {
      message.gone = true;
      deadLetters.push(message.delivery);
      return;
    }
    message.visibleAt = Number.POSITIVE_INFINITY;
    work(message);
  }

  /** An invocation: its ports go with it when it dies, or when its time is used up. */
  function invoke(name: string) {
    const owner = `${name} ${++attempts}`;
    const began = clock.now().getTime();
    const lasted = () => (clock.now().getTime() - began) / 1000;
    const time = new AbortController();
    const { ports: given, crashed } = faulty(ports, {
      strike(call) {
        if (lasted() > TIMEOUT - 30) time.abort();
        const fault = lasted() > TIMEOUT ? 'crash' : misfortune.strike(call);
        say(`${owner}: ${call}${fault ? `  <-- ${fault}` : ''}`);
        return fault;
      },
      pass: (_, delayed) => after(delayed ? random.pick([5, 15, 40, 120]) : random.next() * story.slowness),
    });
    const world = {
      ...given,
      tenant: story.tenant,
      clock,
      owner,
      profileVersion: 'v1',
      rejectsBucket: REJECTS,
      stagingBucket: BUCKET,
      signal: time.signal,
      large: largeOf(story, began),
    };
    return { owner, world, crashed: crashed.then(() => 'crashed' as const) };
  }

  async function work(message: Message): Promise<void> {
    const { owner, world, crashed } = invoke('attempt');
    const { object } = message.delivery;
    say(`${owner}: ${object.key} ${object.versionId}, received ${message.received} times`);
    live++;
    const outcome = await Promise.race([crashed, handle(message, world)]);
    live--;
    say(`${owner}: ${outcome}`);
    if (outcome === 'done') message.gone = true;
    else hide(message, outcome === 'crashed' ? HOLD : backOff(message.received));
  }

  /** As functions/ingest-object.ts. */
  async function handle({ delivery, received }: Message, world: ReturnType<typeof invoke>['world']) {
    const nextTry = () => (received < MAX_RECEIVES ? new Date(clock.now().getTime() + backOff(received) * 1000) : null);
    try {
      const run = await ingestFile(delivery, { ...world, nextTry });
      return run.state === 'running' && run.plan === null && received > 1 ? 'again' : 'done';
    } catch (error) {
      say(`${world.owner}: ${String(error)}`);
      if (!(error instanceof TransientError)) unforeseen.push(error);
      return 'again';
    }
  }

  async function look(): Promise<void> {
    const { owner, world, crashed } = invoke('tick');
    const idle = live === 0 && ticking === 0 && !uploading && queue.every(({ gone }) => gone);
    ticking++;
    const ticked = await Promise.race([
      crashed,
      tick(world).catch((error: unknown) => {
        if (!(error instanceof TransientError)) unforeseen.push(error);
        return 'failed' as const;
      }),
    ]);
    ticking--;
    say(`${owner}: ${JSON.stringify(ticked)}`);
    const nothing = typeof ticked === 'object' && Object.values(ticked).every((count) => count === 0);
    const open: OpenRun[] = await listOpen(registry);
    if (idle && nothing) for (const delivery of deadLetters.splice(0)) await redrive(delivery);
    quiet = idle && nothing && open.length === 0 ? quiet + 1 : 0;
    interval = idle && nothing ? Math.min(interval * 2, LONGEST_IDLE) : 60;
  }

  /** When all is quiet somebody looks at the dead letters. */
  async function redrive(delivery: FileDelivery): Promise<void> {
    say(`redriven: ${delivery.object.key}`);
    await send(delivery);
  }

  async function uploads(): Promise<void> {
    for (const { wait, key, content, events } of story.uploads) {
      await after(wait);
      const { bucket: name, versionId } = bucket.upload(key, content);
      say(`upload: ${key} ${versionId}`);
      for (const delay of events) after(delay).then(() => send(arrival({ bucket: name, key, versionId })));
      if (random.chance(0.05)) jump(random.pick([60, 3600, 40_000]));
    }
    uploading = false;
  }

  /** Lets everything happen until nothing more does; false when there is no end of it. */
  async function run(): Promise<boolean> {
    uploads();
    const always = async () => {
      await after(interval);
      // A tick that hangs does not keep the next from coming.
      look();
      always();
    };
    always();
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      if (quiet >= QUIET) return true;
      await step();
    }
    return false;
  }

  return { run, bucket, ledger, registry, sink, announced, deadLetters, unforeseen, log };
}
