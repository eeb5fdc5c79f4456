import { setTimeout as wait } from 'node:timers/promises';
import {
  GetEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { kinesisClient } from '../adapters/kinesis.ts';
import { streamManager } from '../adapters/stream-manager.ts';
import { decisionsOf } from '../core/control/decisions.ts';
import { lagOf, runsSince, secondsOf } from '../core/control/lag.ts';
import { streamStateOf } from '../core/control/monitor.ts';
import { policyOf } from '../core/control/policy.ts';
import { decisionTable } from './decisions.ts';
import { deployedNamed } from './deployed.ts';
import { CliError } from './errors.ts';
import { type Result, table, type Ui } from './ui.ts';
import { inWorld, type OperatorWorld } from './world.ts';

/** Lambda changes the state of a mapping within seconds, and within a minute when batches are on their way. */
const PATIENCE = 180_000;
const DECISIONS = 5;

interface Mapping {
  readonly lambda: LambdaClient;
  readonly id: string;
}

/** `sluice stream start` and `stop`: switches the mapping, and waits until it is so. Lambda keeps its place on the stream meanwhile. */
export const runStreamSwitch = (to: 'start' | 'stop', id: string, ui: Ui): Promise<Result> =>
  inWorld((world) =>
    withMapping(world, id, async ({ lambda, id: UUID }) => {
      const wanted = to === 'start' ? 'Enabled' : 'Disabled';
      const state = async () => (await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State ?? '';
      const before = await state();
      const word = to === 'start' ? 'consumed' : 'not consumed';
      const told = (changed: boolean) => ({
        data: { tenant: id, state: wanted, changed },
        lines: [`${id}: the stream ${changed ? 'is' : 'was already'} ${word}`],
      });
      if (before === wanted) return told(false);
      await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: to === 'start' }));
      const deadline = Date.now() + PATIENCE;
      for (let now = await state(); now !== wanted; now = await state()) {
        if (Date.now() > deadline) {
          throw new CliError(
            'SLU-5002',
            `the event source mapping of ${id} is still ${now} after ${PATIENCE / 1000} s`,
          );
        }
        ui.progress('stream', `the event source mapping is ${now}`);
        await wait(500, undefined, { signal: ui.signal });
      }
      return told(true);
    }),
  );

/** `sluice stream status`: the stream as it is found, and what its manager remembers. */
export const runStreamStatus = (id: string): Promise<Result> =>
  inWorld((world) =>
    withMapping(world, id, async (mapping) => {
      const { tenant } = await deployedNamed(world, id);
      const stream = world.names(id).stream;
      const kinesis = kinesisClient(world.aws);
      const manager = streamManager({ kinesis, lambda: mapping.lambda }, { stream, mapping: mapping.id });
      const registry = world.registry(id);
      const [found, state] = await Promise.all([manager.look(), streamStateOf(registry)]);
      const now = Date.now();
      const runs = await runsSince(world.ledger(id), state?.oldest ?? now, now);
      const lag = state ? secondsOf(await lagOf(manager, state, found, runs, now), now) : null;
      kinesis.destroy();
      const days = [now - 86_400_000, now].map((at) => new Date(at).toISOString().slice(0, 10));
      const decisions = (await decisionsOf(registry, days)).slice(-DECISIONS);
      const { consuming, resharding, settings } = found;
      const { manages, least, most, periodMinutes } = policyOf(tenant.stream);
      const limits = (name: keyof typeof settings) =>
        manages ? `${settings[name]} (${least[name]} to ${most[name]})` : String(settings[name]);
      const pending = state?.pending ?? null;
      const data = { tenant: id, stream, consuming, resharding, ...settings, lagSeconds: lag, pending, decisions };
      const lines = [
        ...table([
          ['stream', `${stream}${resharding ? ', which is changing its shards' : ''}`],
          ['state', consuming ? 'consumed' : `stopped; sluice stream start ${id}`],
          ['open shards', limits('shards')],
          ['parallel batches', limits('parallel')],
          ['batch size', limits('batchSize')],
          ['lag', lag === null ? 'not known yet: the monitor has not looked' : `${lag} s`],
          ['manager', manages ? `looks every ${periodMinutes} min` : 'watches only: the profile has no stream.scaling'],
          ...(pending
            ? [['under way', `${pending.lever} ${pending.from} → ${pending.to}, ${pending.tries} tries`]]
            : []),
        ]),
        ...(decisions.length === 0 ? [] : ['', ...decisionTable(decisions)]),
      ];
      return { data, lines };
    }),
  );

/** The mapping that reads a tenant's stream: the only one of its function. */
async function withMapping<T>(world: OperatorWorld, id: string, work: (mapping: Mapping) => Promise<T>): Promise<T> {
  await deployedNamed(world, id);
  const lambda = new LambdaClient(world.aws);
  try {
    const FunctionName = world.names(id).ingestStream;
    const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
    const found = EventSourceMappings.find(({ EventSourceArn }) => EventSourceArn?.includes(':kinesis:'))?.UUID;
    if (found) return await work({ lambda, id: found });
    throw new CliError('SLU-1007', `nothing reads the stream of tenant ${id}`, { next: 'sluice deploy' });
  } finally {
    lambda.destroy();
  }
}
