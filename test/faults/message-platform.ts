import { memoryLedger, memoryObjects, memorySink } from '../../adapters/memory.ts';
import { KEPT_PART } from '../../core/control/kept.ts';
import { tickMessages } from '../../core/control/tick-messages.ts';
import { type FilePorts, faults, faulty } from '../../core/faults/faulty.ts';
import { randomOf } from '../../core/faults/random.ts';
import { TransientError } from '../../core/model/errors.ts';
import type { Order, OrderAnswer } from '../../core/model/order.ts';
import type { Message } from '../../core/model/run.ts';
import type { Limits, Tenant } from '../../core/model/tenant.ts';
import { ingestMessages, type MessageWorld } from '../../core/pipeline/messages.ts';
import { serve } from '../../core/pipeline/orders.ts';
import { failedBatches } from '../support/loader.ts';
import { jsonOnly, tenantOf } from '../support/tenant.ts';
import { quiet, REJECTS } from '../support/world.ts';
import {
  DEATH,
  dyingBy,
  isDeadly,
  type MessageStory,
  messageStoryOf,
  messagesOf,
  neverFits,
  START,
} from './message-story.ts';
import { scheduler } from './scheduler.ts';

const DAY_SECONDS = 86_400;
const STREAM = 'acme@2026-01-01T00:00:00.000Z';
const MAX_STEPS = 200_000;
/** Times that somebody waits for the ticks to bring back what is left. */
const MOST_WAITS = 200;

export type Stream = ReturnType<typeof streamOf>;

/** What a stream and its function leave behind. */
function streamOf(clock: { now(): Date }, tenant: Tenant) {
  const ledger = memoryLedger(clock);
  const sink = memorySink();
  const { stored, ...objects } = memoryObjects(undefined, clock);
  const { registry, queue, announcements } = quiet();
  const ports: FilePorts = { ledger, sink, objects, registry, queue, announcements };
  const world = { tenant, clock, rejectsBucket: REJECTS, stream: STREAM, signal: new AbortController().signal };
  return { ports, world, stored, rows: () => sink.rows('readings') };
}

const tenantWith = (limits: Partial<Limits>, die: () => void): Tenant => ({
  ...tenantOf(limits, [dyingBy(die), jsonOnly]),
  stream: { shards: 1, retentionHours: 24, feed: 'readings', overQuota: 'keep' },
});

/** Lets a seed happen, and its messages once more with nothing in the way; those that no day or minute has room for are left out of that. */
export async function playMessages(seed: number, limits: Partial<Limits> = {}) {
  const random = randomOf(seed);
  const story = messageStoryOf(random, limits);
  const { clock, after, step, jump } = scheduler(random, START + 300_000);
  const disturbed = streamOf(
    clock,
    tenantWith(limits, () => {}),
  );
  const { failed, held } = failedBatches();
  const log: string[] = [];
  const struck: string[] = [];
  let open = 0;
  let names = 0;

  /** A process, which dies of a fault or of a message; `crashed` tells of which. */
  const process = (what: string, faultless = false) => {
    const name = `${what} ${++names}`;
    let fatal = false;
    const { ports, crashed, crash } = faulty(disturbed.ports, {
      strike: (call) => {
        const fault = !faultless && struck.length < story.most && random.chance(0.1) ? random.pick(faults) : null;
        if (fault) struck.push(`${call} ${fault}`);
        log.push(`${clock.now().toISOString()}  ${name}: ${call}${fault ? `  <-- ${fault}` : ''}`);
        return fault;
      },
      pass: (_, delayed) => after(delayed ? 30 : random.next()),
    });
    const tenant = tenantWith(limits, () => {
      fatal = true;
      crash();
    });
    const world: MessageWorld & FilePorts = { ...disturbed.world, tenant, ...ports };
    const end = (how: string) => log.push(`${clock.now().toISOString()}  ${name}: ${how}`);
    return { world, end, crashed: crashed.then(() => (fatal ? 'fatal' : 'killed') as 'fatal' | 'killed') };
  };

  /** As Lambda: what fails comes again, whole or in halves, so many times; then it is given up and the shard goes on. */
  const invoke = async (batch: readonly Message[], attempt = 1): Promise<void> => {
    open++;
    const { world, crashed, end } = process('batch');
    const work = ingestMessages(batch, world).then(
      () => 'done' as const,
      (error: unknown) => {
        if (!(error instanceof TransientError)) throw error;
        return 'failed' as const;
      },
    );
    const outcome = await Promise.race([work, crashed]);
    end(outcome);
    if (outcome !== 'done' && attempt >= story.attempts) {
      held.set(`aws/lambda/m/${batch[0]?.shard}/${String(++names).padStart(4, '0')}`, batch);
    } else if (outcome !== 'done') {
      const half = random.chance(0.5) ? Math.ceil(batch.length / 2) : batch.length;
      for (const part of [batch.slice(0, half), batch.slice(half)]) if (part.length > 0) invoke(part, attempt + 1);
    }
    open--;
  };

  /** A function that was killed is no message's fault; one that takes too long may still be at work. */
  const ask = async (order: Order): Promise<OrderAnswer> => {
    if (order.kind !== 'probe' && random.chance(0.1)) {
      const { world, crashed, end } = process(`slow ${order.kind}`, true);
      open++;
      Promise.race([serve(order, world), crashed]).then((how) => {
        end(JSON.stringify(how));
        open--;
      });
      return { kind: 'silent' };
    }
    const { world, crashed, end } = process(order.kind);
    const died = crashed.then((how) =>
      how === 'fatal' ? ({ kind: 'died', why: DEATH } as const) : ({ kind: 'again', why: 'killed' } as const),
    );
    const answer = await Promise.race([serve(order, world), died]);
    end(answer.kind);
    return answer;
  };

  /** A tick of which each part may fail. */
  const tick = async (): Promise<void> => {
    open++;
    const { world, crashed, end } = process('tick');
    const ticked = tickMessages({ ...world, failed, loader: { ask }, identity: async () => STREAM });
    const outcome = await Promise.race([ticked.catch(String), crashed]);
    end(JSON.stringify(outcome));
    open--;
  };

  let steps = 0;
  const drain = async () => {
    while (open > 0 && steps++ < MAX_STEPS) await step();
  };
  for (const batch of story.batches) {
    open++;
    after(random.below(20)).then(() => {
      invoke(batch);
      open--;
    });
  }
  await drain();
  const left = async () => held.size + (await disturbed.ports.registry.list(KEPT_PART)).length;
  for (let waits = 0; waits < MOST_WAITS && (await left()) > 0; waits++) {
    jump(random.pick([120, 120, 400, DAY_SECONDS]));
    for (let ticks = 1 + random.below(2); ticks > 0; ticks--) tick();
    await drain();
  }

  const ended = open === 0 && (await left()) === 0;
  return { story, disturbed, calm: await undisturbed(story, clock), ended, struck, log };
}

/** The same messages all at once, of which the deadly ones are known to be so. */
async function undisturbed(story: MessageStory, clock: { now(): Date }): Promise<Stream> {
  const calm = streamOf(
    clock,
    tenantWith({}, () => {
      throw new Error('a deadly message was transformed');
    }),
  );
  const world = { ...calm.world, ...calm.ports };
  const messages = messagesOf(story).filter((each) => !neverFits(each, story.limits));
  const positions = (deadly: boolean) =>
    messages.filter((each) => isDeadly(each) === deadly).map(({ position }) => position);
  await ingestMessages(story.records, world, { only: positions(false), condemned: null });
  await ingestMessages(story.records, world, { only: positions(true), condemned: DEATH });
  return calm;
}
