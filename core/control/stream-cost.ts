import type { Load, Minute } from './simulation.ts';

/** What a provisioned stream costs, in dollars. */
export interface Prices {
  readonly shardHour: number;
  /** A million PUT payload units: each record has one for every 25 KB or part of it. */
  readonly millionUnits: number;
}

/**
 * List prices of US East (N. Virginia). What is paid for stands in https://aws.amazon.com/kinesis/data-streams/pricing/, which fills in its figures by a program; these were
 * quoted from it on 21 September 2023 in
 * https://www.trek10.com/blog/amazon-kinesis-data-streams-on-demand-vs.-provisioned-billing-mode-cost-comparison.
 */
export const listPrices: Prices = Object.freeze({ shardHour: 0.015, millionUnits: 0.014 });

const UNIT_BYTES = 25_000;

export interface Cost {
  readonly shardHours: number;
  /** PUT payload units, when each message is a record of its own and all of a minute are of one size. */
  readonly units: number;
  readonly dollars: number;
  /** What the same load would cost on the shards that the profile begins with. */
  readonly unscaledDollars: number;
}

export function costOf(minutes: readonly Minute[], loads: readonly Load[], first: number, prices: Prices): Cost {
  const shardHours = minutes.reduce((sum, { settings }) => sum + settings.shards, 0) / 60;
  const units = loads.reduce((sum, load) => sum + unitsOf(load), 0);
  const dollarsOf = (hours: number) => hours * prices.shardHour + (units / 1e6) * prices.millionUnits;
  return {
    shardHours,
    units,
    dollars: dollarsOf(shardHours),
    unscaledDollars: dollarsOf((minutes.length / 60) * first),
  };
}

const unitsOf = ({ messages, bytes }: Load): number =>
  messages === 0 ? 0 : messages * Math.max(1, Math.ceil(bytes / messages / UNIT_BYTES));
