import type { FeedTally, StreamRun } from '../model/run.ts';
import { figuresOf, type MessageFigures } from './messages.ts';

const MINUTE = 60_000;

/** A stretch of whole minutes, from a multiple of its length on. */
export interface Period {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly minutes: number;
}

/** The period that a moment lies in. */
export const periodOf = (time: number, minutes: number): Period => ({
  from: Math.floor(time / (minutes * MINUTE)) * minutes * MINUTE,
  minutes,
});

export const endOf = ({ from, minutes }: Period): number => from + minutes * MINUTE;

/** The tallies of all feeds, or of one, in runs. */
export const talliesOf = (runs: readonly StreamRun[], feed?: string): FeedTally[] =>
  runs.flatMap(({ feeds }) => (feed === undefined ? Object.values(feeds) : (feeds[feed] ?? [])));

/** Runs of the messages that arrived in a period. */
export const arrivedIn = (period: Period, runs: readonly StreamRun[]): StreamRun[] =>
  runs.filter(({ minute }) => minute.getTime() >= period.from && minute.getTime() < endOf(period));

/** Runs to which messages were added in a period or since: with the period over, those that were at work in it. */
export const touchedSince = ({ from }: Period, runs: readonly StreamRun[]): StreamRun[] =>
  runs.filter(({ endedAt }) => endedAt.getTime() >= from);

export interface PeriodReport extends Period {
  /** By feed, those that had messages. */
  readonly feeds: Readonly<Record<string, MessageFigures>>;
}

/** Folds runs into the periods in which their messages arrived, the earliest first; a period without messages is left out. */
export function periodsOf(runs: readonly StreamRun[], minutes: number): PeriodReport[] {
  const starts = new Set(runs.map(({ minute }) => periodOf(minute.getTime(), minutes).from));
  return [...starts]
    .sort((a, b) => a - b)
    .map((from) => {
      const members = arrivedIn({ from, minutes }, runs);
      const feeds = [...new Set(members.flatMap((run) => Object.keys(run.feeds)))].sort();
      return {
        from,
        minutes,
        feeds: Object.fromEntries(feeds.map((feed) => [feed, figuresOf(talliesOf(members, feed))])),
      };
    });
}
