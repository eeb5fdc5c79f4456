import { decisionsOf, type Kept } from '../core/control/decisions.ts';
import { daysSince } from './days.ts';
import { deployedNamed } from './deployed.ts';
import { type Result, table } from './ui.ts';
import { inWorld } from './world.ts';

export interface DecisionsOptions {
  /** First day, `YYYY-MM-DD`, UTC; a week ago when absent. */
  readonly since?: string | undefined;
}

/** `sluice decisions`: what the stream manager decided, with the figures that caused it, the earliest first. */
export const runDecisions = (id: string, options: DecisionsOptions): Promise<Result> => {
  const days = daysSince(options.since);
  return inWorld(async (world) => {
    await deployedNamed(world, id);
    const decisions = await decisionsOf(world.registry(id), days);
    const lines = decisions.length === 0 ? [`${id}: no decisions since ${days[0]}`] : decisionTable(decisions);
    return { data: decisions, lines };
  });
};

const HEAD = ['period (UTC)', 'decision', 'change', 'messages', 'avg ms', 'lag s', 'throttles', 'shards', 'reason'];

export const decisionTable = (decisions: readonly Kept[]): string[] =>
  table([
    HEAD,
    ...decisions.map((decision) => {
      const { period, action, times, alert, change, outcome, reason, figures } = decision;
      const { messages, averageMilliseconds, lagSeconds, throttles, actual } = figures;
      const made = change && (outcome === null ? ' (under way)' : outcome === 'made' ? '' : ` (${outcome})`);
      return [
        period.slice(0, 16).replace('T', ' '),
        `${alert ?? action}${times > 1 ? ` × ${times}` : ''}`,
        change ? `${NAMES[change.lever]} ${change.from} → ${change.to}${made}` : '-',
        messages.toLocaleString('en-US'),
        averageMilliseconds === null ? '-' : averageMilliseconds.toFixed(0),
        lagSeconds === null ? '-' : String(lagSeconds),
        throttles.toLocaleString('en-US'),
        `${actual.shards} × ${actual.parallel}`,
        reason,
      ];
    }),
  ]);

const NAMES = { shards: 'shards', parallel: 'parallel', batchSize: 'batch' } as const;
