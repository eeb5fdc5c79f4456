import type { Command } from 'commander';
import type { Act } from './act.ts';

/** Commands about tenants' streams and the messages on them; like all of them they load their module when they are called. */
export const registerStreamCommands = (program: Command, act: Act): void => {
  const stream = program.command('stream').summary('start, stop and watch the consumption of a tenant’s stream');
  for (const [name, summary] of [
    ['start', 'consume the messages of the stream, from where it was stopped'],
    ['stop', 'leave messages on the stream until it is started again'],
  ] as const) {
    stream
      .command(name)
      .summary(summary)
      .argument('<tenant>')
      .action(
        act(async (_options, ui, tenant) => (await import('./stream.ts')).runStreamSwitch(name, String(tenant), ui)),
      );
  }
  stream
    .command('status')
    .summary('show state, shards, batches, lag and the last decisions')
    .argument('<tenant>')
    .action(act(async (_options, _ui, tenant) => (await import('./stream.ts')).runStreamStatus(String(tenant))));
  stream
    .command('periods')
    .summary('show what arrived in each period, by feed, and how long it took')
    .argument('<tenant>')
    .option('--hours <count>', 'how many of the last hours, 1 to 24', '1')
    .option('--feed <feed>', 'only this feed')
    .action(act(async (options, _ui, tenant) => (await import('./periods.ts')).runPeriods(String(tenant), options)));
  program
    .command('decisions')
    .summary('show what the stream manager decided, with the figures')
    .argument('<tenant>')
    .option('--since <day>', 'first day, such as 2026-01-31 (UTC); a week ago if not given')
    .action(
      act(async (options, _ui, tenant) => (await import('./decisions.ts')).runDecisions(String(tenant), options)),
    );
  const simulate = program.command('simulate').summary('try settings before they are trusted, without any service');
  simulate
    .command('scaling')
    .summary('replay a load against a tenant’s scaling policy: shards, lag, cost')
    .argument('<tenant>')
    .argument('<trace>', 'CSV with the header minute,messages,bytes[,database]; docs/traces has examples')
    .option('--deployed', 'by the deployed profile, not the checkout’s')
    .option('--plot', 'draw, also into a pipe')
    .option('--no-plot', 'tab-separated lines, also on a terminal')
    .option('--invocation <milliseconds>', 'time of an invocation besides its messages')
    .option('--message <milliseconds>', 'time of an invocation for each message')
    .option('--reshard <minutes>', 'time that Kinesis takes to change the shards')
    .option('--shard-hour <dollars>', 'price of a shard for an hour')
    .option('--million-units <dollars>', 'price of a million PUT payload units')
    .action(
      act(async (options, _ui, tenant, trace) =>
        (await import('./simulate.ts')).runSimulateScaling(String(tenant), String(trace), options),
      ),
    );
};
